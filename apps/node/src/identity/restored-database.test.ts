import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { DidHistories, MEMBER_POLICY } from '@carecord/identity';
import { ManualClock, MemoryDidHistoryStore } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';
import type { Replica } from './identity.fixture.ts';
import { IdentityRotation } from './identity-rotation.ts';

interface Rotating extends Replica {
  readonly rotation: IdentityRotation;
}

let home: Home;
let clock: ManualClock;
/** What others remember: no backup of ours brings that back. */
let others: DidHistories;

/** A hospital that nobody witnesses, or an authority. */
async function start(announce = (did: string, history: string): Promise<unknown> => others.accept(did, history)): Promise<Rotating> {
  const { identity, ring } = await startReplica(home, { clock });
  const rotation = new IdentityRotation({
    identity,
    ring,
    settings: home.settings,
    services: () => [],
    witness: undefined,
    collectWitnessProofs: () => Promise.resolve([]),
    announce: (history) => announce(identity.did, history),
    clock,
    logger: silentLogger,
  });
  return { identity, ring, rotation };
}

/** @returns puts the database of now in the place of the one there is then; the key holder stays */
async function backUp(): Promise<() => Promise<void>> {
  const [keys, settings] = [await home.keys.list(), new Map(home.settings.values)];
  return async () => {
    home = Object.assign(new Home(), { holder: home.holder });
    await home.transactions.run((transaction) => home.keys.insert(transaction, keys));
    for (const [name, value] of settings) home.settings.values.set(name, value);
  };
}

async function rotated(node: Rotating): Promise<string> {
  clock.advance(60_000);
  return (await node.rotation.rotate({ urgent: false })).versionId;
}

const seenByOthers = async ({ identity }: Replica): Promise<string | undefined> => (await others.known(identity.did))?.versionId;

beforeEach(() => {
  home = new Home();
  clock = new ManualClock();
  others = new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY });
});

describe('a database that was restored from a backup before the last rotation', () => {
  it('takes no second version of a number into use, however often it is tried', async () => {
    const node = await start();
    const restore = await backUp();
    const newest = await rotated(node);
    await restore();
    const again = await start();
    for (let time = 0; time < 2; time += 1) {
      await expect(rotated(again)).rejects.toMatchObject({ code: 'HISTORY_FORKED', message: expect.stringContaining('Restore the newest one') });
      expect([again.identity.signing().resolved.versionNumber, await seenByOthers(again)]).toEqual([1, newest]);
    }
    await expect((await start()).rotation.resume()).rejects.toMatchObject({ code: 'HISTORY_FORKED' });
  });

  it('with a version under way goes on with that very version, and makes no other one of the next number', async () => {
    const node = await start((did, history) => {
      if (home.settings.values.has('identity.next')) restore ??= backUp();
      return others.accept(did, history);
    });
    let restore: Promise<() => Promise<void>> | undefined;
    const [second, third] = [await rotated(node), await rotated(node)];
    await (await restore)?.();
    const again = await start();
    await again.rotation.resume();
    expect([again.identity.signing().resolved.versionId, await seenByOthers(again)]).toEqual([second, third]);
    await expect(rotated(again)).rejects.toMatchObject({ code: 'HISTORY_FORKED' });
    expect([again.identity.signing().resolved.versionId, await seenByOthers(again)]).toEqual([second, third]);
  });

  it('is whole again with the newest backup', async () => {
    const node = await start();
    const old = await backUp();
    await rotated(node);
    const newest = await backUp();
    await old();
    await expect(rotated(await start())).rejects.toMatchObject({ code: 'HISTORY_FORKED' });
    await newest();
    const again = await start();
    expect(await rotated(again)).toBe(await seenByOthers(again));
  });
});
