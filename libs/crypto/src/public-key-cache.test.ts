import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ed25519Signer, importEd25519PublicKey, signEd25519, verifyEd25519 } from './ed25519.ts';
import { PublicKeyCache } from './public-key-cache.ts';

const { publicKey } = generateKeyPairSync('ed25519');
const bytesOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 0xff);

describe('PublicKeyCache', () => {
  function counting(): { readonly cache: PublicKeyCache; readonly reads: string[] } {
    const reads: string[] = [];
    return { reads, cache: new PublicKeyCache((bytes) => (reads.push(Buffer.from(bytes).toString('hex')), publicKey)) };
  }

  it('reads the same bytes once, whoever holds them, and others anew', () => {
    const { cache, reads } = counting();
    for (const bytes of [bytesOf(1), bytesOf(1), Buffer.from([9, 0, 1]).subarray(1), bytesOf(2)]) cache.get(bytes);
    expect(reads).toEqual(['0001', '0002']);
  });

  it('takes another key for bytes that were changed in place', () => {
    const { cache, reads } = counting();
    const bytes = bytesOf(1);
    cache.get(bytes);
    bytes[1] = 2;
    cache.get(bytes);
    expect(reads).toEqual(['0001', '0002']);
  });

  it('forgets the keys used longest ago when it is full', () => {
    const { cache, reads } = counting();
    for (let number = 0; number < 512; number++) cache.get(bytesOf(number));
    cache.get(bytesOf(0));
    cache.get(bytesOf(512));
    reads.length = 0;
    cache.get(bytesOf(0));
    cache.get(bytesOf(1));
    expect(reads).toEqual(['0001']);
  });

  it('does not remember what cannot be read', () => {
    let reads = 0;
    const cache = new PublicKeyCache(() => {
      reads++;
      throw new Error('no key');
    });
    for (let round = 0; round < 2; round++) expect(() => cache.get(bytesOf(1))).toThrow('no key');
    expect(reads).toBe(2);
  });
});

describe('ed25519Signer', () => {
  const seed = new Uint8Array(32).fill(7);
  const message = new TextEncoder().encode('a message');

  it('signs as the seed does, and its public key verifies nothing else', () => {
    const signer = ed25519Signer(seed);
    expect(signer.sign(message)).toEqual(signEd25519(seed, message));
    expect(verifyEd25519(signer.publicKey, message, signer.sign(message))).toBe(true);
    expect(verifyEd25519(signer.publicKey, message.subarray(1), signer.sign(message))).toBe(false);
    expect(verifyEd25519(ed25519Signer(new Uint8Array(32).fill(8)).publicKey, message, signer.sign(message))).toBe(false);
  });

  it('takes no seed and no public key of another length', () => {
    expect(() => ed25519Signer(seed.subarray(1))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect(() => importEd25519PublicKey(seed.subarray(1))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
  });
});
