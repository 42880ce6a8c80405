import { beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { ManualClock } from '../../testkit/src/manual-clock.ts';
import { CLINICIAN, known, letTimePass, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestPatient } from '../../testkit/src/exchange-fixture.ts';
import { REFUSAL_DEADLINE_MILLISECONDS } from './limits.ts';
import type { AccessQuestion } from './question.ts';
import { untilRefusalDeadline } from './refusal.ts';

const REQUEST = '/carecord/exchange/request/1';
const NOWHERE = new Uint8Array(32).fill(7);

describe('refusal', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let listed: TestPatient;
  let unlisted: TestPatient;
  beforeEach(async () => {
    world = await makeHospitals();
    listed = await world.a.admit(5, 'listed', 1);
    unlisted = await world.a.admit(5, 'unlisted', 2);
  });

  const tagOf = async ({ nationalId }: TestPatient): Promise<Uint8Array> => {
    const { tag } = await world.c.locator.locate(nationalId, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
    return tag;
  };

  /** C asks A; the answer's bytes, how long it took, and the reason in A's log. */
  const refusedTo = async (question: Partial<AccessQuestion>): Promise<{ answer: string; milliseconds: number; reason: string | undefined }> => {
    const { a, c, clock, network } = world;
    const askedAt = clock.now();
    const outcome = await c.ask(a, question);
    expect(outcome).toEqual({ requestId: outcome.requestId, state: 'refused', code: 'NOT_AVAILABLE' });
    const { answer, answeredAt } = known(network.of(REQUEST).at(-1));
    const logged = (await a.log()).at(-1);
    return {
      answer: Buffer.from(answer).toString('hex'),
      milliseconds: answeredAt.getTime() - askedAt.getTime(),
      reason: logged?.requestId === outcome.requestId ? logged.reasonCode : undefined,
    };
  };

  it('is the same bytes at the same instant, whatever its reason; the reason stands in the log', async () => {
    const { a, b, c } = world;
    const unknown = await refusedTo({ locationTag: NOWHERE });
    const unknownHandle = await refusedTo({ handle: NOWHERE });
    const notConsented = await refusedTo({ locationTag: await tagOf(listed) });
    const notListed = await refusedTo({ locationTag: await tagOf(unlisted) });
    await a.consentTo(unlisted.patientId, b);
    const consentedToAnother = await refusedTo({ locationTag: await tagOf(unlisted) });
    await a.consentTo(listed.patientId, c, ['TREAT']);
    const anotherPurpose = await refusedTo({ locationTag: await tagOf(listed), purpose: 'HRESCH' });
    await a.withdrawConsents(listed.patientId);
    const withdrawn = await refusedTo({ locationTag: await tagOf(listed) });

    expect(unknown).toEqual({ answer: expect.any(String), milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: 'UNKNOWN_PATIENT' });
    const { answer, milliseconds } = unknown;
    expect(unknownHandle).toEqual({ answer, milliseconds, reason: 'UNKNOWN_PATIENT' });
    for (const refusal of [notConsented, notListed, consentedToAnother, anotherPurpose, withdrawn]) {
      expect(refusal).toEqual({ answer, milliseconds, reason: 'NO_CONSENT' });
    }
  });

  it('reads and decides as much for a patient who is unknown as for one without a consent', async () => {
    const { a, c } = world;
    const work = async (question: Partial<AccessQuestion>): Promise<string[]> => {
      const done: string[] = [];
      const noted = <Input extends unknown[], Result>(name: string, work: (...input: Input) => Result) => (...input: Input): Result => {
        done.push(name);
        return work(...input);
      };
      const originals = { consents: a.records.consents.bind(a.records), patientListing: a.records.patientListing.bind(a.records), revocations: a.grants.revocations.bind(a.grants), decide: a.consent.decide.bind(a.consent) };
      a.records.consents = noted('consents', originals.consents);
      a.records.patientListing = noted('listing', originals.patientListing);
      a.grants.revocations = noted('revocations', originals.revocations);
      a.consent.decide = noted('decide', originals.decide);
      expect(await c.ask(a, question)).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
      Object.assign(a.records, { consents: originals.consents, patientListing: originals.patientListing });
      Object.assign(a.grants, { revocations: originals.revocations });
      Object.assign(a.consent, { decide: originals.decide });
      return done;
    };
    const unknown = await work({ locationTag: NOWHERE });
    expect(unknown).toEqual(['revocations', 'consents', 'decide', 'listing']);
    expect(await work({ locationTag: await tagOf(unlisted) })).toEqual(unknown);
  });

  it('says in the log whether the patient is listed, and stores the request as denied', async () => {
    const { a } = world;
    await refusedTo({ locationTag: await tagOf(unlisted) });
    const logged = known((await a.log()).at(-1));
    expect(logged).toMatchObject({ type: 'access-refused', outcome: 'refused', patientId: unlisted.patientId, counterparty: world.c.did, detail: { listing: 'unlisted' } });
    expect(await a.received.find(known(logged.requestId))).toMatchObject({ state: 'denied', patientId: unlisted.patientId, reasonCode: 'NO_CONSENT' });
  });

  it('looks the same when something breaks inside', async () => {
    const { a, c } = world;
    await a.consentTo(listed.patientId, c);
    const { answer } = await refusedTo({ locationTag: NOWHERE });
    a.records.releasable = () => Promise.reject(new Error('The database is gone.'));
    const broken = await refusedTo({ locationTag: await tagOf(listed) });
    expect(broken).toEqual({ answer, milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: 'INTERNAL_ERROR' });
  });

  it('looks the same when the consents cannot be evaluated', async () => {
    const { a, c } = world;
    await a.consentTo(listed.patientId, c);
    const { answer } = await refusedTo({ locationTag: NOWHERE });
    a.records.consents = () => Promise.resolve([null as never]);
    const broken = await refusedTo({ locationTag: await tagOf(listed) });
    expect(broken).toEqual({ answer, milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: 'EVALUATION_ERROR' });
  });

  it('looks the same when the log cannot be written: nothing is released', async () => {
    const { a, c } = world;
    await a.consentTo(listed.patientId, c);
    const { answer } = await refusedTo({ locationTag: NOWHERE });
    a.unwritable = ['records-released'];
    const unlogged = await refusedTo({ locationTag: await tagOf(listed) });
    expect(unlogged).toEqual({ answer, milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: 'INTERNAL_ERROR' });

    a.unwritable = ['records-released', 'access-refused'];
    const unlogged2 = await refusedTo({ locationTag: await tagOf(listed) });
    expect(unlogged2).toEqual({ answer, milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: undefined });
    const contentIds = (await a.records.releasable(listed.patientId)).map(({ contentId }) => contentId);
    expect(await a.holder.authoriseBlocks(contentIds, c.member)).toEqual(new Set());
  });

  it('looks the same when a consent is withdrawn while the grant is being made', async () => {
    const { a, c } = world;
    await a.consentTo(listed.patientId, c);
    const { answer } = await refusedTo({ locationTag: NOWHERE });
    const manifest = a.records.manifest.bind(a.records);
    a.records.manifest = async (patientId) => {
      await a.withdrawConsents(patientId);
      await a.holder.revokeForPatient(patientId, { kind: 'system', id: 'test' });
      return manifest(patientId);
    };
    const overtaken = await refusedTo({ locationTag: await tagOf(listed) });
    expect(overtaken).toEqual({ answer, milliseconds: REFUSAL_DEADLINE_MILLISECONDS, reason: 'CONSENT_WITHDRAWN' });
  });

  it('shows to the staff member as refused, with nothing to read', async () => {
    const { c } = world;
    await refusedTo({ locationTag: NOWHERE });
    const [request] = await c.requester.requests(CLINICIAN.id);
    expect(request).toMatchObject({ state: 'refused', outcomeCode: 'NOT_AVAILABLE' });
    await expect(c.requester.readReleased(known(request).requestId, CLINICIAN)).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect((await c.log()).map(({ type }) => type)).toEqual(['access-requested', 'access-refused', 'records-read']);
  });
});

describe('the time of a refusal', () => {
  const clock = new ManualClock();
  const answeredAfter = async (workMilliseconds: number): Promise<number> => {
    const receivedAt = clock.now();
    const work = clock.sleepUntil(later(receivedAt, workMilliseconds));
    const answered = untilRefusalDeadline(receivedAt, clock, work);
    clock.advance(workMilliseconds);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    await letTimePass(clock, answered.then(() => undefined));
    return clock.now().getTime() - receivedAt.getTime();
  };

  it.each([
    [401, 2],
    [800, 2],
    [801, 3],
  ])('is a multiple of the deadline when %d ms were not enough', async (workMilliseconds, periods) => {
    const passed = await answeredAfter(workMilliseconds);
    expect(passed).toBeGreaterThanOrEqual(periods * REFUSAL_DEADLINE_MILLISECONDS);
  });

  it('does not depend on shorter work', async () => {
    const receivedAt = clock.now();
    const answered = untilRefusalDeadline(receivedAt, clock, Promise.resolve());
    await letTimePass(clock, answered);
    expect(clock.now()).toEqual(later(receivedAt, REFUSAL_DEADLINE_MILLISECONDS));
  });
});
