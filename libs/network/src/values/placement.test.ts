import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@carecord/crypto';
import { attachmentHashOf } from './attachment-hash.ts';
import { idOf, placeId, placementOf } from './placement.ts';
import { text } from './values.fixture.ts';

describe('placements', () => {
  it('are hashes that tell kinds and keys apart', () => {
    expect(placementOf('a', text('bc'))).toHaveLength(32);
    expect(placementOf('a', text('bc'))).toEqual(placementOf('a', text('bc')));
    expect(placementOf('a', text('bc'))).not.toEqual(placementOf('ab', text('c')));
  });

  it('and places have names that are the same for the same bytes alone', () => {
    const [one, other] = [Uint8Array.of(0, 200, 255), Uint8Array.of(9, 0, 200, 255, 9).subarray(1, 4)];
    expect(idOf(one)).toBe(idOf(other));
    expect(placeId('note', one)).toBe(placeId('note', other));
    expect(placeId('note', one)).not.toBe(placeId('other', one));
    expect(idOf(one)).not.toBe(idOf(Uint8Array.of(0, 200, 254)));
  });
});

describe('the hash of an attachment', () => {
  it('is computed once for the same bytes object', () => {
    const attachment = text('shared');
    expect(attachmentHashOf(attachment)).toEqual(sha256(attachment));
    expect(attachmentHashOf(attachment)).toBe(attachmentHashOf(attachment));
    expect(attachmentHashOf(text('shared'))).not.toBe(attachmentHashOf(attachment));
  });
});
