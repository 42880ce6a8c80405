import type { Clock, Logger } from '@carecord/core';
import { IdentityError, readStatusList, verifyMembership } from '@carecord/identity';
import type { LocalIdentity, Membership, NetworkTrust, StatusBook } from '@carecord/identity';
import type { GeneralJws } from '@carecord/crypto';
import { every } from '../every.ts';
import { NetworkError } from '../network-error.ts';
import type { Member, NetworkHost } from '../ports.ts';
import { STATUS_LIST, statusListKey, statusListOf, statusListValue } from '../values/status-list-value.ts';

/** How often the DHT is looked at: members tell each other at once; the DHT is for those who come back when others have gone. */
const REFRESH_MILLISECONDS = 10 * 60 * 1000;

/** What {@link StatusListsInDht} works with. */
export interface StatusListsInDhtOptions {
  readonly host: Pick<NetworkHost, 'get' | 'put'>;
  readonly local: LocalIdentity;
  readonly trust: NetworkTrust;
  readonly statuses: Pick<StatusBook, 'lists' | 'offer'>;
  readonly members: () => readonly Member[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the newest status lists in the DHT, and finds them there. */
export class StatusListsInDht {
  constructor(private readonly options: StatusListsInDhtOptions) {}

  /**
   * Compares the DHT's lists with ours: takes what is newer there, and puts there what is newer here.
   * @returns whether there was a newer one
   */
  async refresh(): Promise<boolean> {
    let found = false;
    for (const { authority, url } of await this.addresses()) found = (await this.refreshOne(authority, url)) || found;
    return found;
  }

  /** Refreshes at intervals until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    return every(REFRESH_MILLISECONDS, clock, signal, () => this.refresh().catch((error: unknown) => logger.warn('status-lists-not-refreshed', {}, error)));
  }

  private async refreshOne(authority: string, url: string): Promise<boolean> {
    const { host, statuses } = this.options;
    const key = statusListKey(authority, url);
    const ours = statuses.lists().find((list) => readStatusList(list).issuer === authority);
    const value = await host.get(STATUS_LIST, key);
    const theirs = value === undefined ? undefined : statusListOf(value);
    if (theirs !== undefined && isNewer(theirs, ours)) return this.take(theirs);
    if (ours !== undefined && isNewer(ours, theirs)) await this.put(key, ours);
    return false;
  }

  private async take(list: GeneralJws): Promise<boolean> {
    try {
      return await this.options.statuses.offer(list);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return false;
    }
  }

  private async put(key: Uint8Array, list: GeneralJws): Promise<void> {
    const value = statusListValue(list);
    if (value === undefined) return;
    try {
      await this.options.host.put(STATUS_LIST, key, value);
    } catch (error) {
      // E.g. because it is too old to be believed, or a newer one has just come.
      if (!(error instanceof NetworkError)) throw error;
      this.options.logger.debug('status-list-not-published', { code: error.code });
    }
  }

  /** Where the lists are that decide about us and the members that we are connected with. */
  private async addresses(): Promise<{ authority: string; url: string }[]> {
    const memberships = [await this.ownMembership(), ...this.options.members().map(({ membership }) => membership)];
    const standings = memberships.flatMap((membership) => membership?.standings ?? []);
    const byKey = new Map(standings.map(({ authority, statusListUrl: url }) => [`${authority} ${url}`, { authority, url }]));
    return [...byKey.values()];
  }

  private async ownMembership(): Promise<Membership | undefined> {
    const { clock, local, trust } = this.options;
    try {
      return await verifyMembership(local.current().credentials, { trust, subject: local.did, now: clock.now() });
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return undefined;
    }
  }
}

function isNewer(list: GeneralJws, than: GeneralJws | undefined): boolean {
  return than === undefined || readStatusList(list).validFrom > readStatusList(than).validFrom;
}
