import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { CHI_SQUARE_LIMIT, chiSquare, chiSquareOfTwo } from './uniformity.ts';
import { Recording } from './recording.ts';

const hashes = (prefix: string, count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => createHash('sha256').update(`${prefix}${at}`).digest());

describe('what tells uniform bytes from others', () => {
  it('lets hashes pass, and refuses bytes of which a quarter have their lowest bit cleared', () => {
    expect(chiSquare(hashes('a', 1_000))).toBeLessThan(CHI_SQUARE_LIMIT);
    const biased = hashes('a', 1_000).map((hash, at) => (at % 4 === 0 ? hash.map((byte) => byte & 0xfe) : hash));
    expect(chiSquare(biased)).toBeGreaterThan(CHI_SQUARE_LIMIT);
  });

  it('finds two sets of hashes alike, and texts and hashes not', () => {
    expect(chiSquareOfTwo(hashes('a', 1_000), hashes('b', 300))).toBeLessThan(CHI_SQUARE_LIMIT);
    const hex = hashes('b', 300).map((hash) => Buffer.from(Buffer.from(hash).toString('hex')));
    expect(chiSquareOfTwo(hashes('a', 1_000), hex)).toBeGreaterThan(CHI_SQUARE_LIMIT);
  });
});

describe('a recording', () => {
  it('finds what is anywhere in it, and nothing else', () => {
    const [one, other] = hashes('a', 2) as [Uint8Array, Uint8Array];
    const recording = new Recording();
    recording.add(Buffer.concat([Buffer.from('xyz'), one, Buffer.from('abc')]));
    recording.add(new Uint8Array(3));
    const needles = [one, other].map((bytes, patient) => ({ patient, what: 'a hash', bytes }));
    expect(recording.search(needles)).toEqual([needles[0]]);
  });
});
