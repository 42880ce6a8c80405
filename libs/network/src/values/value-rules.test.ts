import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { NetworkError } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { decodeValueKey, encodeValueKey } from './value-key.ts';
import { MAX_VALUE_LIFETIME_MILLISECONDS, ValueRules } from './value-rules.ts';

const clock = new ManualClock();
const key = Uint8Array.of(1, 2, 3);
const value = Uint8Array.of(9);
const good: DhtValueMeta = { sequence: 1, owner: 'me', expiresAt: new Date(clock.now().getTime() + 1_000) };

function kind(overrides: Partial<DhtValueKind> & { meta?: Partial<DhtValueMeta> } = {}): DhtValueKind {
  const { meta, ...rest } = overrides;
  return { namespace: 'test', maxBytes: 10, validate: () => Promise.resolve({ ...good, ...meta }), ...rest };
}

const refused = (reason: RegExp) => expect.objectContaining({ code: 'VALUE_REFUSED', message: expect.stringMatching(reason) });

describe('DHT keys', () => {
  it('have two segments and lead back to namespace and key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const dhtKey = encodeValueKey('some-kind', bytes);
        expect(Buffer.from(dhtKey).toString()).toMatch(/^\/carecord-some-kind\/b[a-z2-7]*$/);
        if (bytes.length > 0) expect(decodeValueKey(dhtKey)).toEqual({ namespace: 'some-kind', key: bytes });
      }),
    );
  });

  it.each([
    ['another prefix', '/pk/baeaq'],
    ['three segments', '/carecord-test/baeaq/x'],
    ['no key', '/carecord-test/b'],
    ['upper case', '/carecord-test/bAEAQ'],
    ['another spelling of the same bytes', '/carecord-test/baeax'],
    ['an impossible length', '/carecord-test/baea'],
    ['nothing', ''],
  ])('with %s are refused', (_what, text) => {
    expect(() => decodeValueKey(new TextEncoder().encode(text))).toThrow(NetworkError);
  });

  it('refuse a namespace that is not one', () => {
    expect(() => encodeValueKey('a/b', key)).toThrow(NetworkError);
  });
});

describe('ValueRules', () => {
  it('gives what the kind says about a good value', async () => {
    await expect(new ValueRules([kind()], clock).check(encodeValueKey('test', key), value)).resolves.toEqual(good);
  });

  it('takes a value of the longest lifetime, even from a clock that runs ahead', async () => {
    const expiresAt = later(clock.now(), MAX_VALUE_LIFETIME_MILLISECONDS + CLOCK_SKEW_MILLISECONDS);
    await expect(new ValueRules([kind({ meta: { expiresAt } })], clock).check(encodeValueKey('test', key), value)).resolves.toMatchObject({ expiresAt });
  });

  it('hands the bare key to the kind', async () => {
    const seen: Uint8Array[] = [];
    const rules = new ValueRules([kind({ validate: (bare) => Promise.resolve((seen.push(bare), good)) })], clock);
    await rules.check(encodeValueKey('test', key), value);
    expect(seen).toEqual([key]);
  });

  it.each<[string, DhtValueKind, string, Uint8Array, RegExp]>([
    ['an unknown kind', kind(), 'other', value, /unknown kind/],
    ['an oversized value', kind(), 'test', new Uint8Array(11), /larger/],
    ['an expired value', kind({ meta: { expiresAt: clock.now() } }), 'test', value, /expired/],
    ['a value that would stand for years', kind({ meta: { expiresAt: later(clock.now(), MAX_VALUE_LIFETIME_MILLISECONDS + CLOCK_SKEW_MILLISECONDS + 1) } }), 'test', value, /too long/],
    ['an impossible sequence', kind({ meta: { sequence: -1 } }), 'test', value, /impossible/],
    ['an impossible expiry', kind({ meta: { expiresAt: new Date(NaN) } }), 'test', value, /impossible/],
    ['what the kind refuses', kind({ validate: async () => Promise.reject(new Error('private')) }), 'test', value, /^A DHT value does not pass/],
  ])('refuses %s', async (_what, theKind, namespace, bytes, reason) => {
    await expect(new ValueRules([theKind], clock).check(encodeValueKey(namespace, key), bytes)).rejects.toEqual(refused(reason));
  });

  it('validates the same bytes once, and still sees them expire', async () => {
    const moving = new ManualClock();
    let validated = 0;
    const rules = new ValueRules([kind({ validate: () => Promise.resolve((validated++, good)) })], moving);
    for (let at = 0; at < 3; at++) await rules.check(encodeValueKey('test', key), value);
    await rules.check(encodeValueKey('test', Uint8Array.of(4)), value);
    expect(validated).toBe(2);
    moving.advance(1_001);
    await expect(rules.check(encodeValueKey('test', key), value)).rejects.toEqual(refused(/expired/));
  });

  it('asks the kind again about a value that was refused', async () => {
    let validated = 0;
    const rules = new ValueRules([kind({ validate: async () => (validated++ === 0 ? Promise.reject(new Error('not yet')) : good) })], clock);
    await expect(rules.check(encodeValueKey('test', key), value)).rejects.toEqual(refused(/pass/));
    await expect(rules.check(encodeValueKey('test', key), value)).resolves.toEqual(good);
  });

  it('does not start with two kinds of one name, or with one that allows too much', () => {
    expect(() => new ValueRules([kind(), kind()], clock)).toThrow(expect.objectContaining({ code: 'PROTOCOL_TAKEN' }));
    expect(() => new ValueRules([kind({ maxBytes: 65_537 })], clock)).toThrow(refused(/allows more/));
    expect(() => new ValueRules([kind({ namespace: 'No Name' })], clock)).toThrow(refused(/namespace/));
  });
});
