import { describe, expect, it } from '@jest/globals';
import { blindInputs, ELEMENT_BYTES, evaluateBlinded, finalizeTags, guardianKeys, TAG_BYTES } from './oprf.ts';

const keys = guardianKeys(new Uint8Array(32).fill(7));
const inputs = ['one', 'two', 'three'].map((text) => new TextEncoder().encode(text));

describe('tags', () => {
  it('are the same for the same input, however it was blinded, alone or in a batch', () => {
    const first = blindInputs(inputs);
    const second = blindInputs(inputs.slice(1, 2));
    expect(first.blinded[1]).not.toEqual(second.blinded[0]);
    const batch = finalizeTags(first, evaluateBlinded(keys, first.blinded), keys.publicKey);
    const alone = finalizeTags(second, evaluateBlinded(keys, second.blinded), keys.publicKey);
    expect(batch).toHaveLength(3);
    expect(batch[1]).toEqual(alone[0]);
    expect(new Set(batch.map((tag) => Buffer.from(tag).toString('hex'))).size).toBe(3);
    expect(batch[0]).toHaveLength(TAG_BYTES);
  });

  it('are others under another guardian key', () => {
    const other = guardianKeys(new Uint8Array(32).fill(8));
    const request = blindInputs(inputs);
    expect(finalizeTags(request, evaluateBlinded(keys, request.blinded), keys.publicKey)).not.toEqual(
      finalizeTags(request, evaluateBlinded(other, request.blinded), other.publicKey),
    );
  });
});

describe('a guardian that cheats', () => {
  const request = blindInputs(inputs);
  const honest = evaluateBlinded(keys, request.blinded);
  const refuses = (evaluated: readonly Uint8Array[], proof: Uint8Array): void => {
    expect(() => finalizeTags(request, { evaluated, proof }, keys.publicKey)).toThrow(expect.objectContaining({ code: 'GUARDIAN_PROOF_INVALID' }));
  };

  it('is caught with another key, swapped or missing answers, another proof', () => {
    const other = evaluateBlinded(guardianKeys(new Uint8Array(32).fill(8)), request.blinded);
    refuses(other.evaluated, other.proof);
    refuses([...honest.evaluated].reverse(), honest.proof);
    refuses(honest.evaluated.slice(0, 2), honest.proof);
    refuses(honest.evaluated, new Uint8Array(64));
    refuses(honest.evaluated.map(() => new Uint8Array(ELEMENT_BYTES)), honest.proof);
  });
});

describe('a blinded input that is no element', () => {
  it.each([
    ['the identity', new Uint8Array(ELEMENT_BYTES)],
    ['no encoding of a point', new Uint8Array(ELEMENT_BYTES).fill(0xff)],
    ['another length', new Uint8Array(31)],
  ])('is refused: %s', (_name, element) => {
    expect(() => evaluateBlinded(keys, [blindInputs(inputs).blinded[0] as Uint8Array, element])).toThrow(expect.objectContaining({ code: 'POINT_INVALID' }));
  });
});
