import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import { CLINICIAN, known, letTimePass, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestPatient } from '../../testkit/src/exchange-fixture.ts';
import { decodeJsonPayload } from './encoding.ts';
import { GRANT_LIFETIME_MILLISECONDS, REFERRAL_LIFETIME_MILLISECONDS } from './limits.ts';
import { ACCESS_OUTCOME_PROTOCOL } from './protocols.ts';

const OFFICER = { id: 'staff-9', role: 'records-officer' };

describe('a referred request', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let patient: TestPatient;
  let requestId: string;
  beforeEach(async () => {
    world = await makeHospitals();
    const { a, b } = world;
    patient = await a.admit(5, 'listed');
    await a.consentTo(patient.patientId, b);
    const outcome = await b.askByTag(a, patient.nationalId, { purpose: 'HOPERAT', reason: 'Planning the ward.' });
    expect(outcome.state).toBe('referred');
    ({ requestId } = outcome);
  });
  const stateAtB = async (): Promise<string> => known((await world.b.requester.requests(CLINICIAN.id))[0]).state;

  const grantOf = async (id: string): Promise<unknown> => decodeJsonPayload(known(await world.a.grants.findByRequest(id)).jws);

  it('waits in the inbox with what a person needs to decide', async () => {
    const { a, b } = world;
    expect(await a.holder.inbox()).toMatchObject([
      { requestId, requester: b.did, patientId: patient.patientId, purpose: 'HOPERAT', role: CLINICIAN.role, reason: 'Planning the ward.' },
    ]);
    expect(await stateAtB()).toBe('referred');
    await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect((await a.log()).at(-1)).toMatchObject({ type: 'access-referred', reasonCode: 'POLICY_REFERS' });
  });

  it('is not referred where no consent permits: that would say something', async () => {
    const { a, c } = world;
    expect(await c.askByTag(a, patient.nationalId, { purpose: 'HOPERAT' })).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect(await a.holder.inbox()).toHaveLength(1);
  });

  it('is released when a person permits it, pushed once and read', async () => {
    const { a, b } = world;
    expect(await a.holder.decide(requestId, 'permit', OFFICER)).toEqual({ requestId, state: 'permitted', reasonCode: 'PERSON_PERMITS' });
    expect(await a.holder.inbox()).toEqual([]);
    expect(await a.deliverOutcomes()).toBe(1);
    expect(await a.received.find(requestId)).toMatchObject({ state: 'released', decidedBy: OFFICER.id });
    expect(await stateAtB()).toBe('released');
    expect((await b.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThanOrEqual(5);
    expect((await a.log()).map(({ type }) => type)).toEqual(['access-referred', 'access-decided', 'records-released', 'blocks-served']);
    expect((await a.log())[1]).toMatchObject({ actor: { kind: 'staff', id: OFFICER.id, role: OFFICER.role }, outcome: 'success' });
    expect((await b.log()).at(-2)).toMatchObject({ type: 'records-received', actor: { kind: 'hospital', id: a.did } });
  });

  it('is told as a plain refusal when a person denies it', async () => {
    const { a } = world;
    expect(await a.holder.decide(requestId, 'deny', OFFICER)).toMatchObject({ state: 'denied', reasonCode: 'PERSON_DENIES' });
    await a.deliverOutcomes();
    expect(await world.b.requester.requests(CLINICIAN.id)).toMatchObject([{ state: 'refused', outcomeCode: 'NOT_AVAILABLE' }]);
  });

  it('is pushed again, without harm, when the receipt got lost', async () => {
    const { a, b } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    const answer = { state: 'released', grant: await grantOf(requestId) } as const;
    const push = (): Promise<unknown> => world.network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId, answer });
    expect(await push()).toEqual({ accepted: true });
    expect(await push()).toEqual({ accepted: true });
    await a.deliverOutcomes();
    expect(await a.received.find(requestId)).toMatchObject({ state: 'released' });
    await a.holder.pushOutcome({ requestId });
    expect((await b.log()).filter(({ type }) => type === 'records-received')).toHaveLength(1);
  });

  it('is pushed later when the asker cannot be reached', async () => {
    const { a, b, network } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    network.unreachable.add(b.did);
    await expect(a.deliverOutcomes()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(await a.received.find(requestId)).toMatchObject({ state: 'permitted' });
    network.unreachable.delete(b.did);
    expect(await a.deliverOutcomes()).toBe(1);
    expect(await stateAtB()).toBe('released');
  });

  it('cannot be permitted while the asker, to whose keys a grant is made out, cannot be reached', async () => {
    const { a, b, network } = world;
    network.unreachable.add(b.did);
    await expect(a.holder.decide(requestId, 'permit', OFFICER)).rejects.toMatchObject({ code: 'REQUESTER_UNREACHABLE' });
    expect(await a.holder.inbox()).toHaveLength(1);
  });

  it('is denied when the consent was withdrawn meanwhile, whatever the person says', async () => {
    const { a } = world;
    await a.withdrawConsents(patient.patientId);
    expect(await a.holder.decide(requestId, 'permit', OFFICER)).toMatchObject({ state: 'denied', reasonCode: 'NO_CONSENT' });
    await a.deliverOutcomes();
    expect(await stateAtB()).toBe('refused');
    expect(await a.grants.findByRequest(requestId)).toBeUndefined();
  });

  it('is told as a refusal when the grant was revoked before it was handed over', async () => {
    const { a } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    await a.holder.revokeForPatient(patient.patientId, OFFICER_ACTOR);
    await a.deliverOutcomes();
    expect(await stateAtB()).toBe('refused');
    expect(await a.received.find(requestId)).toMatchObject({ state: 'denied', reasonCode: 'GRANT_ENDED' });
  });

  it('is not decided twice', async () => {
    const { a } = world;
    const both = await Promise.allSettled([a.holder.decide(requestId, 'permit', OFFICER), a.holder.decide(requestId, 'deny', OFFICER)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'WRONG_STATE' } });
    await expect(a.holder.decide(requestId, 'deny', OFFICER)).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('is not decided without a log entry', async () => {
    const { a } = world;
    a.unwritable = ['records-released'];
    await expect(a.holder.decide(requestId, 'permit', OFFICER)).rejects.toThrow('The log is full.');
    expect(await a.received.find(requestId)).toMatchObject({ state: 'referred' });
    expect(await a.grants.findByRequest(requestId)).toBeUndefined();
    expect(a.outbox.entries().filter(({ topic }) => topic === 'access-decided')).toEqual([]);
  });

  it('lapses on both sides', async () => {
    const { a, b, clock } = world;
    clock.advance(REFERRAL_LIFETIME_MILLISECONDS);
    expect(await a.holder.inbox()).toEqual([]);
    await expect(a.holder.decide(requestId, 'permit', OFFICER)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(await stateAtB()).toBe('expired');
    await b.requester.expireOverdue();
    expect(await b.sent.find(requestId)).toMatchObject({ state: 'expired' });
  });

  it('is no longer pushed when a grant would have ended', async () => {
    const { a, b, clock, network } = world;
    await a.holder.decide(requestId, 'deny', OFFICER);
    clock.advance(GRANT_LIFETIME_MILLISECONDS);
    network.unreachable.add(b.did);
    expect(await a.deliverOutcomes()).toBe(1);
  });

  it('is not there for an unknown id', async () => {
    await expect(world.a.holder.decide(newId(), 'permit', OFFICER)).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
  });

  it('takes an outcome from the holder alone', async () => {
    const { b, c, network } = world;
    const outcome = { requestId, answer: { state: 'refused', code: 'NOT_AVAILABLE' } };
    expect(await network.send(ACCESS_OUTCOME_PROTOCOL, c.member, b.did, outcome)).toEqual({ accepted: false });
    expect(await stateAtB()).toBe('referred');
  });

  it('fails when the pushed grant is that of another request', async () => {
    const { a, b, clock, network } = world;
    const other = await b.askByTag(a, patient.nationalId, { purpose: 'HOPERAT' });
    await a.holder.decide(other.requestId, 'permit', OFFICER);
    const grant = await grantOf(other.requestId);
    const outcome = { requestId, answer: { state: 'released', grant } };
    expect(await letTimePass(clock, network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, outcome))).toEqual({ accepted: false });
    expect(await b.sent.find(requestId)).toMatchObject({ state: 'failed', outcomeCode: 'GRANT_INVALID' });
  });
});

const OFFICER_ACTOR = { kind: 'staff', id: OFFICER.id, role: OFFICER.role } as const;
