import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ed25519PublicKey, signEd25519, verifyEd25519 } from './ed25519.ts';
import { generateSigningSeeds, hybridSignatureSchema, hybridSigner, signWithContext, verifyWithContext } from './hybrid-signature.ts';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const message = new TextEncoder().encode('a message');
const refusal = expect.objectContaining({ code: 'SIGNATURE_INVALID' });

describe('Ed25519 (RFC 8032, section 7.1)', () => {
  it.each([
    {
      name: 'TEST 1',
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      name: 'TEST 2',
      seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      message: '72',
      signature:
        '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    },
  ])('$name', ({ seed, publicKey, message: signed, signature }) => {
    expect(hex(ed25519PublicKey(fromHex(seed)))).toBe(publicKey);
    expect(hex(signEd25519(fromHex(seed), fromHex(signed)))).toBe(signature);
    expect(verifyEd25519(fromHex(publicKey), fromHex(signed), fromHex(signature))).toBe(true);
    expect(verifyEd25519(fromHex(publicKey), fromHex(`${signed}00`), fromHex(signature))).toBe(false);
  });

  it('is false for keys and signatures of a wrong length, and refuses such a seed', () => {
    expect(verifyEd25519(new Uint8Array(33), message, new Uint8Array(64))).toBe(false);
    expect(verifyEd25519(new Uint8Array(32), message, new Uint8Array(63))).toBe(false);
    expect(() => signEd25519(new Uint8Array(31), message)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});

describe('hybrid signatures', () => {
  const seeds = generateSigningSeeds();
  const signer = hybridSigner(seeds);

  it('verify, and have the shape that the wire expects', async () => {
    const signature = await signWithContext(signer, 'test', message);
    expect(() => verifyWithContext(signer.publicKeys, 'test', message, signature)).not.toThrow();
    expect(hybridSignatureSchema.safeParse(signature).success).toBe(true);
    expect(hybridSignatureSchema.safeParse({ ...signature, mlDsa65: signature.ed25519 }).success).toBe(false);
  });

  it('come from the same keys whenever the seeds are the same', () => {
    expect(hybridSigner(seeds).publicKeys).toEqual(signer.publicKeys);
    expect(hybridSigner(generateSigningSeeds()).publicKeys).not.toEqual(signer.publicKeys);
  });

  it('are refused for another message, context, or key', async () => {
    const signature = await signWithContext(signer, 'test', message);
    const others = hybridSigner(generateSigningSeeds()).publicKeys;
    expect(() => verifyWithContext(signer.publicKeys, 'test', message.subarray(1), signature)).toThrow(refusal);
    expect(() => verifyWithContext(signer.publicKeys, 'tes', Uint8Array.of(0x74, ...message), signature)).toThrow(refusal);
    expect(() => verifyWithContext({ ...signer.publicKeys, ed25519: others.ed25519 }, 'test', message, signature)).toThrow(refusal);
    expect(() => verifyWithContext({ ...signer.publicKeys, mlDsa65: others.mlDsa65 }, 'test', message, signature)).toThrow(refusal);
    expect(() => verifyWithContext({ ed25519: new Uint8Array(), mlDsa65: new Uint8Array() }, 'test', message, signature)).toThrow(refusal);
  });

  it('are refused when any bit of either is flipped', async () => {
    const signature = await signWithContext(signer, 'test', message);
    fc.assert(
      fc.property(fc.constantFrom('ed25519' as const, 'mlDsa65' as const), fc.nat(), (which, position) => {
        const changed = Uint8Array.from(signature[which]);
        const bit = position % (changed.length * 8);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => verifyWithContext(signer.publicKeys, 'test', message, { ...signature, [which]: changed })).toThrow(refusal);
      }),
    );
  });
});
