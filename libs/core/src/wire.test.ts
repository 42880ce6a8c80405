import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { bytes, decodeWire, encodeWire } from './wire.ts';

const schema = z.strictObject({ id: z.string().max(10), data: bytes({ atMost: 8 }), key: bytes({ exactly: 2 }) });
const message = { id: 'a', data: Uint8Array.of(1, 2), key: Uint8Array.of(3, 4) };
const LIMIT = 64;

describe('wire messages', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10, unit: 'grapheme-ascii' }), fc.uint8Array({ maxLength: 8 }), (id, data) => {
        const sent = { id, data, key: Uint8Array.of(0, 255) };
        expect(decodeWire(schema, encodeWire(schema, sent), LIMIT)).toEqual(sent);
      }),
    );
  });

  it('are refused over the limit, before they are decoded', () => {
    expect(() => decodeWire(schema, new Uint8Array(LIMIT + 1), LIMIT)).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }));
  });

  it.each([
    ['truncated', encodeWire(schema, message).slice(0, -1)],
    ['with bytes behind the end', Uint8Array.of(...encodeWire(schema, message), 0)],
    ['of indefinite length', Uint8Array.of(0xbf, 0xff)],
    ['with a key twice', Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61, 0x61, 0x02)],
    ['with a number in more bytes than it needs', Uint8Array.of(0x18, 0x01)],
    ['empty', new Uint8Array(0)],
  ])('are refused %s', (_, encoded) => {
    expect(() => decodeWire(schema, encoded, LIMIT)).toThrow(expect.objectContaining({ code: 'WIRE_MALFORMED' }));
  });

  it.each([
    ['with keys that are not sorted', Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x02)],
    ['with a number as a longer float', Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ['with a whole number as a float', Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0xf9, 0x3c, 0x00)],
  ])('are refused %s, though they are CBOR of the right shape', (_, encoded) => {
    const numbers = z.strictObject({ a: z.number(), b: z.number() });
    expect(() => decodeWire(numbers, encoded, LIMIT)).toThrow(expect.objectContaining({ code: 'WIRE_MALFORMED' }));
    const sorted = Uint8Array.of(0xa2, 0x61, 0x61, 0x02, 0x61, 0x62, 0x01);
    expect(decodeWire(numbers, sorted, LIMIT)).toEqual({ a: 2, b: 1 });
  });

  it('are refused with another shape, and the error shows none of the content', () => {
    const secret = { id: 'a', data: Uint8Array.of(1), key: Uint8Array.of(1, 2), surname: 'Nightingale' };
    const encoded = encodeWire(z.any(), secret);
    expect(() => decodeWire(schema, encoded, LIMIT)).toThrow(expect.objectContaining({ code: 'WIRE_SCHEMA', message: expect.not.stringContaining('Nightingale') }));
  });

  it('are refused with bytes where a read-only list should be', () => {
    const lists = z.strictObject({ list: z.array(z.number()).length(2).readonly() });
    const encoded = encodeWire(z.any(), { list: Uint8Array.of(1, 2) });
    expect(() => decodeWire(lists, encoded, LIMIT)).toThrow(expect.objectContaining({ code: 'WIRE_SCHEMA' }));
  });

  it('are not sent when they are not of the schema', () => {
    expect(() => encodeWire(schema, { ...message, key: Uint8Array.of(1) })).toThrow(expect.objectContaining({ code: 'WIRE_SCHEMA' }));
  });

  it('never crash the reader: arbitrary bytes are decoded or refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: LIMIT }), (encoded) => {
        try {
          decodeWire(schema, encoded, LIMIT);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^WIRE_/) });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
