import type { MemberRegistry } from '../host/member-registry.ts';
import type { KnownMember } from '../ports.ts';
import { ADVERT, advertKey } from '../values/advert.ts';
import type { Advert, AdvertKind } from '../values/advert.ts';
import type { GuardedDatastore } from '../values/guarded-datastore.ts';
import { encodeValueKey } from '../values/value-key.ts';
import { NetworkError } from '../network-error.ts';

/** What {@link KnownMembers} looks into. */
export interface KnownMembersOptions {
  readonly registry: Pick<MemberRegistry, 'peersOf'>;
  readonly adverts: Pick<AdvertKind, 'known' | 'open'>;
  readonly guard: Pick<GuardedDatastore, 'localValue'>;
}

/** What this node can say about a member by itself: nobody is asked, so a stranger's message may lead here. */
export class KnownMembers {
  constructor(private readonly options: KnownMembersOptions) {}

  /** By its latest handshake with us, a connected peer's first, else by its advert, seen before or in our own store. */
  async here(did: string): Promise<KnownMember | undefined> {
    const { registry, adverts } = this.options;
    return registry.peersOf(did)[0] ?? adverts.known(did) ?? (await this.storedAdvert(did));
  }

  private async storedAdvert(did: string): Promise<Advert | undefined> {
    const { adverts, guard } = this.options;
    const value = await guard.localValue(encodeValueKey(ADVERT.namespace, advertKey(did)));
    if (value === undefined) return undefined;
    try {
      return await adverts.open(value);
    } catch (error) {
      // It was good when it was stored; it is not any more, e.g. because the membership has ended.
      if (error instanceof NetworkError) return undefined;
      throw error;
    }
  }
}
