import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newPolynomial, shareOf } from './guardians/dealing.ts';
import { decodeScalar, encodeScalar, evaluatePolynomial, lagrange, product, sumScalars } from './guardians/group.ts';
import { blindInputs, combineTags, ELEMENT_BYTES, evaluateBlinded, publicImage, TAG_BYTES, verifyEvaluation } from './oprf.ts';
import type { BlindedInputs } from './oprf.ts';

const secretOf = (polynomial: readonly Uint8Array[]): Uint8Array => polynomial[0] as Uint8Array;
const inputs = ['one', 'two', 'three'].map((text) => new TextEncoder().encode(text));
const [secret, otherSecret] = [secretOf(newPolynomial(1)), secretOf(newPolynomial(1))];

/** What a single guardian with the whole key gives: RFC 9497 as it stands. */
const single = (request: BlindedInputs, key: Uint8Array): Uint8Array[] => combineTags(request, [{ index: 1, evaluated: evaluateBlinded(key, request.blinded).evaluated }]);
const set = fc.integer({ min: 1, max: 7 }).chain((threshold) => fc.record({ threshold: fc.constant(threshold), order: fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7], { minLength: threshold, maxLength: 7 }) }));

describe('tags', () => {
  it('are the same for the same input, however it was blinded, alone or in a batch', () => {
    const first = blindInputs(inputs);
    const second = blindInputs(inputs.slice(1, 2));
    expect(first.blinded[1]).not.toEqual(second.blinded[0]);
    const batch = single(first, secret);
    expect(batch[1]).toEqual(single(second, secret)[0]);
    expect(new Set(batch.map((tag) => Buffer.from(tag).toString('hex'))).size).toBe(3);
    expect(batch[0]).toHaveLength(TAG_BYTES);
    expect(single(first, otherSecret)).not.toEqual(batch);
  });

  it('are, by whichever threshold of guardians, those of the single key', () => {
    fc.assert(
      fc.property(set, ({ threshold, order }) => {
        const polynomial = newPolynomial(threshold);
        const request = blindInputs(inputs.slice(0, 1));
        const evaluations = order.slice(0, threshold).map((index) => {
          const share = shareOf(polynomial, index);
          const evaluation = evaluateBlinded(share, request.blinded);
          verifyEvaluation(request, evaluation, publicImage(share));
          return { index, evaluated: evaluation.evaluated };
        });
        expect(combineTags(request, evaluations)).toEqual(single(request, secretOf(polynomial)));
        if (threshold > 1) expect(combineTags(request, evaluations.slice(1))).not.toEqual(single(request, secretOf(polynomial)));
      }),
      { numRuns: 12 },
    );
  });
});

describe('shares', () => {
  it('of fewer than the threshold fit every key: whatever the key, there is one polynomial that gives just these shares', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.bigInt({ min: 1n, max: 2n ** 250n }), (threshold, candidate) => {
        const polynomial = newPolynomial(threshold);
        const known = Array.from({ length: threshold - 1 }, (_, at) => at + 1);
        const shares = known.map((index) => decodeScalar(shareOf(polynomial, index)));
        // The points (0, candidate) and those of the shares determine a polynomial of the right degree.
        const points = [0, ...known];
        const at = (x: number): bigint => sumScalars([candidate, ...shares].map((value, place) => product(value, lagrange(points[place] as number, points, x))));
        known.forEach((index, place) => {
          expect(at(index)).toBe(shares[place]);
        });
        expect(at(0)).toBe(candidate);
        // With one share more it is the true polynomial or none.
        expect(at(threshold) === decodeScalar(shareOf(polynomial, threshold))).toBe(candidate === decodeScalar(secretOf(polynomial)));
      }),
      { numRuns: 20 },
    );
  });

  it('of fewer than the threshold look the same for two keys: their lowest bits are spread alike', () => {
    const ones = (key: bigint): number => Array.from({ length: 2_000 }, () => Number(decodeScalar(shareOf(newPolynomial(2, key), 1)) & 1n)).reduce((sum, bit) => sum + bit);
    // Four standard deviations of a fair coin, thrown 2,000 times, are 90.
    for (const key of [1n, decodeScalar(secret)]) expect(Math.abs(ones(key) - 1_000)).toBeLessThan(90);
  });

  it('are values of the polynomial', () => {
    const polynomial = newPolynomial(3);
    expect(shareOf(polynomial, 5)).toEqual(encodeScalar(evaluatePolynomial(polynomial.map(decodeScalar), 5)));
  });
});

describe('a guardian that cheats', () => {
  const request = blindInputs(inputs);
  const honest = evaluateBlinded(secret, request.blinded);
  const refuses = (evaluated: readonly Uint8Array[], proof: Uint8Array): void => {
    expect(() => verifyEvaluation(request, { evaluated, proof }, publicImage(secret))).toThrow(expect.objectContaining({ code: 'GUARDIAN_PROOF_INVALID' }));
  };

  it('is caught with another share, swapped or missing answers, another proof', () => {
    const other = evaluateBlinded(otherSecret, request.blinded);
    expect(() => verifyEvaluation(request, honest, publicImage(secret))).not.toThrow();
    refuses(other.evaluated, other.proof);
    refuses([...honest.evaluated].reverse(), honest.proof);
    refuses(honest.evaluated.slice(0, 2), honest.proof);
    refuses(honest.evaluated, new Uint8Array(64));
    refuses(honest.evaluated.map(() => new Uint8Array(ELEMENT_BYTES)), honest.proof);
  });
});

describe('a blinded input that is no element', () => {
  // p - 1 stands for a point, but negative: RFC 9496 demands the other one of the two.
  const negative = Uint8Array.from(Buffer.from('ec' + 'ff'.repeat(30) + '7f', 'hex'));
  it.each([
    ['the identity', new Uint8Array(ELEMENT_BYTES)],
    ['no encoding of a point', new Uint8Array(ELEMENT_BYTES).fill(0xff)],
    ['an encoding that is not canonical', negative],
    ['another length', new Uint8Array(31)],
  ])('is refused: %s', (_name, element) => {
    expect(() => evaluateBlinded(secret, [blindInputs(inputs).blinded[0] as Uint8Array, element])).toThrow(expect.objectContaining({ code: 'POINT_INVALID' }));
  });
});
