import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { MAX_PENDING } from './membership-office.ts';

const clock = systemClock;
const TICKET = 'ticket-for-a-0123456789';
let authority: AuthorityNode;
let hospital: TestApplicant;

beforeEach(async () => {
  authority = await AuthorityNode.make(clock);
  hospital = await TestApplicant.make(clock);
});
afterEach(() => authority.close());

/** Strangers apply until nothing more can wait. */
const flood = (): Promise<void> =>
  authority.home.transactions.run(async (transaction) => {
    for (let number = 0; number < MAX_PENDING; number += 1) await authority.memberships.apply(transaction, { did: `did:example:${number}`, name: 'Stranger', history: '', appliedAt: clock.now() });
  });
const apply = async (applicant: TestApplicant, options: Parameters<TestApplicant['application']>[1] = {}): Promise<unknown> => await authority.office.apply(await applicant.application(authority.did, options));

describe('strangers who fill the queue of applications', () => {
  beforeEach(flood);

  it('do not keep out a hospital with a ticket', async () => {
    await authority.office.openTickets([{ ticket: TICKET, name: 'Hospital A' }]);
    expect(await apply(hospital, { ticket: TICKET })).toMatchObject({ state: 'admitted' });
  });

  it('do not keep out a fellow authority', async () => {
    const listed = { did: authority.did, url: 'https://authority.example', witness: authority.witness };
    const fellow = { ...listed, did: hospital.did, witness: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' };
    await authority.found({ version: 2, sequence: 1, networkId: NETWORK_ID, threshold: 1, authorities: [listed, fellow], guardians: { members: [authority.did], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 1 });
    expect(await apply(hospital)).toMatchObject({ state: 'admitted' });
  });

  it('do not get in with a wrong ticket, nor use up a good one that is of another name', async () => {
    await authority.office.openTickets([{ ticket: TICKET, name: 'Hospital B' }]);
    for (const ticket of [TICKET, 'wrong']) await expect(apply(hospital, { ticket })).rejects.toMatchObject({ code: 'TOO_MANY_APPLICATIONS' });
    expect([await authority.memberships.count('pending'), await authority.memberships.find(hospital.did), await authority.events()]).toEqual([MAX_PENDING, undefined, []]);
  });
});

describe('somebody who shows wrong tickets again and again', () => {
  it('does not fill the audit log', async () => {
    const application = await hospital.application(authority.did, { ticket: 'wrong' });
    for (let time = 0; time < 120; time += 1) await expect(authority.office.apply(application)).rejects.toMatchObject({ code: 'TICKET_INVALID' });
    expect((await authority.events()).length).toBeLessThanOrEqual(101);
    expect((await authority.events()).length).toBeGreaterThan(0);
  });
});

describe('a stranger’s long history', () => {
  it('is not verified before it is known to be a member’s', async () => {
    // It would be DID_LOG_INVALID, had anybody looked at it.
    await expect(authority.witnesses.witness(hospital.did, 'x'.repeat(1_000_000))).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    await apply(hospital);
    await authority.office.decide(hospital.did, 'admit', REGISTRAR);
    await expect(authority.witnesses.witness(hospital.did, 'x'.repeat(1_000_000))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  it('counts as many requests', async () => {
    const url = await authority.listen({ burst: 40, perSecond: 0 });
    const ask = async (history: string): Promise<number> =>
      (await fetch(`${url}/witness-proofs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ did: hospital.did, history }) })).status;
    const long = 'x'.repeat(1024 * 1024);
    expect(await ask(long)).not.toBe(429);
    expect(await ask(long)).toBe(429);
    expect(await ask('x')).not.toBe(429);
  });
});
