import type { Clock } from '@carecord/core';
import { IdentityError } from '@carecord/identity';
import type { DidHistories } from '@carecord/identity';
import type { MemberRegistry } from '../host/member-registry.ts';
import type { KnownMember } from '../ports.ts';
import { ADVERT, advertKey } from '../values/advert.ts';
import type { Advert, AdvertKind } from '../values/advert.ts';
import type { DhtValueStore } from '../values/value-store-port.ts';
import { NetworkError } from '../network-error.ts';

/** What {@link KnownMembers} looks into. */
export interface KnownMembersOptions {
  readonly registry: Pick<MemberRegistry, 'peersOf'>;
  readonly adverts: Pick<AdvertKind, 'known' | 'open'>;
  readonly store: Pick<DhtValueStore, 'read'>;
  readonly histories: Pick<DidHistories, 'known'>;
  readonly clock: Clock;
}

/** What this node can say about a member by itself: nobody is asked, so a stranger's message may lead here. */
export class KnownMembers {
  constructor(private readonly options: KnownMembersOptions) {}

  /**
   * By its latest handshake with us, a connected peer's first, else by its advert, seen before or in our own store; its keys by the
   * newest history that is known here. A member whose DID was deactivated is none.
   */
  async here(did: string): Promise<KnownMember | undefined> {
    const { registry, adverts } = this.options;
    const member = registry.peersOf(did)[0] ?? adverts.known(did) ?? (await this.storedAdvert(did));
    return member && this.withNewestKeys(member);
  }

  private async withNewestKeys(member: KnownMember): Promise<KnownMember | undefined> {
    try {
      const newest = await this.options.histories.known(member.did);
      return newest !== undefined && newest.versionNumber > member.resolved.versionNumber ? { ...member, resolved: newest } : member;
    } catch (error) {
      if (error instanceof IdentityError) return undefined;
      throw error;
    }
  }

  private async storedAdvert(did: string): Promise<Advert | undefined> {
    const { adverts, clock, store } = this.options;
    const [stored] = await store.read([{ namespace: ADVERT.namespace, key: advertKey(did) }], clock.now());
    if (stored === undefined) return undefined;
    try {
      return await adverts.open(stored.value);
    } catch (error) {
      // It was good when it was stored; it is not any more, e.g. because the membership has ended.
      if (error instanceof NetworkError) return undefined;
      throw error;
    }
  }
}
