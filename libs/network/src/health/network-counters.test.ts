import { describe, expect, it } from '@jest/globals';
import { NetworkCounters } from './network-counters.ts';

describe('NetworkCounters', () => {
  it('add up messages by protocol and direction', () => {
    const counters = new NetworkCounters();
    counters.message('/b', 'sent', { bytes: 10, failed: false });
    counters.message('/b', 'sent', { bytes: 5, failed: true });
    counters.message('/a', 'sent', { bytes: 1, failed: false });
    counters.message('/b', 'received', { bytes: 2, failed: false });
    expect(counters.totals().messages).toEqual([
      { protocol: '/b', direction: 'received', count: 1, failed: 0, bytes: 2 },
      { protocol: '/a', direction: 'sent', count: 1, failed: 0, bytes: 1 },
      { protocol: '/b', direction: 'sent', count: 2, failed: 1, bytes: 15 },
    ]);
  });

  it('count what was dropped and refused by its reason', () => {
    const counters = new NetworkCounters();
    for (const reason of ['RATE_LIMITED', 'NOT_A_MEMBER', 'RATE_LIMITED']) counters.dropped(reason);
    counters.handshake({ ok: true });
    counters.handshake({ ok: false, code: 'HANDSHAKE_REVOKED' });
    expect(counters.totals()).toMatchObject({
      dropped: [{ reason: 'NOT_A_MEMBER', count: 1 }, { reason: 'RATE_LIMITED', count: 2 }],
      handshakes: { succeeded: 1, refused: [{ reason: 'HANDSHAKE_REVOKED', count: 1 }] },
    });
  });

  it('give the means of lookups, and nothing where there was none', () => {
    const counters = new NetworkCounters();
    expect(counters.totals().lookups).toEqual({ count: 0, failed: 0, meanHops: 0, meanMilliseconds: 0 });
    counters.lookup({ failed: false, hops: 1, milliseconds: 10 });
    counters.lookup({ failed: true, hops: 4, milliseconds: 30 });
    expect(counters.totals().lookups).toEqual({ count: 2, failed: 1, meanHops: 2.5, meanMilliseconds: 20 });
  });

  it('say how the last fifty lookups went', () => {
    const counters = new NetworkCounters();
    for (let lookup = 0; lookup < 60; lookup++) counters.lookup({ failed: lookup < 12, hops: 1, milliseconds: 1 });
    expect(counters.recentLookups()).toEqual({ count: 50, failed: 2 });
  });

  it('keep a bounded number of names, whatever is counted', () => {
    const counters = new NetworkCounters();
    for (let number = 0; number < 1_000; number++) {
      counters.dropped(`R${number}`);
      counters.message(`/${number}`, 'received', { bytes: 1, failed: false });
    }
    const { dropped, messages } = counters.totals();
    expect(dropped).toHaveLength(257);
    expect(dropped.find(({ reason }) => reason === 'OTHER')?.count).toBe(744);
    expect(messages).toHaveLength(257);
  });
});
