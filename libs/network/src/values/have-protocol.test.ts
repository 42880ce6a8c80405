import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeHave, decodeMissing, encodeHave, encodeMissing, haveDigest } from './have-protocol.ts';
import { idOf } from './placement.ts';
import type { ValueHeader } from './value-store-port.ts';
import { text } from './values.fixture.ts';

const header = (name: number, sequence = 1): ValueHeader => ({ namespace: 'note', key: Uint8Array.of(name), placement: new Uint8Array(32).fill(name), owner: 'a', sequence, expiresAt: new Date(0), own: false });

describe('questions about what a member lacks', () => {
  it('name values by kind, owner, key and sequence, between the first and the last placement', () => {
    const headers = [header(1, 5), header(2, Date.UTC(2026, 0)), header(9, Number.MAX_SAFE_INTEGER)];
    const request = encodeHave(headers);
    expect(request).toMatchObject({ from: headers[0]?.placement, until: headers[2]?.placement });
    expect(decodeHave(request)).toEqual(headers.map((one) => ({ digest: idOf(haveDigest(one)), sequence: BigInt(one.sequence) })));
    expect(haveDigest(header(1))).not.toEqual(haveDigest({ ...header(1), owner: 'b' }));
    expect(haveDigest(header(1))).not.toEqual(haveDigest({ ...header(1), namespace: 'other' }));
  });

  it('leave out what is not a whole value', () => {
    expect(decodeHave({ ...encodeHave([header(1)]), values: new Uint8Array(30) })).toHaveLength(1);
    expect(decodeHave({ ...encodeHave([header(1)]), values: text('short') })).toEqual([]);
  });

  it('are answered by a bit each', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 100 }), (missing) => {
        expect(decodeMissing(encodeMissing(missing), missing.length)).toEqual(missing);
        expect(decodeMissing(encodeMissing(missing), missing.length + 8)).toBeUndefined();
      }),
    );
  });
});
