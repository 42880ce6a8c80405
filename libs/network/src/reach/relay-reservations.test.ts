import { silentLogger } from '@carecord/core';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { RelayReservations } from './relay-reservations.ts';

const MINUTE = 60_000;

/** Relays of which some refuse; who was asked is written down. */
function setUp(relays: readonly string[], refusing: ReadonlySet<string> = new Set()) {
  const state = { relays: [...relays], held: [] as string[], asked: [] as string[], searches: 0 };
  const clock = new ManualClock();
  const keeper = new RelayReservations({
    candidates: () => {
      state.searches += 1;
      return Promise.resolve(state.relays.map((did) => ({ did, addresses: [] })));
    },
    reserve: ({ did }) => {
      state.asked.push(did);
      if (refusing.has(did)) return Promise.reject(new Error('NO'));
      state.held.push(did);
      return Promise.resolve();
    },
    held: () => state.held,
    clock,
    logger: silentLogger,
  });
  const stopping = new AbortController();
  return { state, clock, keeper, stopping, fill: () => keeper.fill(stopping.signal) };
}

describe('RelayReservations', () => {
  it('takes three places, at different hospitals, and looks no further', async () => {
    const { state, fill } = setUp(['a', 'b', 'c', 'd', 'e']);
    await fill();
    await fill();
    expect(new Set(state.held).size).toBe(3);
    expect(state.asked).toHaveLength(3);
    expect(state.searches).toBe(1);
  });

  it('takes what there is, and never two places of one hospital', async () => {
    const { state, fill } = setUp(['a', 'a', 'b']);
    await fill();
    expect(state.held.sort()).toEqual(['a', 'b']);
  });

  it('replaces a place that has ended, by another relay or the same', async () => {
    const { state, fill } = setUp(['a', 'b', 'c', 'd']);
    await fill();
    const [gone = ''] = state.held;
    state.held = state.held.filter((did) => did !== gone);
    state.relays = state.relays.filter((did) => did !== gone);
    await fill();
    expect(state.held).toHaveLength(3);
    expect(state.held).not.toContain(gone);
  });

  it('asks a relay that refuses less and less often', async () => {
    const { state, clock, fill } = setUp(['a'], new Set(['a']));
    const times: number[] = [];
    for (let minute = 0; minute < 130; minute += 1) {
      const before = state.asked.length;
      await fill();
      if (state.asked.length > before) times.push(minute);
      clock.advance(MINUTE);
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 95, 127]);
  });

  it('forgets those that relay no longer', async () => {
    const { state, clock, fill } = setUp(['a'], new Set(['a']));
    await fill();
    state.relays = [];
    await fill();
    state.relays = ['a'];
    await fill();
    expect(state.asked).toEqual(['a', 'a']);
    expect(clock.sleeping).toBe(0);
  });

  it('goes on when the search fails', async () => {
    const { keeper, stopping } = setUp([]);
    const failing = new RelayReservations({ candidates: () => Promise.reject(new Error('database')), reserve: () => Promise.resolve(), held: () => [], clock: new ManualClock(), logger: silentLogger });
    await failing.fill(stopping.signal);
    await keeper.fill(stopping.signal);
    expect(stopping.signal.aborted).toBe(false);
  });

  it('looks at once when a place has ended, every few seconds while it has none, and else twice a minute', async () => {
    const { state, clock, keeper, stopping } = setUp([]);
    const running = keeper.run(stopping.signal);
    await waitUntil(() => clock.sleeping === 1);
    state.relays = ['a', 'b', 'c'];
    clock.advance(5_000);
    await waitUntil(() => state.held.length === 3 && clock.sleeping === 1);
    state.held = ['a', 'b'];
    clock.advance(5_000);
    expect(state.held).toHaveLength(2);
    keeper.ended();
    await waitUntil(() => state.held.length === 3);
    stopping.abort();
    await running;
  });
});
