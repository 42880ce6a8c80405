import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { pointerKind } from '@carecord/locator';
import { CLINICIAN, known, TestHospital } from '../../testkit/src/exchange-fixture.ts';
import { FixtureTagSource } from '../../testkit/src/fixture-tag-source.ts';
import { makeTestNetwork } from '../../testkit/src/network-fixture.ts';
import type { TestNetwork } from '../../testkit/src/network-fixture.ts';
import { REFUSAL_DEADLINE_MILLISECONDS } from './limits.ts';

describe('over real hosts', () => {
  let network: TestNetwork;
  let hospitals: TestHospital[];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 3, authorityHost: true, valueKinds: [pointerKind] });
    const tags = new FixtureTagSource();
    hospitals = network.hospitals.map(
      ({ name, host, identity, keys }) => new TestHospital({ name, host, identity, recipientKeys: () => keys.recipientKeys(), tags, clock: systemClock }),
    );
  });
  afterAll(() => network.stop());

  it('a patient of 300 resources is located, released, fetched and read', async () => {
    const [a, b] = hospitals as [TestHospital, TestHospital];
    const { patientId, nationalId } = await a.admit(300, 'listed');
    await a.consentTo(patientId, b);
    const { pointers } = await b.locator.locate(nationalId, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
    const { requestId, state } = await b.ask(a, { handle: known(pointers[0]).handle });
    expect(state).toBe('released');
    const held = await a.records.timeline(patientId);
    expect((await b.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThan(held.length);
  });

  it('an unlisted patient without consent and an unknown patient are refused alike, not before the deadline', async () => {
    const [a, , c] = hospitals as [TestHospital, TestHospital, TestHospital];
    const { nationalId } = await a.admit(3, 'unlisted', 2);
    for (const identifier of [nationalId, { ...nationalId, value: 'unknown' }]) {
      const { tag } = await c.locator.locate(identifier, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
      const askedAt = performance.now();
      expect(await c.ask(a, { locationTag: tag })).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
      // A timer of Node may fire a millisecond early.
      expect(performance.now() - askedAt).toBeGreaterThanOrEqual(REFUSAL_DEADLINE_MILLISECONDS - 1);
    }
  });

  it('a referred request is pushed when a person has permitted it', async () => {
    const [a, b] = hospitals as [TestHospital, TestHospital];
    const { patientId, nationalId } = await a.admit(3, 'listed', 3);
    await a.consentTo(patientId, b);
    const { requestId, state } = await b.askByTag(a, nationalId, { purpose: 'HOPERAT' });
    expect(state).toBe('referred');
    await a.holder.decide(requestId, 'permit', { id: 'staff-9', role: 'records-officer' });
    await a.deliverOutcomes();
    expect((await b.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThanOrEqual(3);
  });
});
