import { describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { placementOf } from './placement.ts';
import { MAX_VALUE_LIFETIME_MILLISECONDS, UnjudgedValue, ValueRules } from './value-rules.ts';

const clock = new ManualClock();
const key = Uint8Array.of(1, 2, 3);
const value = Uint8Array.of(9);
const good: DhtValueMeta = { sequence: 1, owner: 'me', expiresAt: new Date(clock.now().getTime() + 1_000) };

function kind(overrides: Partial<DhtValueKind> & { meta?: Partial<DhtValueMeta> } = {}): DhtValueKind {
  const { meta, ...rest } = overrides;
  return { namespace: 'test', maxBytes: 10, validate: () => Promise.resolve({ ...good, ...meta }), ...rest };
}

const refused = (reason: RegExp) => expect.objectContaining({ code: 'VALUE_REFUSED', message: expect.stringMatching(reason) });

describe('ValueRules', () => {
  it('gives what the kind says about a good value', async () => {
    await expect(new ValueRules([kind()], clock).check({ namespace: 'test', key, value })).resolves.toEqual(good);
  });

  it('takes a value of the longest lifetime, even from a clock that runs ahead', async () => {
    const expiresAt = later(clock.now(), MAX_VALUE_LIFETIME_MILLISECONDS + CLOCK_SKEW_MILLISECONDS);
    await expect(new ValueRules([kind({ meta: { expiresAt } })], clock).check({ namespace: 'test', key, value })).resolves.toMatchObject({ expiresAt });
  });

  it('hands the bare key to the kind', async () => {
    const seen: Uint8Array[] = [];
    const rules = new ValueRules([kind({ validate: (bare) => Promise.resolve((seen.push(bare), good)) })], clock);
    await rules.check({ namespace: 'test', key, value });
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
    await expect(new ValueRules([theKind], clock).check({ namespace, key, value: bytes })).rejects.toEqual(refused(reason));
  });

  it('validates the same bytes once, and still sees them expire', async () => {
    const moving = new ManualClock();
    let validated = 0;
    const rules = new ValueRules([kind({ validate: () => Promise.resolve((validated++, good)) })], moving);
    for (let at = 0; at < 3; at++) await rules.check({ namespace: 'test', key, value });
    await rules.check({ namespace: 'test', key: Uint8Array.of(4), value });
    expect(validated).toBe(2);
    moving.advance(1_001);
    await expect(rules.check({ namespace: 'test', key, value })).rejects.toEqual(refused(/expired/));
  });

  it('asks the kind again about a value that was refused', async () => {
    let validated = 0;
    const rules = new ValueRules([kind({ validate: async () => (validated++ === 0 ? Promise.reject(new Error('not yet')) : good) })], clock);
    await expect(rules.check({ namespace: 'test', key, value })).rejects.toEqual(refused(/pass/));
    await expect(rules.check({ namespace: 'test', key, value })).resolves.toEqual(good);
  });

  it('says of what has expired that its giver may not have known', async () => {
    const rules = new ValueRules([kind({ meta: { expiresAt: clock.now() } })], clock);
    await expect(rules.check({ namespace: 'test', key, value })).rejects.toThrow(UnjudgedValue);
  });

  it('takes attachments of the kinds that have them alone, up to their size', async () => {
    const seen: unknown[] = [];
    const attachment = new Uint8Array(5);
    const validate: DhtValueKind['validate'] = (_key, _value, given) => Promise.resolve((seen.push(given), good));
    const rules = new ValueRules([kind({ maxAttachmentBytes: 5, validate }), kind({ namespace: 'bare' })], clock);
    await rules.check({ namespace: 'test', key, value, attachment });
    await rules.check({ namespace: 'test', key, value });
    expect(seen).toEqual([attachment, undefined]);
    await expect(rules.check({ namespace: 'test', key, value, attachment: new Uint8Array(6) })).rejects.toEqual(refused(/attachment/));
    await expect(rules.check({ namespace: 'bare', key, value, attachment })).rejects.toEqual(refused(/attachment/));
  });

  it('places values by the part of the key that their kind names, and kinds apart', () => {
    const rules = new ValueRules([kind({ placedBy: (bare) => bare.subarray(0, 2) }), kind({ namespace: 'other' })], clock);
    expect(rules.placement({ namespace: 'test', key })).toEqual(placementOf('test', key.subarray(0, 2)));
    expect(rules.placement({ namespace: 'test', key: Uint8Array.of(1, 2, 9) })).toEqual(rules.placement({ namespace: 'test', key }));
    expect(rules.placement({ namespace: 'other', key })).toEqual(placementOf('other', key));
    expect(rules.placement({ namespace: 'other', key })).toHaveLength(32);
    expect(() => rules.placement({ namespace: 'unknown', key })).toThrow(refused(/unknown kind/));
    expect(() => rules.placement({ namespace: 'other', key: new Uint8Array(129) })).toThrow(refused(/key/));
  });

  it('does not start with two kinds of one name, or with one that allows too much', () => {
    expect(() => new ValueRules([kind(), kind()], clock)).toThrow(expect.objectContaining({ code: 'PROTOCOL_TAKEN' }));
    expect(() => new ValueRules([kind({ maxBytes: 65_537 })], clock)).toThrow(refused(/allows more/));
    expect(() => new ValueRules([kind({ maxAttachmentBytes: 65_537 })], clock)).toThrow(refused(/allows more/));
    expect(() => new ValueRules([kind({ namespace: 'No Name' })], clock)).toThrow(refused(/namespace/));
  });
});
