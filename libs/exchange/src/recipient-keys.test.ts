import { beforeEach, describe, expect, it } from '@jest/globals';
import { generateRecipientSeed, recipientPublicKey } from '@carecord/crypto';
import { CLINICIAN, known, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestHospital } from '../../testkit/src/exchange-fixture.ts';
import type { RecipientKey } from './dependencies.ts';
import { ANSWER_LIFETIME_MILLISECONDS, GRANT_LIFETIME_MILLISECONDS, REFERRAL_LIFETIME_MILLISECONDS } from './limits.ts';

/** Gives a hospital of the tests another current recipient key, as a rotation does; the other hospitals learn it or not. */
async function rotate(hospital: TestHospital, number: number, learn: (member: TestHospital['member']) => void): Promise<string> {
  const seed = generateRecipientSeed();
  const keyId = `${hospital.did}#recipient-${number}`;
  const before = hospital.identity.current();
  const resolved = { ...before.resolved, recipientKeyId: keyId, recipientPublicKey: await recipientPublicKey(seed) };
  hospital.recipientKeys.unshift({ keyId, seed });
  hospital.identity.current = () => ({ ...before, resolved });
  learn({ ...hospital.member, resolved });
  return keyId;
}

describe('the recipient keys of a hospital that asks', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let nationalId: { system: string; value: string };
  let first: string;
  beforeEach(async () => {
    world = await makeHospitals();
    const { a, b } = world;
    const patient = await a.admit(3, 'listed');
    nationalId = patient.nationalId;
    await a.consentTo(patient.patientId, b);
    first = known(b.recipientKeys[0]).keyId;
  });
  const inUse = async (): Promise<string[]> => [...(await world.b.requester.recipientKeysInUse())].sort();
  const learn = (member: TestHospital['member']): void => void world.network.join(member);
  const refer = (): Promise<{ requestId: string; state: string }> => world.b.askByTag(world.a, nationalId, { purpose: 'HOPERAT' });

  it('are needed by nothing before anything is asked', async () => {
    expect(await inUse()).toEqual([]);
  });

  it('are needed by the grants that are sealed to them, for as long as these can be read', async () => {
    const { a, b, clock } = world;
    const { requestId } = await b.askByTag(a, nationalId);
    const second = await rotate(b, 2, learn);
    expect(await inUse()).toEqual([first]);
    expect(await b.requester.readReleased(requestId, CLINICIAN)).not.toEqual([]);
    const next = await b.askByTag(a, nationalId);
    expect(await inUse()).toEqual([first, second]);
    expect(await b.requester.readReleased(next.requestId, CLINICIAN)).not.toEqual([]);
    clock.advance(GRANT_LIFETIME_MILLISECONDS);
    expect(await inUse()).toEqual([]);
  });

  it('are needed by a request that waits: the key of its time and all newer ones, but no older', async () => {
    const { a, b, clock } = world;
    const second = await rotate(b, 2, learn);
    const { requestId, state } = await refer();
    expect(state).toBe('referred');
    const third = await rotate(b, 3, learn);
    expect(await inUse()).toEqual([second, third]);
    await a.holder.decide(requestId, 'permit', { id: 'staff-9', role: 'officer' });
    await a.deliverOutcomes();
    // The person decided after the rotation, and the grant is sealed to the key of that moment.
    expect(await inUse()).toEqual([third]);
    expect(known(await b.sent.find(requestId)).recipientKeyId).toBe(third);
    expect(await b.requester.readReleased(requestId, CLINICIAN)).not.toEqual([]);
    await refer();
    clock.advance(REFERRAL_LIFETIME_MILLISECONDS);
    expect(await inUse()).toEqual([]);
  });

  it('are all needed by a request of which no key is known', async () => {
    const { b, clock } = world;
    const { requestId } = await refer();
    b.sent.tamper(requestId, ({ recipientKeyId: _unknown, ...request }) => request);
    const second = await rotate(b, 2, learn);
    expect(await inUse()).toEqual([first, second]);
    clock.advance(ANSWER_LIFETIME_MILLISECONDS);
    expect(await inUse()).toEqual([first, second]);
  });

  it('that are destroyed open nothing any more, and the reader is told why', async () => {
    const { a, b } = world;
    const { requestId } = await b.askByTag(a, nationalId);
    await rotate(b, 2, learn);
    const destroyed = b.recipientKeys.pop() as RecipientKey;
    await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'GRANT_KEY_DESTROYED' });
    expect((await b.log()).at(-1)).toMatchObject({ type: 'records-read', outcome: 'refused', reasonCode: 'GRANT_KEY_DESTROYED' });
    b.recipientKeys.push(destroyed);
    expect(await b.requester.readReleased(requestId, CLINICIAN)).not.toEqual([]);
  });

  it('that are destroyed make a release to them fail: the holder did not know the present one', async () => {
    const { a, b } = world;
    await rotate(b, 2, () => undefined);
    b.recipientKeys.pop();
    await expect(b.askByTag(a, nationalId)).rejects.toMatchObject({ code: 'GRANT_KEY_DESTROYED' });
    expect(await b.requester.requests(CLINICIAN.id)).toMatchObject([{ state: 'failed', outcomeCode: 'GRANT_KEY_DESTROYED' }]);
  });
});
