import { describe, expect, it } from '@jest/globals';
import { readAtMost } from './read-at-most.ts';

describe('readAtMost', () => {
  /** Chunks of these lengths; notes how many were asked for, and that the reading ended. */
  async function* body(lengths: readonly number[], seen: (number | 'ended')[] = []): AsyncGenerator<Uint8Array> {
    try {
      for (const length of lengths) {
        seen.push(length);
        yield await Promise.resolve(new Uint8Array(length).fill(length));
      }
    } finally {
      seen.push('ended');
    }
  }

  it('gives the bytes of all chunks together, up to the limit', async () => {
    expect(await readAtMost(5, body([2, 3]))).toEqual(Uint8Array.of(2, 2, 3, 3, 3));
    expect(await readAtMost(5, body([]))).toEqual(new Uint8Array());
  });

  it('ends the reading as soon as there is one byte too many', async () => {
    const seen: (number | 'ended')[] = [];
    expect(await readAtMost(4, body([2, 3, 1], seen))).toBeUndefined();
    expect(seen).toEqual([2, 3, 'ended']);
  });

  it('passes on what breaks the body off', async () => {
    await expect(readAtMost(4, (async function* () {
      yield await Promise.reject<Uint8Array>(new Error('broken off'));
    })())).rejects.toThrow('broken off');
  });
});
