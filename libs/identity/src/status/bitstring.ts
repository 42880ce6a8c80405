import { fromBase64Url, toBase64Url } from '@carecord/core';
import { gunzipSync, gzipSync } from 'node:zlib';
import { MAX_STATUS_LIST_BITS, MIN_STATUS_LIST_BITS } from './status-bits.ts';

/** Multibase (Controlled Identifiers 1.0, section 2.4): base64url without padding. */
const MULTIBASE_PREFIX = 'u';

/** Bits that do not compress become a little longer by it. */
const MAX_GZIP_OVERHEAD_BYTES = 1024;
/** The longest encoded list that is looked at. */
export const MAX_ENCODED_LIST_CHARACTERS = Math.ceil(((MAX_STATUS_LIST_BITS / 8 + MAX_GZIP_OVERHEAD_BYTES) * 4) / 3) + 1;

/** The bits of a status list (Bitstring Status List 1.0, sections 3.3 and 3.4): the left-most bit has the index 0. */
export class Bitstring {
  private constructor(private readonly content: Uint8Array) {}

  /**
   * Bits that are all clear.
   * @param bits rounded up to a power of two, so that the length tells little about the number of members
   * @throws Error above {@link MAX_STATUS_LIST_BITS}
   */
  static ofLength(bits: number): Bitstring {
    const length = Math.max(MIN_STATUS_LIST_BITS, 2 ** Math.ceil(Math.log2(Math.max(1, bits))));
    if (length > MAX_STATUS_LIST_BITS) throw new Error('The status list would be too long.');
    return new Bitstring(new Uint8Array(length / 8));
  }

  /**
   * Reads what {@link encode} wrote.
   * @throws Error for another encoding, and for a list that is shorter or longer unpacked than the limits
   */
  static decode(encoded: string): Bitstring {
    if (!encoded.startsWith(MULTIBASE_PREFIX) || encoded.length > MAX_ENCODED_LIST_CHARACTERS) throw new Error('The list is not multibase of the allowed length.');
    const content = gunzipSync(fromBase64Url(encoded.slice(MULTIBASE_PREFIX.length)), { maxOutputLength: MAX_STATUS_LIST_BITS / 8 });
    if (content.length * 8 < MIN_STATUS_LIST_BITS) throw new Error('The list is shorter than the standard demands.');
    return new Bitstring(new Uint8Array(content));
  }

  /** GZIP, base64url, multibase. */
  encode(): string {
    return MULTIBASE_PREFIX + toBase64Url(gzipSync(this.content, { level: 9 }));
  }

  set(index: number): void {
    const octet = index >> 3;
    this.content[octet] = (this.content[octet] ?? 0) | mask(index);
  }

  /** Undefined outside of the list. */
  get(index: number): boolean | undefined {
    const octet = this.content[index >> 3];
    return octet === undefined || index < 0 ? undefined : (octet & mask(index)) !== 0;
  }
}

function mask(index: number): number {
  return 0x80 >> (index & 7);
}
