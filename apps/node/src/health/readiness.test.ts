import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import type { Membership } from '@carecord/identity';
import { readinessParts } from '../composition/readiness-parts.ts';
import { HospitalMembership } from '../identity/membership.ts';
import type { HospitalMembershipOptions } from '../identity/membership.ts';
import { Readiness } from './readiness.ts';

const clock = new ManualClock();
const healthy = {
  storage: { appliedMigrations: ['1'], ping: () => Promise.resolve() },
  holder: { kind: 'sealed-file' as const, check: () => Promise.resolve() },
  membership: { membership: { validUntil: clock.now() } as Membership },
  statuses: { standing: () => 'revoked' as const },
  network: (): { addresses: () => string[]; members: () => [] } | undefined => ({ addresses: () => ['/ip4/127.0.0.1/tcp/1'], members: () => [] }),
  guardians: () => ({ newestKey: () => Promise.resolve({ epoch: 2, version: 5 }) }),
  clock,
};
const down = async (change: Partial<Parameters<typeof readinessParts>[0]>): Promise<string[]> => {
  const { ready, parts } = await new Readiness(readinessParts({ ...healthy, ...change }), silentLogger).report();
  expect(ready).toBe(parts.every(({ status }) => status === 'up'));
  return parts.filter(({ status }) => status === 'down').map(({ name }) => name);
};

describe('readiness', () => {
  it('is given while every part is up', async () => {
    expect(await down({})).toEqual([]);
  });

  it('is given to a hospital that was put out of the network: it says how it stands', async () => {
    const { parts } = await new Readiness(readinessParts(healthy), silentLogger).report();
    expect(parts).toContainEqual(expect.objectContaining({ name: 'membership', status: 'up', standing: 'revoked' }));
  });

  it('is given without a key of the guardians: it says which there is', async () => {
    const of = async (guardians: Parameters<typeof readinessParts>[0]['guardians']): Promise<unknown> =>
      (await new Readiness(readinessParts({ ...healthy, guardians }), silentLogger).report()).parts.find(({ name }) => name === 'guardians');
    expect(await of(healthy.guardians)).toEqual({ name: 'guardians', status: 'up', keyEpoch: 2, keyVersion: 5 });
    for (const none of [() => undefined, () => ({ newestKey: () => Promise.resolve(undefined) })]) expect(await of(none)).toEqual({ name: 'guardians', status: 'up', keyEpoch: 0, keyVersion: 0 });
  });

  it('names each part that is down', async () => {
    expect(await down({ storage: { ...healthy.storage, ping: () => Promise.reject(new Error('x')) } })).toEqual(['database']);
    expect(await down({ holder: { ...healthy.holder, check: () => Promise.reject(new Error('x')) } })).toEqual(['keys']);
    expect(await down({ membership: new HospitalMembership({} as HospitalMembershipOptions) })).toEqual(['membership']);
    expect(await down({ network: () => undefined })).toEqual(['network']);
    expect(await down({ network: () => ({ addresses: () => [], members: () => [] }) })).toEqual(['network']);
  });

  it('ends when the node begins to stop', async () => {
    const readiness = new Readiness(readinessParts(healthy), silentLogger);
    readiness.beginStopping();
    expect((await readiness.report()).ready).toBe(false);
  });
});
