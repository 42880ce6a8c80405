import { describe, expect, it } from '@jest/globals';
import { generateSigningSeeds, hybridSigner, signJws, signWithContext } from '@carecord/crypto';
import { signingKeysFingerprint, verifyJwsWithAnyKey, verifyWithAnyKey } from './accepted-keys.ts';

const signers = Array.from({ length: 5 }, () => hybridSigner(generateSigningSeeds()));
const keys = signers.map(({ publicKeys }) => publicKeys);
const [first, second] = signers as [(typeof signers)[0], (typeof signers)[0]];
const message = new TextEncoder().encode('message');

describe('accepted keys', () => {
  it('verify what any pair of them signed, and tell which', async () => {
    for (const [at, signer] of signers.slice(0, 4).entries()) {
      const jws = await signJws(signer, 'test', { ed25519: 'did:example:a#1', mlDsa65: 'did:example:a#2' }, message);
      expect(await verifyJwsWithAnyKey(keys, 'test', jws)).toEqual({ payload: message, signedBy: keys[at] });
      await expect(verifyWithAnyKey(keys, 'test', message, await signWithContext(signer, 'test', message))).resolves.toBeUndefined();
    }
  });

  it('verify nothing by another pair, by half of two pairs, by none, or by a fifth', async () => {
    const [one, two] = [await signWithContext(first, 'test', message), await signWithContext(second, 'test', message)];
    const refusal = { code: 'SIGNATURE_INVALID' };
    await expect(verifyWithAnyKey(keys.slice(1), 'test', message, one)).rejects.toMatchObject(refusal);
    await expect(verifyWithAnyKey(keys, 'test', message, { ...one, mlDsa65: two.mlDsa65 })).rejects.toMatchObject(refusal);
    await expect(verifyWithAnyKey(keys, 'other', message, one)).rejects.toMatchObject(refusal);
    await expect(verifyWithAnyKey([], 'test', message, one)).rejects.toThrow();
    await expect(verifyWithAnyKey([...keys.slice(1), ...keys.slice(0, 1)], 'test', message, one)).rejects.toMatchObject(refusal);
  });

  it('have a fingerprint of their own', () => {
    expect(new Set(keys.map(signingKeysFingerprint)).size).toBe(5);
    expect(signingKeysFingerprint({ ...first.publicKeys })).toBe(signingKeysFingerprint(first.publicKeys));
    expect(signingKeysFingerprint({ ...first.publicKeys, mlDsa65: second.publicKeys.mlDsa65 })).not.toBe(signingKeysFingerprint(first.publicKeys));
  });
});
