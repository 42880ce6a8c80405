import { describe, expect, it } from '@jest/globals';
import { later, silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { RENEW_BEFORE_MILLISECONDS, renewPublications } from './renew-publications.ts';

describe('renewPublications', () => {
  it('publishes again what expires soon, and goes on when one fails', async () => {
    const clock = new ManualClock();
    const published: string[] = [];
    let asked: Date | undefined;
    const result = await renewPublications({
      clock,
      logger: silentLogger,
      locator: {
        pointersDueBefore: (before) => {
          asked = before;
          return Promise.resolve(['p1', 'p2', 'p3']);
        },
      },
      publisher: {
        publish: (patientId) => {
          published.push(patientId);
          return patientId === 'p2' ? Promise.reject(new Error('x')) : Promise.resolve();
        },
      },
    });
    expect(asked).toEqual(later(clock.now(), RENEW_BEFORE_MILLISECONDS));
    expect(published).toEqual(['p1', 'p2', 'p3']);
    expect(result).toEqual({ renewed: 2, failed: 1 });
  });
});
