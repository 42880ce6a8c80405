import { once } from 'node:events';
import { silentLogger, systemClock } from '@carecord/core';
import { DidHistories, fixedIdentity, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { LocalMember, NetworkTrust } from '@carecord/identity';
import { MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import type { Connection, Listener, MultiaddrConnection, PeerId, Transport, Upgrader } from '@libp2p/interface';
import { defaultLogger } from '@libp2p/logger';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { MembershipEncrypter } from '../../../libs/network/src/encrypter/membership-encrypter.ts';
import { peerKeyFromSeed } from '../../../libs/network/src/encrypter/peer-key.ts';

/** One end of connections: an encrypter with all that it knows, in memory. */
export interface End {
  readonly encrypter: MembershipEncrypter;
  readonly peerId: PeerId;
}

/** An end that has met nobody yet. */
export async function makeEnd(local: LocalMember, peerSeed: Uint8Array, trust: NetworkTrust): Promise<End> {
  const clock = systemClock;
  const peerKey = await peerKeyFromSeed(peerSeed);
  const encrypter = new MembershipEncrypter({
    clock,
    trust,
    statuses: new StatusBook({ trust, store: new MemoryStatusListStore(), clock }),
    histories: new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY }),
    local: fixedIdentity(local),
    peerKey,
    logger: silentLogger,
    onProven: () => undefined,
  });
  return { encrypter, peerId: peerKey.peerId };
}

/** Who waits for a connection to come in. */
interface Waiting {
  readonly end: End;
  readonly resolve: (raw: MultiaddrConnection) => void;
  readonly reject: (error: unknown) => void;
}

/** libp2p's TCP on a loopback socket, and on it the encrypter alone: no negotiation before, no muxer after. */
export class Loopback {
  private readonly waiting: Waiting[] = [];
  private readonly open: MultiaddrConnection[] = [];
  private readonly transport: Transport = tcp()({ logger: defaultLogger() });
  private readonly listener: Listener;

  private constructor() {
    this.listener = this.transport.createListener({
      upgrader: upgrader({
        upgradeInbound: async (raw: MultiaddrConnection) => {
          const next = this.waiting.shift();
          if (next === undefined) throw new Error('Nobody waits for a connection.');
          await next.end.encrypter.secureInbound(raw).then(() => next.resolve(raw), next.reject);
        },
      }),
    });
  }

  static async listen(): Promise<Loopback> {
    const loopback = new Loopback();
    await loopback.listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0'));
    return loopback;
  }

  /** One connection, proven at both ends. */
  async connect(initiator: End, responder: End): Promise<void> {
    const inbound = new Promise<MultiaddrConnection>((resolve, reject) => this.waiting.push({ end: responder, resolve, reject }));
    const outbound = new Promise<MultiaddrConnection>((resolve, reject) => {
      const upgradeOutbound = async (raw: MultiaddrConnection): Promise<Connection> => {
        await initiator.encrypter.secureOutbound(raw, { remotePeer: responder.peerId });
        resolve(raw);
        // What the transport hands back is looked at by nobody.
        return raw as unknown as Connection;
      };
      const [address = multiaddr('/ip4/127.0.0.1/tcp/1')] = this.listener.getAddrs();
      this.transport.dial(address, { signal: new AbortController().signal, upgrader: upgrader({ upgradeOutbound }) }).catch(reject);
    });
    this.open.push(...(await Promise.all([inbound, outbound])));
  }

  /** Drops all connections. */
  async drop(): Promise<void> {
    const closed = Promise.all(this.open.map((raw) => once(raw, 'close')));
    for (const raw of this.open.splice(0)) raw.abort(new Error('The measurement is over.'));
    await closed;
  }

  async stop(): Promise<void> {
    await this.drop();
    await this.listener.close();
  }
}

function upgrader(part: Partial<Upgrader>): Upgrader {
  const refuse = (): never => {
    throw new Error('This upgrader has only what is measured.');
  };
  return { upgradeInbound: refuse, upgradeOutbound: refuse, createInboundAbortSignal: refuse, getStreamMuxers: refuse, getConnectionEncrypters: refuse, ...part };
}
