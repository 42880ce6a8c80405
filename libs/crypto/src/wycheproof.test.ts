import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { NONCE_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { native, noble } from './primitives.fixture.ts';

/** Vectors of C2SP/wycheproof, beside the repository; they are not copied into it. */
const folder = new URL('../../../../shared/data/wycheproof/', import.meta.url);
const present = existsSync(folder);
if (!present) process.stderr.write('Skipped: the Wycheproof vectors are not beside this repository (shared/data/wycheproof).\n');

type Vector = Readonly<Record<string, string> & { readonly tcId: number; readonly size: number; readonly flags: readonly string[] }>;
type Group = Readonly<{ keySize: number; ivSize: number; tagSize: number; publicKey: string; tests: readonly Vector[] }>;

function groups(file: string): readonly Group[] {
  return (JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { testGroups: readonly Group[] }).testGroups;
}

const bytesOf = (hex: string | undefined): Buffer => Buffer.from(hex ?? '', 'hex');

/** The ids of the vectors on which `passes` differs from what the vector says; `acceptable` may do either. */
function surprises(vectors: readonly Vector[], passes: (vector: Vector) => boolean): number[] {
  return vectors.filter((vector) => vector.result !== 'acceptable' && passes(vector) !== (vector.result === 'valid')).map(({ tcId }) => tcId);
}

/** False where the work throws. */
function succeeds(work: () => boolean): boolean {
  try {
    return work();
  } catch {
    return false;
  }
}

(present ? describe : describe.skip).each([native, noble])('Wycheproof, $name', ({ seal, open, hkdfSha256, verifyMlDsa65, decapsulateMlKem768, x25519 }) => {
  it('AES-GCM with 256-bit keys, 96-bit nonces and full tags: opens the valid, refuses the changed, seals the same bytes', () => {
    const vectors = groups('aes_gcm_test.json')
      .filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === NONCE_BYTES * 8 && tagSize === TAG_BYTES * 8)
      .flatMap(({ tests }) => tests);
    expect(vectors.length).toBeGreaterThan(50);
    const passes = ({ key, iv, aad, msg, ct, tag }: Vector): boolean =>
      succeeds(() => {
        const opened = open(bytesOf(key), bytesOf(iv), bytesOf(`${ct}${tag}`), bytesOf(aad));
        const sealed = seal(bytesOf(key), bytesOf(iv), bytesOf(msg), bytesOf(aad));
        return bytesOf(msg).equals(opened) && bytesOf(`${ct}${tag}`).equals(sealed);
      });
    expect(surprises(vectors, passes)).toEqual([]);
  });

  it('HKDF-SHA-256', () => {
    const vectors = groups('hkdf_sha256_test.json').flatMap(({ tests }) => tests);
    const passes = ({ ikm, salt, info, size, okm }: Vector): boolean =>
      succeeds(() => bytesOf(okm).equals(hkdfSha256(bytesOf(ikm), bytesOf(salt), bytesOf(info), size)));
    expect(surprises(vectors, passes)).toEqual([]);
  });

  it('ML-DSA-65 verification with the empty context, the only one we use', () => {
    const wrong = groups('mldsa_65_verify_test.json').flatMap(({ publicKey, tests }) =>
      surprises(
        tests.filter(({ ctx }) => ctx === undefined || ctx === ''),
        ({ msg, sig }) => verifyMlDsa65(bytesOf(publicKey), bytesOf(msg), bytesOf(sig)),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('ML-KEM-768 decapsulation', () => {
    const vectors = groups('mlkem_768_test.json').flatMap(({ tests }) => tests);
    const passes = ({ seed, c, K }: Vector): boolean => succeeds(() => bytesOf(K).equals(decapsulateMlKem768(bytesOf(seed), bytesOf(c))));
    expect(surprises(vectors, passes)).toEqual([]);
  });

  it('X25519', () => {
    const vectors = groups('x25519_test.json').flatMap(({ tests }) => tests);
    const passes = (vector: Vector): boolean => succeeds(() => bytesOf(vector.shared).equals(x25519(bytesOf(vector.private), bytesOf(vector.public))));
    expect(surprises(vectors, passes)).toEqual([]);
  });
});
