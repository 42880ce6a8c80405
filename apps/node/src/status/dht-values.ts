/** The part of an interface-datastore that is read here. */
export interface KeyListing {
  queryKeys(query: { prefix: string }): AsyncIterable<{ toString(): string }> | Iterable<{ toString(): string }>;
}

/** Values of one kind in our part of the DHT. */
export interface KindCount {
  readonly kind: string;
  readonly count: number;
}

/** kad-dht keeps values under this prefix and the unpadded base32 of their key. */
const RECORD_PREFIX = '/dht/record/';
/** The DHT key of a value: its kind and a key of that kind. */
const VALUE_KEY = /^\/carecord-([a-z0-9-]{1,32})\//;
/** The longest kind and what stands around it: more of a key need not be decoded. */
const DECODED_CHARACTERS = 72;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** How many values of each kind this node keeps for the network, sorted by kind. */
export async function countDhtValues(datastore: KeyListing): Promise<KindCount[]> {
  const counts = new Map<string, number>();
  for await (const key of datastore.queryKeys({ prefix: RECORD_PREFIX })) {
    const [, kind] = VALUE_KEY.exec(decodeBase32(key.toString().slice(RECORD_PREFIX.length, RECORD_PREFIX.length + DECODED_CHARACTERS))) ?? [];
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((left, right) => left.kind.localeCompare(right.kind));
}

/** RFC 4648, section 6, without padding, as Latin-1 text; what is left over at the end is dropped. */
function decodeBase32(encoded: string): string {
  let [bits, value, text] = [0, 0, ''];
  for (const letter of encoded) {
    value = ((value << 5) | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      text += String.fromCharCode((value >> bits) & 0xff);
    }
  }
  return text;
}
