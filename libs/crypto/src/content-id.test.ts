import { describe, expect, it } from '@jest/globals';
import { CID } from 'multiformats/cid';
import { contentIdOf, isContentId, verifyContentId } from './content-id.ts';

const mismatch = expect.objectContaining({ code: 'CONTENT_ID_MISMATCH' });

describe('content ids (CIDv1, raw codec, BLAKE3-256)', () => {
  it('hold the digest of the BLAKE3 test vector for no bytes', () => {
    const parsed = CID.parse(contentIdOf(new Uint8Array()));
    expect([parsed.version, parsed.code, parsed.multihash.code]).toEqual([1, 0x55, 0x1e]);
    expect(Buffer.from(parsed.multihash.digest).toString('hex')).toBe('af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262');
  });

  it('verify the bytes they name and refuse others', () => {
    const bytes = new TextEncoder().encode('ciphertext');
    const contentId = contentIdOf(bytes);
    expect(() => verifyContentId(contentId, bytes)).not.toThrow();
    expect(() => verifyContentId(contentId, bytes.subarray(1))).toThrow(mismatch);
    expect(() => verifyContentId(contentId.toUpperCase(), bytes)).toThrow(mismatch);
    expect(() => verifyContentId('', bytes)).toThrow(mismatch);
  });

  it('are told from other texts', () => {
    const contentId = contentIdOf(new Uint8Array(3));
    expect(isContentId(contentId)).toBe(true);
    expect(isContentId(contentId.slice(0, -1))).toBe(false);
    expect(isContentId(CID.parse(contentId).toString().replace(/^b/, 'B'))).toBe(false);
    expect(isContentId('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')).toBe(false);
    expect(isContentId('QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG')).toBe(false);
    expect(isContentId('not an id')).toBe(false);
  });
});
