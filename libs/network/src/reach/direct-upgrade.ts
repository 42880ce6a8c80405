import { RateLimiter } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { Connection, IdentifyResult } from '@libp2p/interface';
import { isPrivate } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import { isDiallable, isRelayed } from './addresses.ts';
import { UPGRADES_A_MEMBER } from './relay-limits.ts';

/** Addresses of a caller that we try. */
const MAX_TRIED = 4;

/** What the upgrade uses of its host. */
export interface DirectUpgradeOptions {
  readonly memberOf: (peerId: string) => string | undefined;
  readonly dial: (addresses: Multiaddr[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Who was called through a relay calls back directly, where the caller can be dialled: firewalls let out what they do not let in.
 * DCUtR does it for public addresses; hospitals with a network of their own have private ones, for which this is.
 */
export class DirectUpgrade {
  private readonly attempts: RateLimiter;

  constructor(private readonly options: DirectUpgradeOptions) {
    this.attempts = new RateLimiter(UPGRADES_A_MEMBER, options.clock);
  }

  /** Whether a member may have us dial addresses that it names (DCUtR): over a relay alone, and not often. */
  allows({ remoteAddr, remotePeer }: Pick<Connection, 'remoteAddr' | 'remotePeer'>): boolean {
    const did = this.options.memberOf(remotePeer.toString());
    return did !== undefined && isRelayed(remoteAddr) && this.attempts.take(did);
  }

  /** To be called with what a peer says of itself on a new connection. Never rejects. */
  async consider({ peerId, connection, listenAddrs, signedPeerRecord }: Pick<IdentifyResult, 'peerId' | 'connection' | 'listenAddrs' | 'signedPeerRecord'>): Promise<void> {
    const { memberOf, dial, logger } = this.options;
    if (connection.direction !== 'inbound' || !isRelayed(connection.remoteAddr)) return;
    const did = memberOf(peerId.toString());
    const addresses = (signedPeerRecord?.addresses ?? listenAddrs).filter((address) => isDiallable(address) && !isRelayed(address) && isPrivate(address)).slice(0, MAX_TRIED);
    if (did === undefined || addresses.length === 0 || !this.attempts.take(did)) return;
    try {
      await dial(addresses.map((address) => withPeer(address, peerId.toString())));
      logger.debug('connected-directly', { peer: peerId.toString() });
    } catch {
      // The relayed connection stays.
      logger.debug('not-connected-directly', { peer: peerId.toString() });
    }
  }
}

function withPeer(address: Multiaddr, peerId: string): Multiaddr {
  return address.getComponents().some(({ name }) => name === 'p2p') ? address : address.encapsulate(`/p2p/${peerId}`);
}
