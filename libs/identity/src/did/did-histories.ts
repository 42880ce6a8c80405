import { KeyLock, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { IdentityError } from '../identity-error.ts';
import type { DidHistoryStore, RememberedDid } from '../ports.ts';
import type { DidHistory } from './did-entries.ts';
import { activeDid, verifyDid } from './did-history.ts';
import type { ResolvedDid, VerifiedDid } from './did-history.ts';
import type { DidPolicy } from './did-policy.ts';

/** Where a DID's history may be had: from peers, over HTTPS. What it gives is verified. */
export interface DidSource {
  /** Undefined when it has none; an error counts as that. */
  fetch(did: string): Promise<DidHistory | undefined>;
}

/** How long what was seen last is taken for the newest, when somebody asks for a DID that shows itself to us no more. */
const FRESH_MILLISECONDS = 5 * 60_000;

/**
 * The DIDs that were seen, each at its highest version. A history verifies by itself even when its end was cut off, or when its
 * owner wrote two: remembering is what shows it.
 */
export class DidHistories {
  private readonly lock = new KeyLock();
  private readonly store: DidHistoryStore;
  private readonly clock: Clock;
  private readonly policy: (did: string) => DidPolicy;
  private readonly sources: readonly DidSource[];

  /**
   * @param options.policy what a history must have; a function where not all DIDs come under the same
   * @param options.sources asked in this order by {@link resolve}
   */
  constructor(options: {
    readonly store: DidHistoryStore;
    readonly clock: Clock;
    readonly policy: DidPolicy | ((did: string) => DidPolicy);
    readonly sources?: readonly DidSource[];
  }) {
    const { policy } = options;
    this.store = options.store;
    this.clock = options.clock;
    this.policy = typeof policy === 'function' ? policy : () => policy;
    this.sources = options.sources ?? [];
  }

  /**
   * Verifies a history, compares it with the highest version seen, and remembers it.
   * @throws IdentityError `DID_VERSION_OLDER`, `DID_VERSION_FORKED`, and those of `resolveDidHistory`; a version that
   *   deactivates the DID is remembered, and refused as `DID_DEACTIVATED`
   */
  async accept(did: string, history: DidHistory): Promise<ResolvedDid> {
    const verified = await verifyDid(did, history, this.policy(did), this.clock.now());
    // One after the other: of two at once, the second is compared with the first.
    await this.lock.run(did, async () => {
      const remembered = await this.store.find(did);
      compare(verified, remembered);
      if (!this.isNews(verified, remembered)) return;
      await this.store.save(this.toRemember(verified, history));
      // Another replica may have remembered something else meanwhile: what the store kept decides.
      compare(verified, await this.store.find(did));
    });
    return activeDid(verified);
  }

  /**
   * Verifies a history and compares it with the highest version seen, but remembers nothing: for strangers.
   * @throws IdentityError as {@link accept} does
   */
  async verify(did: string, history: DidHistory): Promise<ResolvedDid> {
    const verified = await verifyDid(did, history, this.policy(did), this.clock.now());
    compare(verified, await this.store.find(did));
    return activeDid(verified);
  }

  /**
   * The highest version that was seen of a DID.
   * @throws IdentityError `DID_DEACTIVATED`, and others if the policy now asks for more than when it was remembered
   */
  async known(did: string): Promise<ResolvedDid | undefined> {
    const remembered = await this.store.find(did);
    return remembered && this.open(remembered);
  }

  /**
   * A DID as it is now: as it was seen in the last five minutes, else by the first source that has a history that can be
   * accepted, else as it was seen last.
   * @throws IdentityError `DID_NOT_FOUND`, `DID_DEACTIVATED`
   */
  async resolve(did: string): Promise<ResolvedDid> {
    const remembered = await this.store.find(did);
    if (remembered !== undefined && this.isFresh(remembered)) return this.open(remembered);
    for (const source of this.sources) {
      const found = await this.fetchFrom(source, did);
      if (found !== undefined) return found;
    }
    const known = await this.known(did);
    if (known === undefined) throw new IdentityError('DID_NOT_FOUND', 'Nobody who was asked has a valid history of that DID.');
    return known;
  }

  /** Undefined when the source has nothing to accept: another one may. Only an end that its owner wrote is final. */
  private async fetchFrom(source: DidSource, did: string): Promise<ResolvedDid | undefined> {
    try {
      const history = await source.fetch(did);
      return history === undefined ? undefined : await this.accept(did, history);
    } catch (cause) {
      if (cause instanceof IdentityError && cause.code === 'DID_DEACTIVATED') throw cause;
      return undefined;
    }
  }

  private async open({ did, history }: RememberedDid): Promise<ResolvedDid> {
    return activeDid(await verifyDid(did, history, this.policy(did), this.clock.now()));
  }

  /** A higher version; or the same one after a while, to remember that it still stood. */
  private isNews({ versionIds }: VerifiedDid, remembered: RememberedDid | undefined): boolean {
    return remembered === undefined || versionIds.length > remembered.versionNumber || !this.isFresh(remembered);
  }

  private isFresh({ seenAt }: RememberedDid): boolean {
    return later(seenAt, FRESH_MILLISECONDS).getTime() > this.clock.now().getTime();
  }

  private toRemember({ did, versionIds }: VerifiedDid, history: DidHistory): RememberedDid {
    return { did, versionNumber: versionIds.length, versionId: versionIds.at(-1) ?? '', history, seenAt: this.clock.now() };
  }
}

/** @throws IdentityError `DID_VERSION_OLDER`, `DID_VERSION_FORKED` */
function compare({ versionIds }: VerifiedDid, remembered: RememberedDid | undefined): void {
  if (remembered === undefined) return;
  if (versionIds.length < remembered.versionNumber) throw new IdentityError('DID_VERSION_OLDER', 'A newer version of the DID was seen before.');
  if (versionIds[remembered.versionNumber - 1] !== remembered.versionId) throw new IdentityError('DID_VERSION_FORKED', 'Another history of the DID was seen before.');
}
