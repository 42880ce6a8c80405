import { describe, expect, it } from '@jest/globals';
import { chooseMlDsa65 } from './ml-dsa.ts';
import { nobleMlDsa65 } from './ml-dsa-noble.ts';
import { ML_DSA_65_PUBLIC_KEY_BYTES, ML_DSA_65_SIGNATURE_BYTES } from './ml-dsa-port.ts';
import { requiredNativeMlDsa65 as native } from './primitives.fixture.ts';

const seed = new Uint8Array(32).fill(7);
const message = new TextEncoder().encode('a message');

describe('the choice of ML-DSA-65', () => {
  it('is the native one where there is one, else noble', () => {
    expect(chooseMlDsa65(native)).toBe(native);
    expect(chooseMlDsa65(undefined)).toBe(nobleMlDsa65);
  });
});

describe.each([
  { signing: native, verifying: native },
  { signing: nobleMlDsa65, verifying: nobleMlDsa65 },
  { signing: native, verifying: nobleMlDsa65 },
  { signing: nobleMlDsa65, verifying: native },
])('ML-DSA-65, signed by $signing.name and verified by $verifying.name', ({ signing, verifying }) => {
  const signer = signing.signer(seed);

  it('verifies, with the same key from the same seed', async () => {
    const signature = await signer.sign(message);
    expect([signer.publicKey.length, signature.length]).toEqual([ML_DSA_65_PUBLIC_KEY_BYTES, ML_DSA_65_SIGNATURE_BYTES]);
    expect(Buffer.from(verifying.signer(seed).publicKey).equals(signer.publicKey)).toBe(true);
    expect(verifying.verify(signer.publicKey, message, signature)).toBe(true);
    expect(verifying.verify(signer.publicKey, new Uint8Array(), await signer.sign(new Uint8Array()))).toBe(true);
  });

  it('is refused for another message, key or signature, and for wrong lengths', async () => {
    const signature = await signer.sign(message);
    expect(verifying.verify(signer.publicKey, message.subarray(1), signature)).toBe(false);
    expect(verifying.verify(signing.signer(new Uint8Array(32).fill(8)).publicKey, message, signature)).toBe(false);
    expect(verifying.verify(signer.publicKey, message, signature.map((byte, at) => (at === 100 ? byte ^ 1 : byte)))).toBe(false);
    expect(verifying.verify(signer.publicKey.subarray(1), message, signature)).toBe(false);
    expect(verifying.verify(signer.publicKey, message, signature.subarray(1))).toBe(false);
    expect(() => signing.signer(seed.subarray(1))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
