import { beforeEach, describe, expect, it } from '@jest/globals';
import { later, newId } from '@carecord/core';
import { CLINICIAN, known, letTimePass, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestHospital, TestPatient } from '../../testkit/src/exchange-fixture.ts';
import { decodeJsonPayload } from './encoding.ts';
import {
  GRANT_LIFETIME_MILLISECONDS,
  MAX_OPEN_REFERRALS,
  OUTCOME_LIFETIME_MILLISECONDS,
  RECEIVED_RETENTION_MILLISECONDS,
  REFERRAL_LIFETIME_MILLISECONDS,
  REQUEST_LIFETIME_MILLISECONDS,
} from './limits.ts';
import { ACCESS_ANSWER_PROTOCOL, ACCESS_OUTCOME_PROTOCOL } from './protocols.ts';

const ANSWER = '/carecord/exchange/answer/1';
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
    const push = (): Promise<unknown> => world.network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId });
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
    expect(await network.send(ACCESS_OUTCOME_PROTOCOL, c.member, b.did, { requestId })).toEqual({ accepted: false });
    expect(await network.send(ACCESS_OUTCOME_PROTOCOL, c.member, b.did, { requestId: newId() })).toEqual({ accepted: false });
    expect(network.of(ANSWER)).toEqual([]);
    expect(await stateAtB()).toBe('referred');
  });

  it('is told in a message that is small, whatever was released; whatever else it carries is refused', async () => {
    const { a, b, network } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    await a.deliverOutcomes();
    const [told] = network.of('/carecord/exchange/outcome/1');
    expect(known(told).request.length).toBeLessThan(100);
    expect(ACCESS_OUTCOME_PROTOCOL.maxRequestBytes).toBe(1024);
    const grant = await grantOf(requestId);
    await expect(network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId, answer: { state: 'released', grant } })).rejects.toMatchObject({ code: 'WIRE_SCHEMA' });
  });

  it('is fetched once when the outcome is told many times at once', async () => {
    const { a, b, network } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    const tell = (): Promise<unknown> => network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId });
    expect(await Promise.all([tell(), tell(), tell()])).toEqual([{ accepted: true }, { accepted: true }, { accepted: true }]);
    expect(network.of(ANSWER)).toHaveLength(1);
  });

  it('waits on when the outcome is told before there is one', async () => {
    const { a, b, network } = world;
    expect(await network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId })).toEqual({ accepted: false });
    expect(await stateAtB()).toBe('referred');
  });

  it('is told again when the answer could not be fetched', async () => {
    const { a, network } = world;
    await a.holder.decide(requestId, 'permit', OFFICER);
    network.tamper.set('/carecord/blocks/1', (answer) => ({ blocks: (answer as { blocks: object[] }).blocks.map((block) => ({ ...block, ciphertext: null })) }));
    await expect(a.deliverOutcomes()).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
    expect(await stateAtB()).toBe('referred');
    network.tamper.clear();
    expect(await a.deliverOutcomes()).toBe(1);
    expect(await stateAtB()).toBe('released');
  });

  it('fails when the grant that is fetched is that of another request', async () => {
    const { a, b, clock, network } = world;
    const other = await b.askByTag(a, patient.nationalId, { purpose: 'HOPERAT' });
    await a.holder.decide(other.requestId, 'permit', OFFICER);
    const grant = await grantOf(other.requestId);
    network.tamper.set(ANSWER, () => ({ state: 'released', grant }));
    expect(await letTimePass(clock, network.send(ACCESS_OUTCOME_PROTOCOL, a.member, b.did, { requestId }))).toEqual({ accepted: false });
    expect(await b.sent.find(requestId)).toMatchObject({ state: 'failed', outcomeCode: 'GRANT_INVALID' });
  });

  it('ends with the consent, when that is before the usual end of a grant', async () => {
    const { a, clock } = world;
    const [consent] = await a.records.consents(patient.patientId);
    const end = later(clock.now(), GRANT_LIFETIME_MILLISECONDS / 2);
    const { provision } = known(consent) as { provision?: object };
    const shorter = { ...known(consent), provision: { ...provision, period: { end: end.toISOString() } } };
    await a.records.putResource(patient.patientId, shorter, { kind: 'system', id: 'test' }, 'consent-given');
    await a.holder.decide(requestId, 'permit', OFFICER);
    expect(known(await a.grants.findByRequest(requestId)).expiresAt).toEqual(later(end, 1));
  });
});

describe('the answer to a referred request', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let patient: TestPatient;
  beforeEach(async () => {
    world = await makeHospitals();
    patient = await world.a.admit(5, 'listed');
    await world.a.consentTo(patient.patientId, world.b);
  });
  const REFUSED = { state: 'refused', code: 'NOT_AVAILABLE' };
  const fetchAs = (from: TestHospital, requestId: string): Promise<unknown> => world.network.send(ACCESS_ANSWER_PROTOCOL, from.member, world.a.did, { requestId });
  const referred = async (): Promise<string> => (await world.b.askByTag(world.a, patient.nationalId, { purpose: 'HOPERAT' })).requestId;

  it('is for the hospital that asked, and the same each time', async () => {
    const { a, b, c } = world;
    const requestId = await referred();
    expect(await fetchAs(b, requestId)).toEqual({ state: 'referred' });
    await a.holder.decide(requestId, 'permit', OFFICER);
    const answer = await fetchAs(b, requestId);
    expect(answer).toMatchObject({ state: 'released' });
    expect(await fetchAs(b, requestId)).toEqual(answer);
    expect(await fetchAs(c, requestId)).toEqual(REFUSED);
    expect(await fetchAs(b, newId())).toEqual(REFUSED);
    await a.holder.revokeForPatient(patient.patientId, OFFICER_ACTOR);
    expect(await fetchAs(b, requestId)).toEqual(REFUSED);
  });

  it('is a refusal for a request that no person decided about', async () => {
    const { a, b, c } = world;
    const released = await b.askByTag(a, patient.nationalId);
    const denied = await c.askByTag(a, patient.nationalId);
    expect(await fetchAs(b, released.requestId)).toEqual(REFUSED);
    expect(await fetchAs(c, denied.requestId)).toEqual(REFUSED);
  });

  it('is a refusal when a person denied it, when its grant is over, and when nobody decided in time', async () => {
    const { a, b, clock } = world;
    const [denied, granted, lapsed] = [await referred(), await referred(), await referred()];
    await a.holder.decide(denied, 'deny', OFFICER);
    await a.holder.decide(granted, 'permit', OFFICER);
    expect(await fetchAs(b, denied)).toEqual(REFUSED);
    clock.advance(GRANT_LIFETIME_MILLISECONDS);
    expect(await fetchAs(b, granted)).toEqual(REFUSED);
    expect(await a.received.find(granted)).toMatchObject({ state: 'denied', reasonCode: 'GRANT_ENDED' });
    clock.advance(REFERRAL_LIFETIME_MILLISECONDS);
    expect(await fetchAs(b, lapsed)).toEqual(REFUSED);
  });

  it('is for hospitals alone', async () => {
    const { a, b } = world;
    const requestId = await referred();
    const guardian = { ...b.member, roles: ['guardian' as const] };
    await expect(world.network.send(ACCESS_ANSWER_PROTOCOL, guardian, a.did, { requestId })).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
  });
});

describe('a patient who was named by name and birth date alone', () => {
  it('is referred to a person though the consents permit, who sees why, and released when that person permits it', async () => {
    const { a, b } = await makeHospitals();
    const { patientId, demographics } = await a.admit(5, 'listed');
    await a.consentTo(patientId, b);
    const { pointers, tag } = await b.locator.locate(demographics, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
    expect(pointers.map(({ holder }) => holder)).toEqual([a.did]);
    for (const by of [{ handle: known(pointers[0]).handle }, { locationTag: tag }]) expect(await b.ask(a, by)).toMatchObject({ state: 'referred' });
    const inbox = await a.holder.inbox();
    expect(inbox).toMatchObject([{ patientId, purpose: 'TREAT', reasonCode: 'MATCHED_BY_DEMOGRAPHICS' }, { reasonCode: 'MATCHED_BY_DEMOGRAPHICS' }]);
    expect((await a.log()).at(-1)).toMatchObject({ type: 'access-referred', reasonCode: 'MATCHED_BY_DEMOGRAPHICS' });
    const { requestId } = known(inbox[0]);
    await a.holder.decide(requestId, 'permit', OFFICER);
    await a.deliverOutcomes();
    expect((await b.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThanOrEqual(5);
  });

  it('is not referred without a consent, nor when two patients fit: the same refusal as for nobody, after the same time', async () => {
    const { a, b, clock, network } = await makeHospitals();
    const { demographics } = await a.admit(3, 'unlisted');
    const twin = { identifiers: [], demographics: [{ ...demographics, birthDate: '1999-01-01' }] };
    const ambiguous = { ...demographics, birthDate: '1999-01-01' };
    for (const patientId of [newId(), newId()]) await a.locator.publishPatient(patientId, twin);
    const asked: number[] = [];
    for (const query of [demographics, ambiguous, { ...demographics, birthDate: '2001-01-01' }]) {
      const { tag } = await b.locator.locate(query, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
      const since = clock.now().getTime();
      expect(await b.ask(a, { locationTag: tag })).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
      asked.push(clock.now().getTime() - since);
    }
    expect(new Set(asked).size).toBe(1);
    const answers = network.of('/carecord/exchange/request/1').map(({ answer }) => Buffer.from(answer).toString('hex'));
    expect(new Set(answers).size).toBe(1);
    expect((await a.log()).map(({ reasonCode }) => reasonCode)).toEqual(['NO_CONSENT', 'PATIENT_AMBIGUOUS', 'UNKNOWN_PATIENT']);
    expect(await a.holder.inbox()).toEqual([]);
  });
});

describe('the inbox', () => {
  it('has room for a number of requests of one hospital: others still reach it, and it itself when some were decided', async () => {
    const { a, b, c } = await makeHospitals();
    const patient = await a.admit(3, 'listed');
    for (const hospital of [b, c]) await a.consentTo(patient.patientId, hospital);
    const { tag } = await b.locator.locate(patient.nationalId, { purpose: 'TREAT', actor: { kind: 'system', id: 'test' } });
    const ask = (hospital: TestHospital): Promise<{ state: string }> => hospital.ask(a, { locationTag: tag, purpose: 'HOPERAT' });
    for (let asked = 0; asked < MAX_OPEN_REFERRALS; asked += 1) expect((await ask(b)).state).toBe('referred');
    expect(await ask(b)).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect((await a.log()).at(-1)).toMatchObject({ type: 'access-refused', reasonCode: 'TOO_MANY_REFERRALS' });
    expect((await ask(c)).state).toBe('referred');
    await a.holder.decide(known((await a.holder.inbox()).at(-1)).requestId, 'deny', OFFICER);
    expect((await ask(b)).state).toBe('referred');
  });

  it('forgets received requests when they are old, not before', async () => {
    const { a, b, clock } = await makeHospitals();
    const { requestId } = await b.ask(a, { locationTag: new Uint8Array(32) });
    clock.advance(RECEIVED_RETENTION_MILLISECONDS - 1_000);
    await a.holder.deleteOld();
    expect(await a.received.find(requestId)).toBeDefined();
    clock.advance(1_000);
    await a.holder.deleteOld();
    expect(await a.received.find(requestId)).toBeUndefined();
    expect((await a.log()).at(-1)).toMatchObject({ type: 'access-refused', requestId });
  });

  it('keeps them longer than a request or its outcome can be in use', () => {
    expect(RECEIVED_RETENTION_MILLISECONDS).toBeGreaterThan(REFERRAL_LIFETIME_MILLISECONDS + OUTCOME_LIFETIME_MILLISECONDS);
    expect(RECEIVED_RETENTION_MILLISECONDS).toBeGreaterThan(REQUEST_LIFETIME_MILLISECONDS);
  });
});

const OFFICER_ACTOR = { kind: 'staff', id: OFFICER.id, role: OFFICER.role } as const;
