/** How an encoding departs from the deterministic one; each must be refused, or read as exactly what it says. */
export type Quirk = 'none' | 'long-heads' | 'indefinite' | 'unsorted' | 'duplicate-key' | 'floats' | 'tagged' | 'length-lie';
export const QUIRKS: readonly Quirk[] = ['none', 'long-heads', 'indefinite', 'unsorted', 'duplicate-key', 'floats', 'tagged', 'length-lie'];

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const BREAK = Uint8Array.of(0xff);
/** Says "more than any memory has". */
const HUGE = 2 ** 52;

/**
 * Encodes a tree of plain values as CBOR (RFC 8949) with one quirk all through it. A correct encoder cannot be made to write
 * most of these, so this is one of its own.
 * @param value null, booleans, numbers, bigints, texts, bytes, arrays, and maps as plain objects
 */
export function encodeQuirky(value: unknown, quirk: Quirk): Uint8Array {
  return Buffer.concat(parts(value, quirk));
}

function parts(value: unknown, quirk: Quirk): Uint8Array[] {
  if (value === null || value === undefined) return [Uint8Array.of(value === null ? 0xf6 : 0xf7)];
  if (typeof value === 'boolean') return [Uint8Array.of(value ? 0xf5 : 0xf4)];
  if (typeof value === 'number' || typeof value === 'bigint') return [number(value, quirk)];
  if (typeof value === 'string') return string(TEXT, Buffer.from(value, 'utf8'), quirk);
  if (value instanceof Uint8Array) return string(BYTES, value, quirk);
  if (Array.isArray(value)) return collection(ARRAY, value.length, value.map((item) => parts(item, quirk)), quirk);
  return map(value as Record<string, unknown>, quirk);
}

function number(value: number | bigint, quirk: Quirk): Uint8Array {
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && quirk !== 'floats')) {
    const whole = BigInt(value);
    return whole >= 0n ? head(UNSIGNED, whole, quirk) : head(NEGATIVE, -1n - whole, quirk);
  }
  const float = Buffer.alloc(9);
  float[0] = 0xfb;
  float.writeDoubleBE(value, 1);
  return float;
}

function string(major: number, content: Uint8Array, quirk: Quirk): Uint8Array[] {
  if (quirk === 'indefinite') return [Uint8Array.of((major << 5) | 31), head(major, BigInt(content.length), 'none'), content, BREAK];
  if (quirk === 'tagged') return [head(TAG, 24n, 'none'), head(major, BigInt(content.length), 'none'), content];
  return [head(major, BigInt(quirk === 'length-lie' ? content.length + 1 : content.length), quirk), content];
}

function collection(major: number, count: number, items: readonly Uint8Array[][], quirk: Quirk): Uint8Array[] {
  if (quirk === 'indefinite') return [Uint8Array.of((major << 5) | 31), ...items.flat(), BREAK];
  return [head(major, BigInt(quirk === 'length-lie' ? HUGE : count), quirk), ...items.flat()];
}

function map(value: Readonly<Record<string, unknown>>, quirk: Quirk): Uint8Array[] {
  const keys = Object.keys(value).sort((one, other) => one.length - other.length || (one < other ? -1 : 1));
  if (quirk === 'unsorted') keys.reverse();
  if (quirk === 'duplicate-key') keys.push(...keys.slice(0, 1));
  return collection(MAP, keys.length, keys.map((key) => [...string(TEXT, Buffer.from(key, 'utf8'), quirk), ...parts(value[key], quirk)]), quirk);
}

/** A major type and its argument, in no more bytes than needed unless the quirk is about that. */
function head(major: number, argument: bigint, quirk: Quirk): Uint8Array {
  const first = major << 5;
  if (quirk !== 'long-heads' && argument < 24n) return Uint8Array.of(first | Number(argument));
  const sizes = [
    [24, 1],
    [25, 2],
    [26, 4],
    [27, 8],
  ] as const;
  const [code, size] = quirk === 'long-heads' ? sizes[3] : (sizes.find(([, bytes]) => argument < 1n << BigInt(8 * bytes)) ?? sizes[3]);
  const encoded = Buffer.alloc(1 + size);
  encoded[0] = first | code;
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(BigInt.asUintN(64, argument));
  wide.copy(encoded, 1, 8 - size);
  return encoded;
}
