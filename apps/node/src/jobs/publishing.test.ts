import { describe, expect, it } from '@jest/globals';
import { later, silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { countDhtValues } from '../status/dht-values.ts';
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

describe('countDhtValues', () => {
  it('counts values by kind, from the keys under which kad-dht keeps them', async () => {
    const encode = (text: string): string => {
      const bits = [...Buffer.from(text, 'latin1')].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      return (bits.match(/.{1,5}/g) ?? []).map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(group.padEnd(5, '0'), 2)]).join('');
    };
    const keys = ['/carecord-pointer/bxyz234567', '/carecord-pointer/babc', '/carecord-advert/bq', '/pk/other'].map((key) => `/dht/record/${encode(key)}`);
    const counts = await countDhtValues({ queryKeys: () => [...keys, '/dht/record/!!!'] });
    expect(counts).toEqual([{ kind: 'advert', count: 1 }, { kind: 'pointer', count: 2 }]);
  });
});
