import { silentLogger } from '@carecord/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { keepBootstrapped } from './bootstrap-dialler.ts';

describe('keepBootstrapped', () => {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  afterEach(async () => {
    stopping.abort();
    await running;
  });

  it('dials at once while nobody is known, once a minute while one member alone is heard, and else never', async () => {
    const clock = new ManualClock();
    const dialled: string[] = [];
    const state = { isAlone: true, isOneSided: false };
    running = keepBootstrapped(
      {
        addresses: ['one'],
        clock,
        logger: silentLogger,
        isAlone: () => state.isAlone,
        isOneSided: () => state.isOneSided,
        dial: (address) => Promise.resolve(dialled.push(address)),
      },
      stopping.signal,
    );
    const minute = async (): Promise<number> => {
      const before = dialled.length;
      for (let second = 0; second < 60; second += 5) {
        await waitUntil(() => clock.sleeping === 1);
        clock.advance(5_000);
      }
      await waitUntil(() => clock.sleeping === 1);
      return dialled.length - before;
    };
    await waitUntil(() => clock.sleeping === 1);
    expect(dialled).toEqual(['one']);
    state.isAlone = false;
    expect(await minute()).toBe(0);
    state.isOneSided = true;
    expect([await minute(), await minute(), await minute()]).toEqual([1, 1, 1]);
    state.isOneSided = false;
    expect(await minute()).toBe(0);
  });
});
