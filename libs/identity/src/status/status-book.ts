import type { Clock } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { signingKeysFingerprint } from '../accepted-keys.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { encodeJws } from '../encoded-jws.ts';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { isOver } from '../membership/membership.ts';
import type { Membership, MembershipStanding } from '../membership/membership.ts';
import { findAuthority } from '../network/network-trust.ts';
import type { NetworkTrust } from '../network/network-trust.ts';
import type { StatusListStore } from '../ports.ts';
import { readEncodedStatusList, readStatusList, verifyStatusList } from './status-list.ts';
import type { ClaimedStatusList, StatusList } from './status-list.ts';

/** How a member stands: well, or the gravest reason why too few authorities stand by it. */
export type MemberStatus = 'standing' | 'revoked' | 'suspended' | 'status-stale' | 'expired';

/** The gravest first. */
const REASONS = ['revoked', 'suspended', 'expired', 'status-stale'] as const;

interface KnownList {
  readonly list: StatusList;
  readonly jws: GeneralJws;
}

/**
 * The newest status list of each trusted authority: decides at once whether a member still stands, and keeps what it was shown.
 * It never goes back to an older list, and without a recent one of enough authorities it lets nobody in.
 */
export class StatusBook {
  private readonly trust: NetworkTrust;
  private readonly store: StatusListStore;
  private readonly clock: Clock;
  private readonly known = new Map<string, KnownList>();
  private readonly listeners = new Set<() => void>();

  constructor(options: { readonly trust: NetworkTrust; readonly store: StatusListStore; readonly clock: Clock }) {
    this.trust = options.trust;
    this.store = options.store;
    this.clock = options.clock;
  }

  /** Takes up what the store keeps; what does not verify any more is passed over. Again, to see what another replica was shown. */
  async load(): Promise<void> {
    for (const { jws } of await this.store.all()) {
      await passOver(async () => {
        const newer = await this.verifyNewer(readStatusList(jws));
        if (newer !== undefined) this.keep(newer);
      });
    }
  }

  /**
   * Takes a list that was fetched, or that a peer stapled, and keeps it if it is newer. A list that claims to be no newer is not
   * verified: it is not going to be used.
   * @param jws anything: it is parsed by a schema first
   * @returns whether it was newer than what we had: then others will want it too
   * @throws IdentityError `STATUS_LIST_INVALID`
   */
  async offer(jws: unknown): Promise<boolean> {
    return await this.offerClaimed(readStatusList(jws));
  }

  /**
   * Takes what is newer of the lists, in JSON, that a peer stapled. What does not verify is passed over, and so is all but the first
   * of an authority: a stranger cannot have more lists checked in vain than there are authorities.
   */
  async offerStapled(lists: readonly Uint8Array[]): Promise<void> {
    const issuers = new Set<string>();
    for (const encoded of lists) {
      if (this.has(encoded)) continue;
      await passOver(async () => {
        const claimed = readEncodedStatusList(encoded);
        if (issuers.has(claimed.issuer)) return;
        issuers.add(claimed.issuer);
        await this.offerClaimed(claimed);
      });
    }
  }

  /** Mostly both ends have the same lists. */
  private has(encoded: Uint8Array): boolean {
    for (const { jws } of this.known.values()) {
      if (Buffer.compare(encodeJws(jws), encoded) === 0) return true;
    }
    return false;
  }

  private async offerClaimed(claimed: ClaimedStatusList): Promise<boolean> {
    const newer = await this.verifyNewer(claimed);
    if (newer === undefined) return false;
    await this.store.save({ authority: newer.list.authority, issuedAt: newer.list.validFrom, jws: newer.jws });
    return this.keep(newer);
  }

  /** The newest of each authority, to be stapled. */
  lists(): readonly GeneralJws[] {
    return this.trust.authorities().flatMap((authority) => this.known.get(authority.did)?.jws ?? []);
  }

  /** The newest of one authority. */
  listOf(authority: string): GeneralJws | undefined {
    return this.known.get(authority)?.jws;
  }

  /** Whether enough authorities still stand by a member, at this instant; if not, the gravest reason. */
  standing(membership: Membership, now: Date): MemberStatus {
    const statuses = membership.standings.map((standing) => this.statusOf(standing, now));
    const supporters = statuses.filter((status) => status === 'standing').length;
    if (supporters >= Math.max(1, this.trust.threshold)) return 'standing';
    return REASONS.find((reason) => statuses.includes(reason)) ?? 'expired';
  }

  /** @returns ends the listening; the listener hears of each newer list that was taken */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** The age in milliseconds of the oldest of the authorities' lists; undefined when there is one of which we have none. */
  oldestAge(now: Date): number | undefined {
    let oldest: number | undefined;
    for (const { did } of this.trust.authorities()) {
      const list = this.known.get(did)?.list;
      if (list === undefined) return undefined;
      oldest = Math.max(oldest ?? 0, now.getTime() - list.validFrom.getTime());
    }
    return oldest;
  }

  private async verifyNewer(claimed: ClaimedStatusList): Promise<KnownList | undefined> {
    const authority = findAuthority(this.trust, claimed.issuer);
    if (authority === undefined) throw new IdentityError('STATUS_LIST_INVALID', 'A status list is not by a trusted authority.');
    if (!this.isNewer(claimed.validFrom, authority)) return undefined;
    return { list: await verifyStatusList(claimed.jws, { authority, now: this.clock.now() }), jws: claimed.jws };
  }

  /** Another one may have come while this one was verified and stored. */
  private keep(newer: KnownList): boolean {
    const authority = findAuthority(this.trust, newer.list.authority);
    if (authority === undefined || !this.isNewer(newer.list.validFrom, authority)) return false;
    this.known.set(authority.did, newer);
    for (const listener of this.listeners) listener();
    return true;
  }

  private isNewer(validFrom: Date, authority: ResolvedDid): boolean {
    const known = this.known.get(authority.did);
    // One by stolen keys must not stand in the way, whatever its date.
    return known === undefined || !accepts(authority, known.list.signedWith) || validFrom > known.list.validFrom;
  }

  private statusOf(standing: MembershipStanding, now: Date): MemberStatus {
    const authority = findAuthority(this.trust, standing.authority);
    if (authority === undefined || !accepts(authority, standing.signedWith) || isOver(standing.validUntil, now)) return 'expired';
    const list = this.known.get(authority.did)?.list;
    if (list === undefined || list.url !== standing.statusListUrl) return 'status-stale';
    const status = list.statusOf(standing.statusIndex) ?? 'status-stale';
    // What a list took back stays taken back, however old the list is.
    return status === 'standing' && this.isStale(list, authority, now) ? 'status-stale' : status;
  }

  private isStale({ validFrom, validUntil, signedWith }: StatusList, authority: ResolvedDid, now: Date): boolean {
    const age = now.getTime() - validFrom.getTime();
    return age > this.trust.statusMaxAgeMilliseconds + CLOCK_SKEW_MILLISECONDS || isOver(validUntil, now) || !accepts(authority, signedWith);
  }
}

/** An authority that replaced its keys at once, because they were stolen, stands by nothing that they signed. */
function accepts(authority: ResolvedDid, signedWith: string): boolean {
  return authority.acceptedSigning.some((keys) => signingKeysFingerprint(keys) === signedWith);
}

/** Does the work, unless the list in question is refused. */
async function passOver(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
  }
}
