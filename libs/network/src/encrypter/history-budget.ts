import { addressBlock, BoundedCache, RateLimiter } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { IdentityError } from '@carecord/identity';
import type { DidHistories, HandshakePolicy } from '@carecord/identity';
import type { Multiaddr } from '@multiformats/multiaddr';
import { NetworkError } from '../network-error.ts';

/**
 * Bytes of histories that are new here and may be verified for one address: a mebibyte costs 100 ms, so 0.8 s at once and 2.5 % of a
 * core for good. A whole network of fifty hospitals behind one address, none of them met before, needs about 5 MiB; whoever shows the
 * history that is known here, as after a restart, needs nothing.
 */
const BYTES_AN_ADDRESS = { burst: 8 * 1024 * 1024, perSecond: 256 * 1024 };
/**
 * The same for what one member, by its own signature, has us remember, from whatever addresses: four histories of the largest size at
 * once. Replicas that restart show one between them.
 */
const BYTES_A_MEMBER = { burst: 4 * 1024 * 1024, perSecond: 64 * 1024 };
/** Histories that were accepted here lately, a few kilobytes each in most cases. */
const REMEMBERED_BYTES = 16 * 1024 * 1024;

/**
 * Bounds what handshakes cost us: credentials can be copied and DID histories be made up at will, and to verify one is by far the
 * dearest part. Until a peer has signed it may be anybody, and must not use up what is a member's: so first its address pays.
 */
export class HistoryBudget {
  private readonly addresses: RateLimiter;
  private readonly members: RateLimiter;
  private readonly accepted = new BoundedCache<string>({ size: REMEMBERED_BYTES });

  constructor(
    private readonly histories: Pick<DidHistories, 'accept' | 'known' | 'verify'>,
    clock: Clock,
  ) {
    this.addresses = new RateLimiter(BYTES_AN_ADDRESS, clock);
    this.members = new RateLimiter(BYTES_A_MEMBER, clock);
  }

  /** The histories as one connection may use them; beyond the budget both functions reject with NetworkError `HANDSHAKE_TOO_COSTLY`. */
  of(remote: Multiaddr | undefined): HandshakePolicy['histories'] {
    return {
      verify: async (did, history) => {
        await this.charge(this.addresses, addressOf(remote), did, history);
        return this.histories.verify(did, history);
      },
      accept: async (did, history) => {
        await this.charge(this.members, did, did, history);
        const resolved = await this.histories.accept(did, history);
        this.accepted.set(did, history, 2 * history.length);
        return resolved;
      },
    };
  }

  private async charge(limiter: RateLimiter, key: string, did: string, history: string): Promise<void> {
    // Paid for and accepted before: the database need not be asked.
    if (this.accepted.get(did) === history || (await this.isKnown(did, history))) return;
    if (!limiter.take(key, Buffer.byteLength(history, 'utf8'))) throw new NetworkError('HANDSHAKE_TOO_COSTLY', 'More new DID histories are shown than are verified.');
  }

  private async isKnown(did: string, history: string): Promise<boolean> {
    try {
      return (await this.histories.known(did))?.log === history;
    } catch (error) {
      // E.g. because its owner has ended the DID.
      if (error instanceof IdentityError) return false;
      throw error;
    }
  }
}

/** Peers whose address is not to be had share one budget. */
function addressOf(remote: Multiaddr | undefined): string {
  return addressBlock(remote?.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6')?.value ?? '');
}
