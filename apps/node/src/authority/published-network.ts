import type { GeneralJws } from '@carecord/crypto';
import type { NetworkAnswer } from './wire.ts';

/** What the authority tells everybody about its network. */
export class PublishedNetwork {
  constructor(
    private readonly description: () => GeneralJws,
    /** libp2p addresses of the authority's own node; none while it is not up. */
    private readonly addresses: () => string[],
  ) {}

  network(): NetworkAnswer {
    return { networkDescription: this.description(), bootstrap: this.addresses() };
  }
}
