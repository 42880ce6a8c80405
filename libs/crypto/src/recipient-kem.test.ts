import { describe, expect, it } from '@jest/globals';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from 'hpke';
import type { KEMFactory } from 'hpke';
import { nobleRecipientKem } from './recipient-kem-noble.ts';
import { chooseRecipientKem, nativeRecipientKem } from './recipient-kem.ts';

const nativeKem = nativeRecipientKem() ?? (() => {
  throw new Error('This Node has no ML-KEM: the tests need Node 24.');
})();
const native = { name: 'native', kem: nativeKem };
const noble = { name: 'noble', kem: nobleRecipientKem };
const suiteOf = (kem: KEMFactory): CipherSuite => new CipherSuite(kem, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

const seed = new Uint8Array(32).fill(9);
const info = new TextEncoder().encode('info');
const plaintext = new TextEncoder().encode('a data key');

describe('the choice of the KEM', () => {
  it('is the native one where there is one, else noble', () => {
    expect(chooseRecipientKem(nativeKem)).toBe(nativeKem);
    expect(chooseRecipientKem(undefined)).toBe(nobleRecipientKem);
  });
});

describe.each([
  { sealing: native, opening: native },
  { sealing: noble, opening: noble },
  { sealing: native, opening: noble },
  { sealing: noble, opening: native },
])('HPKE with X25519 and ML-KEM-768, sealed by $sealing.name and opened by $opening.name', ({ sealing, opening }) => {
  const sender = suiteOf(sealing.kem);
  const recipient = suiteOf(opening.kem);

  it('opens, with the same public key from the same seed', async () => {
    const keyPair = await recipient.DeriveKeyPair(seed, true);
    const serialized = await recipient.SerializePublicKey(keyPair.publicKey);
    expect(await sender.SerializePublicKey((await sender.DeriveKeyPair(seed)).publicKey)).toEqual(serialized);
    const { encapsulatedSecret, ciphertext } = await sender.Seal(await sender.DeserializePublicKey(serialized), plaintext, { info });
    expect([serialized.length, encapsulatedSecret.length]).toEqual([1216, 1120]);
    expect(await recipient.Open(keyPair, encapsulatedSecret, ciphertext, { info })).toEqual(plaintext);
    const again = await recipient.DeserializePrivateKey(await recipient.SerializePrivateKey(keyPair.privateKey), false);
    expect(await recipient.Open(again, encapsulatedSecret, ciphertext, { info })).toEqual(plaintext);
  });

  it('refuses another key, other info, and what is changed or cut', async () => {
    const keyPair = await recipient.DeriveKeyPair(seed);
    const publicKey = await sender.DeserializePublicKey(await recipient.SerializePublicKey(keyPair.publicKey));
    const { encapsulatedSecret, ciphertext } = await sender.Seal(publicKey, plaintext, { info });
    const changed = encapsulatedSecret.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
    await expect(recipient.Open(await recipient.DeriveKeyPair(new Uint8Array(32)), encapsulatedSecret, ciphertext, { info })).rejects.toThrow();
    await expect(recipient.Open(keyPair, encapsulatedSecret, ciphertext, { info: plaintext })).rejects.toThrow();
    await expect(recipient.Open(keyPair, changed, ciphertext, { info })).rejects.toThrow();
    await expect(recipient.Open(keyPair, encapsulatedSecret.subarray(1), ciphertext, { info })).rejects.toThrow();
    await expect(sender.DeserializePublicKey(new Uint8Array(1215))).rejects.toThrow();
  });
});
