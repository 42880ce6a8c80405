import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { TimeLimit } from './time-limit.ts';

describe('TimeLimit', () => {
  it('aborts when its time has passed, and not once it is disposed of', async () => {
    const passing = new TimeLimit(1);
    const disposed = new TimeLimit(1);
    disposed[Symbol.dispose]();
    await waitUntil(() => passing.isOver);
    expect(passing.signal.aborted).toBe(true);
    expect([disposed.isOver, disposed.signal.aborted]).toEqual([false, false]);
  });

  it('aborts with another signal, for its reason, and hears it no more once it is disposed of', () => {
    const outer = new AbortController();
    using limit = new TimeLimit(60_000, outer.signal);
    const disposed = new TimeLimit(60_000, outer.signal);
    disposed[Symbol.dispose]();
    outer.abort(new Error('Enough.'));
    expect(limit.signal.reason).toEqual(new Error('Enough.'));
    expect(limit.isOver).toBe(false);
    expect(disposed.signal.aborted).toBe(false);
    using late = new TimeLimit(60_000, outer.signal);
    expect(late.signal.aborted).toBe(true);
  });
});
