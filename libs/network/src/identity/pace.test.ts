import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { Pace } from './pace.ts';

const INTERVAL = 1_000;

function makePace() {
  const clock = new ManualClock();
  const done: string[] = [];
  const stopping = new AbortController();
  const pace = new Pace<string>(INTERVAL, clock);
  const run = (key: string, what: string): Promise<string> => pace.run(key, () => Promise.resolve((done.push(what), what)), stopping.signal);
  return { clock, done, run, stopping };
}

describe('Pace', () => {
  it('does the first at once, and of all that follow within the interval the newest at its end', async () => {
    const { clock, done, run } = makePace();
    expect(await run('one', 'a')).toBe('a');
    const waiting = [run('one', 'b'), run('one', 'c'), run('one', 'd')];
    clock.advance(INTERVAL - 1);
    expect(done).toEqual(['a']);
    clock.advance(1);
    expect(await Promise.all(waiting)).toEqual(['d', 'd', 'd']);
    const more = run('one', 'e');
    expect(done).toEqual(['a', 'd']);
    clock.advance(INTERVAL);
    expect(await more).toBe('e');
    clock.advance(INTERVAL);
    expect(await run('one', 'f')).toBe('f');
    expect(done).toEqual(['a', 'd', 'e', 'f']);
  });

  it('lets no key wait for another', async () => {
    const { clock, done, run } = makePace();
    const flood = Array.from({ length: 100 }, (_, at) => run('one', `${at}`));
    expect(await run('other', 'x')).toBe('x');
    expect(done).toEqual(['0', 'x']);
    clock.advance(INTERVAL);
    await Promise.all(flood);
    expect(done).toEqual(['0', 'x', '99']);
  });

  it('gives up what waits when it is told to, and goes on after a clock that was put back', async () => {
    const { clock, run, stopping } = makePace();
    await run('one', 'a');
    const waiting = run('one', 'b');
    stopping.abort(new Error('STOPPING'));
    await expect(waiting).rejects.toThrow('STOPPING');
    const other = makePace();
    await other.run('one', 'a');
    other.clock.advance(-60_000);
    expect(await other.run('one', 'b')).toBe('b');
    expect(clock.sleeping).toBe(0);
  });
});
