import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { Contact } from '../routing/ports.ts';
import { RepairSchedule } from './repair-schedule.ts';

const MINUTE = 60_000;

/** A schedule under way, the members that its routing table has, and how often it was time. */
function makeSchedule(random = 0.5) {
  const clock = new ManualClock();
  const members: string[] = ['a', 'b'];
  const listeners = new Set<() => void>();
  const routing = {
    nearest: (): Contact[] => members.map((did) => ({ did, nodeId: new Uint8Array(32) })),
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const times: number[] = [];
  const start = clock.now().getTime();
  const stop = new AbortController();
  const running = new RepairSchedule({ routing, ownDid: 'did:example:self', clock, random: () => random }).run(stop.signal, () => {
    times.push(clock.now().getTime() - start);
    return Promise.resolve();
  });
  const pass = async (milliseconds: number): Promise<void> => {
    await waitUntil(() => clock.sleeping === 1);
    clock.advance(milliseconds);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { members, listeners, times, stop, running, pass, changed: () => listeners.forEach((listener) => listener()) };
}

describe('RepairSchedule', () => {
  it('says so every ten minutes, give or take a fifth', async () => {
    for (const [random, minutes] of [[0, 8], [0.5, 10], [1, 12]] as const) {
      const { pass, times, stop, running } = makeSchedule(random);
      await pass(minutes * MINUTE - 1);
      expect(times).toEqual([]);
      await pass(1);
      await pass(minutes * MINUTE);
      expect(times).toEqual([minutes * MINUTE, 2 * minutes * MINUTE]);
      stop.abort();
      await running;
    }
  });

  it('says so half a minute after neighbours came or went, once for all of them', async () => {
    const { members, changed, pass, times, stop, running } = makeSchedule();
    await pass(MINUTE);
    members.push('c');
    changed();
    members.push('d');
    changed();
    await new Promise((resolve) => setImmediate(resolve));
    await pass(30_000);
    expect(times).toEqual([1.5 * MINUTE]);
    stop.abort();
    await running;
  });

  it('does not mind changes that leave the neighbours as they are, and ends when it is told to', async () => {
    const { changed, listeners, pass, times, stop, running } = makeSchedule();
    changed();
    await pass(MINUTE);
    expect(times).toEqual([]);
    stop.abort();
    await running;
    expect(listeners.size).toBe(0);
  });
});
