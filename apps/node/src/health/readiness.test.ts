import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { readinessParts } from '../composition/readiness-parts.ts';
import { Readiness } from './readiness.ts';

const clock = new ManualClock();
const healthy = {
  storage: { appliedMigrations: ['1'], ping: () => Promise.resolve() },
  keyFile: import.meta.filename,
  membershipValidUntil: new Date(clock.now().getTime() + 1),
  network: { addresses: () => ['/ip4/127.0.0.1/tcp/1'], members: () => [] },
  clock,
};
const down = async (change: Partial<typeof healthy>): Promise<string[]> => {
  const { ready, parts } = await new Readiness(readinessParts({ ...healthy, ...change }), silentLogger).report();
  expect(ready).toBe(parts.every(({ status }) => status === 'up'));
  return parts.filter(({ status }) => status === 'down').map(({ name }) => name);
};

describe('readiness', () => {
  it('is given while every part is up', async () => {
    expect(await down({})).toEqual([]);
  });

  it('names each part that is down', async () => {
    expect(await down({ storage: { ...healthy.storage, ping: () => Promise.reject(new Error('x')) } })).toEqual(['database']);
    expect(await down({ keyFile: '/nowhere' })).toEqual(['keys']);
    expect(await down({ membershipValidUntil: clock.now() })).toEqual(['membership']);
    expect(await down({ network: { ...healthy.network, addresses: () => [] } })).toEqual(['network']);
  });

  it('ends when the node begins to stop', async () => {
    const readiness = new Readiness(readinessParts(healthy), silentLogger);
    readiness.beginStopping();
    expect((await readiness.report()).ready).toBe(false);
  });
});
