import { Record as DhtRecord } from '@libp2p/kad-dht';
import { describe, expect, it } from '@jest/globals';
import { MemoryDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { DhtValueKind } from '../ports.ts';
import { GuardedDatastore } from './guarded-datastore.ts';
import { HighestSeen } from './highest-seen.ts';
import { encodeValueKey } from './value-key.ts';
import { ValueRules } from './value-rules.ts';

/** A value is `owner:sequence:lifetime in ms`. */
function makeKind(clock: ManualClock, validating: () => Promise<void> = () => Promise.resolve()): DhtValueKind {
  const start = clock.now().getTime();
  const validate: DhtValueKind['validate'] = async (_key, value) => {
    const [owner, sequence, lifetime] = Buffer.from(value).toString().split(':');
    await validating();
    return { owner: owner ?? '', sequence: Number(sequence), expiresAt: new Date(start + Number(lifetime ?? 1_000)) };
  };
  return { namespace: 'test', maxBytes: 100, validate };
}

function makeGuard(clock = new ManualClock(), inner = new MemoryDatastore(), kind = makeKind(clock)) {
  return { clock, inner, guard: new GuardedDatastore(inner, new ValueRules([kind], clock), new HighestSeen(inner, clock)) };
}

const dhtKey = encodeValueKey('test', Uint8Array.of(1));

function put(guard: GuardedDatastore, text: string, at = dhtKey): Promise<Key> {
  const record = new DhtRecord(at, new TextEncoder().encode(text), new Date());
  return guard.put(new Key(`/dht/record/${base32.encode(at).slice(1)}`), record.serialize().subarray());
}

async function stored(guard: GuardedDatastore): Promise<string | undefined> {
  const value = await guard.localValue(dhtKey);
  return value === undefined ? undefined : Buffer.from(value).toString();
}

const refused = (reason: RegExp) => expect.objectContaining({ code: 'VALUE_REFUSED', message: expect.stringMatching(reason) });

describe('GuardedDatastore', () => {
  it('keeps a value, and a newer one of the same owner in its place', async () => {
    const { guard } = makeGuard();
    await put(guard, 'me:1');
    await put(guard, 'me:1');
    await put(guard, 'me:2');
    expect(await stored(guard)).toBe('me:2');
  });

  it('refuses an older value and one of another owner, and keeps what is there', async () => {
    const { guard } = makeGuard();
    await put(guard, 'me:5');
    await expect(put(guard, 'me:4')).rejects.toEqual(refused(/older/));
    await expect(put(guard, 'other:6')).rejects.toEqual(refused(/another owner/));
    expect(await stored(guard)).toBe('me:5');
  });

  it('remembers over a restart', async () => {
    const { guard, clock, inner } = makeGuard();
    await put(guard, 'me:5');
    const restarted = makeGuard(clock, inner).guard;
    await expect(put(restarted, 'me:4')).rejects.toEqual(refused(/older/));
  });

  it('remembers what it has only seen elsewhere', async () => {
    const { guard, clock } = makeGuard();
    await guard.observe(dhtKey, { owner: 'me', sequence: 9, expiresAt: new Date(clock.now().getTime() + 500) });
    await expect(put(guard, 'me:8')).rejects.toEqual(refused(/older/));
  });

  it('leaves the newest when old and new come at once, in whatever order their checks end', async () => {
    const clock = new ManualClock();
    const waits: (() => void)[] = [];
    const { guard } = makeGuard(clock, new MemoryDatastore(), makeKind(clock, () => new Promise((resolve) => waits.push(resolve))));
    const puts = ['me:1', 'me:3', 'me:2'].map((text) => put(guard, text));
    await new Promise(setImmediate);
    for (const resolve of waits.reverse()) resolve();
    await Promise.allSettled(puts);
    expect(await stored(guard)).toBe('me:3');
  });

  it('refuses what is not valid by itself, and provider records', async () => {
    const { guard } = makeGuard();
    await expect(put(guard, 'me:1', encodeValueKey('unknown', Uint8Array.of(1)))).rejects.toEqual(refused(/unknown kind/));
    await expect(guard.put(new Key('/dht/provider/abc/def'), Uint8Array.of(1))).rejects.toEqual(refused(/Provider/));
  });

  it('gives out no expired value, and lets another owner have its key', async () => {
    const { guard, clock } = makeGuard();
    await put(guard, 'me:5:1000');
    clock.advance(1_001);
    expect(await stored(guard)).toBeUndefined();
    await expect(put(guard, 'me:6:1000')).rejects.toEqual(refused(/expired/));
    await put(guard, 'other:1:5000');
    expect(await stored(guard)).toBe('other:1:5000');
  });

  it('sweeps expired values with all that was remembered of them', async () => {
    const { guard, clock, inner } = makeGuard();
    await put(guard, 'me:5:1000');
    await put(guard, 'me:5:9000', encodeValueKey('test', Uint8Array.of(2)));
    clock.advance(1_001);
    expect(await guard.sweep()).toBe(1);
    const keys: string[] = [];
    for await (const key of inner.queryKeys({})) keys.push(key.toString());
    expect(keys.sort()).toEqual([expect.stringMatching(/^\/carecord\/seen\//), expect.stringMatching(/^\/dht\/record\//)]);
  });
});
