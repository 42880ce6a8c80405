import { silentLogger } from '@carecord/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { keepBootstrapped } from './bootstrap-dialler.ts';

describe('keepBootstrapped', () => {
  let stopping = new AbortController();
  let running: Promise<void> | undefined;
  afterEach(async () => {
    stopping.abort();
    await running;
    stopping = new AbortController();
  });

  /** A dialler that has come to rest, and what it did. */
  async function start(state: { isAlone: boolean; isOneSided: boolean; answers: boolean; isNew: boolean }) {
    const clock = new ManualClock();
    const did = { dialled: [] as string[], joined: 0 };
    running = keepBootstrapped(
      {
        addresses: ['one'],
        acquaintances: () => Promise.resolve(['met before', 'one']),
        clock,
        logger: silentLogger,
        isAlone: () => state.isAlone,
        isOneSided: () => state.isOneSided,
        dial: (address) => {
          did.dialled.push(address);
          return state.answers ? Promise.resolve(state.isNew) : Promise.reject(new Error('Nobody is there.'));
        },
        joined: () => (did.joined += 1),
      },
      stopping.signal,
    );
    /** How many rounds of dials there were meanwhile. */
    const rounds = async (seconds: number): Promise<number> => {
      const before = did.dialled.length;
      for (let passed = 0; passed < seconds; passed += 1) {
        await waitUntil(() => clock.sleeping === 1);
        clock.advance(1_000);
      }
      await waitUntil(() => clock.sleeping === 1);
      return (did.dialled.length - before) / 2;
    };
    await waitUntil(() => clock.sleeping === 1);
    return { did, rounds };
  }

  it('dials at once while nobody is known, once a minute while one member alone is heard, and else every five minutes', async () => {
    const state = { isAlone: true, isOneSided: false, answers: true, isNew: false };
    const { did, rounds } = await start(state);
    expect(did.dialled).toEqual(['one', 'met before']);
    state.isAlone = false;
    expect(await rounds(295)).toBe(0);
    expect(await rounds(10)).toBe(1);
    state.isOneSided = true;
    expect([await rounds(60), await rounds(60), await rounds(60)]).toEqual([1, 1, 1]);
    state.isOneSided = false;
    expect(await rounds(200)).toBe(0);
  });

  it('tries again less and less often where nobody answers, at least once a minute', async () => {
    const { rounds } = await start({ isAlone: true, isOneSided: false, answers: false, isNew: false });
    // After 1, 2, 4, 8, 16 and 32 seconds, and then every 60.
    expect(await rounds(63)).toBe(6);
    expect(await rounds(120)).toBe(2);
  });

  it('tells of members that it has brought, and not of those that were connected', async () => {
    const state = { isAlone: true, isOneSided: false, answers: true, isNew: true };
    const { did, rounds } = await start(state);
    expect(did.joined).toBe(1);
    state.isNew = false;
    expect(await rounds(5)).toBe(1);
    expect(did.joined).toBe(1);
  });
});
