import { IdentityError } from '@carecord/identity';
import type { DidHistories } from '@carecord/identity';
import { NetworkError } from '../network-error.ts';
import type { NetworkHost } from '../ports.ts';
import { ADVERT, advertKey } from '../values/advert.ts';
import type { Advert, AdvertKind } from '../values/advert.ts';

/** What {@link AdvertFinder} works with. */
export interface AdvertFinderOptions {
  readonly host: Pick<NetworkHost, 'findHistory' | 'get'>;
  readonly adverts: Pick<AdvertKind, 'open'>;
  readonly histories: Pick<DidHistories, 'accept' | 'resolve'>;
}

/** Finds adverts in the DHT. One that does not carry its DID's history is invalid until that is known here, so it is looked for then. */
export class AdvertFinder {
  constructor(private readonly options: AdvertFinderOptions) {}

  /** The advert of a DID that is going to be dialled: its history is looked for wherever there may be one. */
  find(did: string): Promise<Advert | undefined> {
    return this.findAfter(did, () => this.options.histories.resolve(did));
  }

  /** The same for who must not notice: its history is looked for among connected members alone, never where the DID itself answers. */
  findQuietly(did: string): Promise<Advert | undefined> {
    return this.findAfter(did, () => this.learnFromMembers(did));
  }

  private async findAfter(did: string, learn: () => Promise<unknown>): Promise<Advert | undefined> {
    const found = await this.read(did);
    if (found !== undefined) return found;
    try {
      await learn();
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return undefined;
    }
    return this.read(did);
  }

  private async learnFromMembers(did: string): Promise<void> {
    const history = await this.options.host.findHistory(did);
    if (history !== undefined) await this.options.histories.accept(did, history);
  }

  private async read(did: string): Promise<Advert | undefined> {
    const { adverts, host } = this.options;
    const value = await host.get(ADVERT, advertKey(did));
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
