import type { Clock, Logger } from '@carecord/core';
import { KeyLock, later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { issueStatusList, readStatusList } from '@carecord/identity';
import type { LocalMember, StatusBook } from '@carecord/identity';
import type { MembershipStore } from '@carecord/storage';

/** Signed anew this often: peers fetch it as often, so that its age stays far below what they accept. */
export const STATUS_LIST_INTERVAL_MILLISECONDS = 60 * 60_000;

/** What a {@link StatusListIssuer} needs from outside. */
export interface StatusListIssuerOptions {
  readonly identity: { signing(): Pick<LocalMember, 'resolved' | 'signer'> };
  readonly memberships: Pick<MembershipStore, 'statuses'>;
  readonly statuses: Pick<StatusBook, 'lists' | 'offer'>;
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
  private issued: GeneralJws | undefined;

  constructor(private readonly options: StatusListIssuerOptions) {}

  /** The newest list; what `GET /status-list` answers. */
  current(): GeneralJws | undefined {
    return this.issued;
  }

  /** Signs the list as the register is now, and tells everybody who is connected. One at a time, so that the newest comes last. */
  async issue(): Promise<void> {
    const { options } = this;
    const list = await this.lock.run('status-list', async () => {
      const { resolved, signer } = options.identity.signing();
      const signed = await issueStatusList({
        issuer: resolved,
        signer,
        listUrl: options.statusListUrl,
        entries: await options.memberships.statuses(),
        now: this.nextInstant(resolved.did),
        validForMilliseconds: options.validForMilliseconds,
      });
      await options.statuses.offer(signed);
      this.issued = signed;
      return signed;
    });
    try {
      await options.announce()?.(list);
    } catch (error) {
      // It stands: whoever was not told fetches it.
      options.logger.warn('status-list-not-announced', {}, error);
    }
  }

  /** After every list of ours that is known, were it of this very millisecond or by a replica whose clock is ahead: of two as new nobody takes the second. */
  private nextInstant(did: string): Date {
    const own = this.options.statuses.lists().map((list) => readStatusList(list)).find(({ issuer }) => issuer === did);
    const now = this.options.clock.now();
    return own !== undefined && own.validFrom >= now ? later(own.validFrom, 1) : now;
  }
}
