import { silentLogger } from '@carecord/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { HintDialler } from './hint-dialler.ts';

describe('HintDialler', () => {
  let stopping = new AbortController();
  let running: Promise<void> | undefined;
  afterEach(async () => {
    stopping.abort();
    await running;
    stopping = new AbortController();
  });

  function start(answering: ReadonlySet<string> = new Set()) {
    const clock = new ManualClock();
    const dialled: string[] = [];
    const connected = new Set<string>();
    const dialler = new HintDialler({
      isConnected: (peerId) => connected.has(peerId),
      dial: (address) => {
        dialled.push(address);
        return answering.has(address) ? Promise.resolve() : Promise.reject(new Error('NOBODY'));
      },
      clock,
      logger: silentLogger,
    });
    running = dialler.run(stopping.signal);
    return { clock, dialled, connected, dialler };
  }

  it('dials one address a second, each once, whatever number of hints there is', async () => {
    const { clock, dialled, dialler } = start();
    for (let hint = 0; hint < 1_000; hint += 1) dialler.take({ peerId: `p${hint}`, address: `a${hint % 500}` });
    for (let second = 1; second <= 70; second += 1) {
      await waitUntil(() => clock.sleeping === 1 || second > 64);
      expect(dialled).toHaveLength(Math.min(second, 64));
      clock.advance(1_000);
    }
    expect(new Set(dialled).size).toBe(64);
  });

  it('does not dial whom we are connected with, even if that came about since the hint', async () => {
    const { clock, dialled, connected, dialler } = start();
    dialler.take({ peerId: 'p1', address: 'one' });
    dialler.take({ peerId: 'p2', address: 'two' });
    connected.add('p2');
    await waitUntil(() => clock.sleeping === 1);
    clock.advance(1_000);
    dialler.take({ peerId: 'p2', address: 'two' });
    await waitUntil(() => clock.sleeping === 1);
    clock.advance(1_000);
    expect(dialled).toEqual(['one']);
  });

  it('leaves an address alone where nobody proved anything: longer each time, whatever peer is said to be there', async () => {
    const { clock, dialled, dialler } = start();
    const times: number[] = [];
    for (let minute = 0; minute < 200; minute += 1) {
      const before = dialled.length;
      dialler.take({ peerId: `p${minute}`, address: 'nowhere' });
      // Whatever it does it does before the next tasks.
      await new Promise((resolve) => setImmediate(resolve));
      if (dialled.length > before) times.push(minute);
      clock.advance(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 191]);
  });

  it('tries an address again that has answered once', async () => {
    const { clock, dialled, dialler } = start(new Set(['here']));
    for (let round = 0; round < 2; round += 1) {
      dialler.take({ peerId: 'p', address: 'here' });
      await waitUntil(() => clock.sleeping === 1);
      clock.advance(1_000);
    }
    await waitUntil(() => clock.sleeping === 0);
    expect(dialled).toEqual(['here', 'here']);
  });
});
