import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { searchFor } from './raw-search.ts';

const text = fc.string({ minLength: 9, maxLength: 40 });
const around = fc.uint8Array({ maxLength: 7 });

describe('the search for texts in raw bytes', () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['plain', (bytes) => bytes],
    ['hexadecimal', (bytes) => Buffer.from(bytes.toString('hex'))],
    ['upper-case hexadecimal', (bytes) => Buffer.from(bytes.toString('hex').toUpperCase())],
    ['base64', (bytes) => Buffer.from(bytes.toString('base64'))],
    ['base64url', (bytes) => Buffer.from(bytes.toString('base64url'))],
  ])('finds one %s, whatever stands before and after it', (_, encode) => {
    fc.assert(
      fc.property(around, text, around, (before, sought, after) => {
        const haystack = encode(Buffer.concat([before, Buffer.from(sought, 'utf8'), after]));
        expect(searchFor([sought]).formsFound(haystack)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('finds each of many texts that begin alike', () => {
    const texts = Array.from({ length: 50 }, (_, index) => `canary-${index}-${'x'.repeat(index)}`);
    const search = searchFor(texts);
    for (const sought of texts) {
      expect(search.formsFound(Buffer.from(`-${sought}-`))).toEqual(['plain']);
      expect(search.formsFound(Buffer.from(Buffer.from(`ab${sought}cd`).toString('base64')))).toContain('base64 at alignment 2');
    }
  });

  it('does not find what is not there', () => {
    expect(searchFor(['canary-0123456789', 'canary-abcdefgh']).formsFound(Buffer.from('canary-0 of somebody else, canary-abcdefg, in plain text'))).toEqual([]);
  });

  it('refuses a text that is too short to be told from chance', () => {
    expect(() => searchFor(['12345678'])).toThrow(RangeError);
  });
});
