import { describe, expect, it } from '@jest/globals';
import { ManualClock, MemoryDidHistoryStore } from '@carecord/testkit';
import fc from 'fast-check';
import { DidHistories } from './did-histories.ts';
import type { DidSource } from './did-histories.ts';
import { MEMBER_POLICY } from './did-policy.ts';
import { firstVersion, forged, nextVersion, NOW, resealed } from './did-versions.fixture.ts';
import type { Version } from './did-versions.fixture.ts';

const older = { code: 'DID_VERSION_OLDER' };
const fork = { code: 'DID_VERSION_FORKED' };

/** Three versions of a DID, and another second one by the same keys. */
async function versions(): Promise<{ one: Version; two: Version; three: Version; otherTwo: { did: string; history: string } }> {
  const one = await firstVersion();
  const two = await nextVersion(one);
  const otherTwo = await resealed(two, (content) => ({ ...content, versionTime: '2025-12-31T00:30:00Z' }));
  return { one, two, three: await nextVersion(two), otherTwo };
}

function make(sources: readonly DidSource[] = []): { histories: DidHistories; store: MemoryDidHistoryStore; clock: ManualClock } {
  const [store, clock] = [new MemoryDidHistoryStore(), new ManualClock(NOW)];
  return { histories: new DidHistories({ store, clock, policy: MEMBER_POLICY, sources }), store, clock };
}

describe('DidHistories', () => {
  it('remembers the highest version, and refuses one whose end was cut off', async () => {
    const { one, two, three } = await versions();
    const { histories } = make();
    expect(await histories.known(one.did)).toBeUndefined();
    await histories.accept(one.did, one.history);
    await histories.accept(one.did, three.history);
    await expect(histories.accept(one.did, two.history)).rejects.toMatchObject(older);
    await expect(histories.verify(one.did, one.history)).rejects.toMatchObject(older);
    expect(await histories.known(one.did)).toEqual(three.resolved);
    await expect(histories.accept(one.did, three.history)).resolves.toEqual(three.resolved);
  });

  it('refuses another history than the one it saw, of the same length or longer', async () => {
    const { two, three, otherTwo } = await versions();
    const { histories } = make();
    await histories.accept(two.did, otherTwo.history);
    await expect(histories.accept(two.did, two.history)).rejects.toMatchObject(fork);
    await expect(histories.accept(two.did, three.history)).rejects.toMatchObject(fork);
    await expect(histories.verify(two.did, three.history)).rejects.toMatchObject(fork);
    await expect(histories.accept(two.did, otherTwo.history)).resolves.toMatchObject({ versionNumber: 2 });
  });

  it('takes one of two histories that come at once, and the highest of many', async () => {
    const { one, two, three, otherTwo } = await versions();
    const { histories, store, clock } = make();
    const replica = new DidHistories({ store, clock, policy: MEMBER_POLICY });
    const rivals = await Promise.allSettled([histories.accept(two.did, two.history), replica.accept(two.did, otherTwo.history)]);
    expect(rivals.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const many = make();
    await Promise.allSettled([one, three, two, one].map(({ did, history }) => many.histories.accept(did, history)));
    expect(await many.histories.known(one.did)).toEqual(three.resolved);
  });

  it('remembers the highest version in whatever order they come, and goes back for none', async () => {
    const { one, two, three } = await versions();
    const all = [one, two, three];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }), async (order) => {
        const { histories } = make();
        let highest = 0;
        for (const at of order) {
          const { did, history, resolved } = all[at] ?? one;
          const outcome = await histories.accept(did, history).catch((error: unknown) => error);
          if (resolved.versionNumber < highest) expect(outcome).toHaveProperty('code', older.code);
          else expect(outcome).toHaveProperty('versionNumber', resolved.versionNumber);
          highest = Math.max(highest, resolved.versionNumber);
        }
        expect(await histories.known(one.did)).toMatchObject({ versionNumber: highest });
      }),
    );
  });

  it('remembers nothing of strangers, nor of what does not verify', async () => {
    const { one } = await versions();
    const { histories, store } = make();
    await expect(histories.verify(one.did, one.history)).resolves.toEqual(one.resolved);
    await expect(histories.accept(one.did, forged(one.history, 0, ({ entry }) => ({ entry, cosignature: undefined })))).rejects.toMatchObject({ code: 'DID_COSIGNATURE_MISSING' });
    expect(await store.find(one.did)).toBeUndefined();
  });

  it('remembers that a DID was ended', async () => {
    const { one, two } = await versions();
    const { histories } = make();
    const { did, history } = await resealed(two, ({ parameters, ...content }) => ({ ...content, parameters: { ...parameters, nextKeyHashes: [], deactivated: true } }));
    await expect(histories.accept(did, history)).rejects.toMatchObject({ code: 'DID_DEACTIVATED' });
    await expect(histories.accept(did, one.history)).rejects.toMatchObject(older);
    await expect(histories.known(did)).rejects.toMatchObject({ code: 'DID_DEACTIVATED' });
    await expect(histories.resolve(did)).rejects.toMatchObject({ code: 'DID_DEACTIVATED' });
  });

  it('asks its sources in order once what it remembers is no longer fresh', async () => {
    const { one, two } = await versions();
    const asked: string[] = [];
    const source = (name: string, answer: () => Promise<string | undefined>): DidSource => ({
      fetch: () => {
        asked.push(name);
        return answer();
      },
    });
    const { histories, clock } = make([
      source('down', () => Promise.reject(new Error('unreachable'))),
      source('lying', () => Promise.resolve('{}')),
      source('lacking', () => Promise.resolve(undefined)),
      source('behind', () => Promise.resolve(one.history)),
      source('right', () => Promise.resolve(two.history)),
    ]);
    expect(await histories.resolve(one.did)).toEqual(one.resolved);
    expect(asked).toEqual(['down', 'lying', 'lacking', 'behind']);
    clock.advance(5 * 60_000 - 1);
    expect(await histories.resolve(one.did)).toEqual(one.resolved);
    expect(asked).toHaveLength(4);
    await histories.accept(one.did, two.history);
    clock.advance(5 * 60_000);
    expect(await histories.resolve(one.did)).toEqual(two.resolved);
    expect(asked.slice(4)).toEqual(['down', 'lying', 'lacking', 'behind', 'right']);
  });

  it('falls back on what it remembers, and else finds nothing', async () => {
    const { one } = await versions();
    const { histories, clock } = make([{ fetch: () => Promise.resolve(undefined) }]);
    await expect(histories.resolve(one.did)).rejects.toMatchObject({ code: 'DID_NOT_FOUND' });
    await histories.accept(one.did, one.history);
    clock.advance(24 * 3_600_000);
    expect(await histories.resolve(one.did)).toEqual(one.resolved);
  });

  it('refuses what it remembers under a policy that asks for more', async () => {
    const { one } = await versions();
    const { histories, store, clock } = make();
    await histories.accept(one.did, one.history);
    const stricter = new DidHistories({ store, clock, policy: { ...MEMBER_POLICY, witnesses: { threshold: 1, witnesses: ['did:key:z6Mkjchh'] } } });
    await expect(stricter.known(one.did)).rejects.toMatchObject({ code: 'DID_WITNESSES_MISSING' });
  });
});
