import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateRecipientSeed, openFrom, RECIPIENT_OVERHEAD_BYTES, recipientPublicKey, sealTo } from './recipient.ts';

const info = new TextEncoder().encode('terms');
const refusal = { code: 'RECIPIENT_OPEN_FAILED' };

describe('sealing to a recipient (HPKE, ML-KEM-768 with X25519)', () => {
  it('opens for the recipient alone, whatever is sealed', async () => {
    const seed = generateRecipientSeed();
    const publicKey = await recipientPublicKey(seed);
    expect(publicKey).toHaveLength(1216);
    expect(await recipientPublicKey(seed)).toEqual(publicKey);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 40 }), async (plaintext, anyInfo) => {
        const sealed = await sealTo(publicKey, anyInfo, plaintext);
        expect(sealed).toHaveLength(plaintext.length + RECIPIENT_OVERHEAD_BYTES);
        expect(await openFrom(seed, anyInfo, sealed)).toEqual(plaintext);
        await expect(openFrom(generateRecipientSeed(), anyInfo, sealed)).rejects.toMatchObject(refusal);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses other info, truncation, and any flipped bit', async () => {
    const seed = generateRecipientSeed();
    const sealed = await sealTo(await recipientPublicKey(seed), info, new Uint8Array(32));
    await expect(openFrom(seed, info.subarray(1), sealed)).rejects.toMatchObject(refusal);
    for (const length of [0, 1, 1119, 1120, 1135, sealed.length - 1]) {
      await expect(openFrom(seed, info, sealed.subarray(0, length))).rejects.toMatchObject(refusal);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
        // RFC 7748 has the top bit of an X25519 public key ignored on purpose, but the KEM hashes it, so it counts too.
        const changed = Uint8Array.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(openFrom(seed, info, changed)).rejects.toMatchObject(refusal);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a public key or a seed of another length', async () => {
    await expect(sealTo(new Uint8Array(1215), info, info)).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(recipientPublicKey(new Uint8Array(31))).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(openFrom(new Uint8Array(31), info, new Uint8Array(2000))).rejects.toMatchObject(refusal);
  });
});
