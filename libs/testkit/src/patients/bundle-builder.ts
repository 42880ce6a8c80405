import type { SeededRandom } from './random.ts';
import type { TransactionBundle } from './types.ts';

/** A literal reference to another entry of the bundle, with the text beside it that people read. */
export interface EntryReference {
  readonly reference: string;
  readonly display?: string;
}

/** Collects the resources of a transaction. Resources refer only to earlier ones, so that any first part is whole too. */
export class BundleBuilder {
  private readonly entries: TransactionBundle['entry'] = [];

  constructor(private readonly random: SeededRandom) {}

  /** Adds a resource and returns the reference to it; its id is the given one or a new UUID. */
  add(resourceType: string, elements: Readonly<Record<string, unknown>>, options: { readonly id?: string; readonly display?: string } = {}): EntryReference {
    const id = options.id ?? this.random.uuid();
    const fullUrl = `urn:uuid:${id}`;
    this.entries.push({ fullUrl, resource: { resourceType, id, ...withoutAbsent(elements) }, request: { method: 'POST', url: resourceType } });
    return { reference: fullUrl, ...(options.display === undefined ? {} : { display: options.display }) };
  }

  /** The transaction with all that was added. */
  build(): TransactionBundle {
    return { resourceType: 'Bundle', type: 'transaction', entry: this.entries };
  }
}

function withoutAbsent(elements: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(elements).filter(([, value]) => value !== undefined));
}
