import type { Datastore } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { NetworkError } from '../network-error.ts';
import { RECORD_PREFIX } from './guarded-datastore.ts';
import { decodeValueKey } from './value-key.ts';

/** Values of one kind in our part of the DHT. */
export interface ValueCount {
  /** The namespace of a {@link DhtValueKind}. */
  readonly kind: string;
  readonly count: number;
}

/** How many values of each kind a node keeps for the network, sorted by kind; what is no value of ours is not counted. */
export async function countValues(datastore: Pick<Datastore, 'queryKeys'>): Promise<ValueCount[]> {
  const counts = new Map<string, number>();
  for await (const key of datastore.queryKeys({ prefix: RECORD_PREFIX })) {
    const kind = kindOf(key.toString().slice(RECORD_PREFIX.length));
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((left, right) => left.kind.localeCompare(right.kind));
}

/** @param encoded a DHT key as kad-dht writes it: unpadded base32 without the multibase letter */
function kindOf(encoded: string): string | undefined {
  try {
    return decodeValueKey(base32.decode(`b${encoded}`)).namespace;
  } catch (error) {
    // Another key than those of our values; multiformats throws a SyntaxError for what is no base32.
    if (error instanceof NetworkError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
