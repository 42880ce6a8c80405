import { hashWithContext, open, openFrom, RECIPIENT_OVERHEAD_BYTES, seal, sealTo } from '@carecord/crypto';

/** The most that {@link sealContent} takes: two signatures, a path and a statement with the longest DID, and two bytes of length. */
export const CONTENT_BYTES = 4_160;
/** What is inside the seal of every pointer, padded: room for what is sealed to a named hospital once more. One size for all. */
export const POINTER_PLAIN_BYTES = CONTENT_BYTES + RECIPIENT_OVERHEAD_BYTES;

const SEAL_CONTEXT = 'pointer/content';
const LENGTH_BYTES = 2;

/** Who opens what stands in a slot. */
export interface Audience {
  /** Of the tag's keys: everybody who has the tag, or the one that is derived for a recipient. */
  readonly sealKey: Uint8Array;
  /** For one hospital alone: its recipient key, and where the pointer stands. */
  readonly recipient?: { readonly publicKey: Uint8Array; readonly place: Uint8Array };
}

/** Seals what {@link signStatements} gives for a pointer, at the one size. */
export async function sealContent(audience: Audience, content: Uint8Array): Promise<Uint8Array> {
  const { sealKey, recipient } = audience;
  if (recipient === undefined) return seal(sealKey, padded(content, POINTER_PLAIN_BYTES), SEAL_CONTEXT);
  const named = await sealTo(recipient.publicKey, infoOf(recipient.place), padded(content, CONTENT_BYTES));
  return seal(sealKey, named, SEAL_CONTEXT);
}

/** What stands in a slot that says nothing: a pointer that was taken back, or one that never was one. */
export function sealNothing(sealKey: Uint8Array): Uint8Array {
  return seal(sealKey, new Uint8Array(POINTER_PLAIN_BYTES), SEAL_CONTEXT);
}

/**
 * Opens what is sealed to everybody who has the tag.
 * @returns `undefined` when it says nothing
 * @throws CryptoError when it is not of this tag
 */
export function openContent(sealKey: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  return unpadded(open(sealKey, sealed, SEAL_CONTEXT));
}

/**
 * Opens what is sealed to us by name.
 * @param seeds of our recipient keys, the present one first
 * @returns `undefined` when it says nothing
 * @throws CryptoError when it is not of this tag, or sealed to none of these keys
 */
export async function openNamedContent(sealKey: Uint8Array, place: Uint8Array, seeds: readonly Uint8Array[], sealed: Uint8Array): Promise<Uint8Array | undefined> {
  const named = open(sealKey, sealed, SEAL_CONTEXT);
  if (named.every((byte) => byte === 0)) return undefined;
  for (const seed of seeds.slice(0, -1)) {
    const opened = await openFrom(seed, infoOf(place), named).catch(() => undefined);
    if (opened !== undefined) return unpadded(opened);
  }
  return unpadded(await openFrom(seeds.at(-1) ?? new Uint8Array(), infoOf(place), named));
}

function infoOf(place: Uint8Array): Uint8Array {
  return hashWithContext('pointer/named', place);
}

/** Length as 16 bits, content, zeros. */
function padded(content: Uint8Array, size: number): Uint8Array {
  const plain = new Uint8Array(size);
  new DataView(plain.buffer).setUint16(0, content.length);
  plain.set(content, LENGTH_BYTES);
  return plain;
}

function unpadded(plain: Uint8Array): Uint8Array | undefined {
  const length = new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint16(0);
  return length === 0 ? undefined : plain.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
}
