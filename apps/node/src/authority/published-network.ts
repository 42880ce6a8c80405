import type { GeneralJws } from '@carecord/crypto';
import type { NetworkAnswer } from './wire.ts';

/** What the authority tells everybody about its network. */
export class PublishedNetwork {
  constructor(
    readonly didLog: string,
    private readonly description: GeneralJws,
    /** libp2p addresses of the authority's own node. */
    private readonly addresses: () => string[],
  ) {}

  network(): NetworkAnswer {
    return { networkDescription: this.description, bootstrap: this.addresses() };
  }
}
