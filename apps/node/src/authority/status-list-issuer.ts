import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import { KeyLock, later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { issueStatusList, readStatusList } from '@carecord/identity';
import type { LocalMember, StatusBook } from '@carecord/identity';
import type { MembershipStore } from '@carecord/storage';

/** Signed anew this often: peers fetch it as often, so that its age stays far below what they accept. */
export const STATUS_LIST_INTERVAL_MILLISECONDS = 60 * 60_000;

/** What a {@link StatusListIssuer} needs from outside. */
export interface StatusListIssuerOptions {
  readonly identity: { readonly did: string; signing(): Pick<LocalMember, 'resolved' | 'signer'> };
  readonly memberships: Pick<MembershipStore, 'find' | 'statuses'>;
  readonly transactions: TransactionRunner;
  readonly statuses: Pick<StatusBook, 'listOf' | 'load' | 'offer'>;
  readonly statusListUrl: string;
  readonly validForMilliseconds: number;
  /** Tells connected members; absent until the network runs. */
  readonly announce: () => ((list: GeneralJws) => Promise<unknown>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Signs the authority's status list: each hour, and at once when somebody's membership changes. */
export class StatusListIssuer {
  private readonly lock = new KeyLock();

  constructor(private readonly options: StatusListIssuerOptions) {}

  /** The newest list, by whichever replica; what `GET /status-list` answers. */
  current(): GeneralJws | undefined {
    return this.options.statuses.listOf(this.options.identity.did);
  }

  /** Signs the list as the register is now, and tells everybody who is connected. */
  async issue(): Promise<void> {
    const { options } = this;
    const list = await this.lock.run('status-list', () => this.signAlone());
    try {
      await options.announce()?.(list);
    } catch (error) {
      // It stands: whoever was not told fetches it.
      options.logger.warn('status-list-not-announced', {}, error);
    }
  }

  /**
   * One at a time over all replicas (the lock is the authority's own row): else a list made of what the register said before a
   * revocation could be dated after the one that has it, and everybody would take the revoked member back.
   */
  private async signAlone(): Promise<GeneralJws> {
    const { identity, memberships, statuses, statusListUrl, transactions, validForMilliseconds } = this.options;
    return await transactions.run(async (transaction) => {
      await memberships.find(identity.did, transaction);
      await statuses.load();
      const { resolved, signer } = identity.signing();
      const signed = await issueStatusList({
        issuer: resolved,
        signer,
        listUrl: statusListUrl,
        entries: await memberships.statuses(),
        now: this.nextInstant(),
        validForMilliseconds,
      });
      await statuses.offer(signed);
      return signed;
    });
  }

  /** After every list of ours, were it of this very millisecond or by a replica whose clock is ahead: of two as new nobody takes the second. */
  private nextInstant(): Date {
    const own = this.current();
    const now = this.options.clock.now();
    const before = own === undefined ? undefined : readStatusList(own).validFrom;
    return before !== undefined && before >= now ? later(before, 1) : now;
  }
}
