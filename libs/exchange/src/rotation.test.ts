import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { pointerKind } from '@carecord/locator';
import { CLINICIAN, known, TestHospital } from '../../testkit/src/exchange-fixture.ts';
import { FixtureTagSource } from '../../testkit/src/fixture-tag-source.ts';
import { makeTestNetwork } from '../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../testkit/src/network-fixture.ts';

const ROTATIONS = 20;

describe('rotating the keys of both hospitals during exchanges', () => {
  let network: TestNetwork;
  let nodes: [TestNode, TestNode];
  let hospitals: [TestHospital, TestHospital];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 2, authorityHost: true, valueKinds: [pointerKind] });
    const tags = new FixtureTagSource();
    nodes = network.hospitals as [TestNode, TestNode];
    const hospitalOf = ({ name, host, identity, keys }: TestNode): TestHospital =>
      new TestHospital({ name, host, identity, recipientKeys: () => keys.recipientKeys(), tags, clock: systemClock });
    hospitals = [hospitalOf(nodes[0]), hospitalOf(nodes[1])];
  });
  afterAll(() => network.stop());

  it('loses no request and no release, and destroys no key that is needed', async () => {
    const [a, b] = hospitals;
    const { patientId, nationalId } = await a.admit(3, 'listed');
    await a.consentTo(patientId, b);
    const back = await b.admit(3, 'listed', 2);
    await b.consentTo(back.patientId, a);
    const tags = await Promise.all([
      b.locator.locate(nationalId, { purpose: 'TREAT', actor: { kind: 'system', id: 'test' } }),
      a.locator.locate(back.nationalId, { purpose: 'TREAT', actor: { kind: 'system', id: 'test' } }),
    ]);
    let rotating = true;
    const released: { by: TestHospital; requestId: string }[] = [];
    const askAgainAndAgain = async (asker: TestHospital, holder: TestHospital, locationTag: Uint8Array): Promise<void> => {
      while (rotating) {
        const { requestId, state } = await asker.ask(holder, { locationTag });
        expect(state).toBe('released');
        expect((await asker.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThanOrEqual(3);
        released.push({ by: asker, requestId });
      }
    };
    const asking = [askAgainAndAgain(b, a, tags[0].tag), askAgainAndAgain(a, b, tags[1].tag)];
    try {
      for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
        // The authority is the third.
        expect(await nodes[rotation % 2 === 0 ? 0 : 1].rotate()).toEqual({ told: 2, failed: 0 });
      }
    } finally {
      rotating = false;
    }
    await Promise.all(asking);
    for (const hospital of hospitals) expect(released.filter(({ by }) => by === hospital).length).toBeGreaterThan(1);
    // What was released early is still to be opened: its key is retired, not destroyed, and named as needed.
    for (const { by, requestId } of released) {
      expect((await by.requester.readReleased(requestId, CLINICIAN)).length).toBeGreaterThanOrEqual(3);
      expect(await by.requester.recipientKeysInUse()).toContain(known(await by.sent.find(requestId)).recipientKeyId);
    }
    nodes[1].keys.destroyRetired();
    const early = known(released.find(({ by }) => by === b));
    await expect(b.requester.readReleased(early.requestId, CLINICIAN)).rejects.toMatchObject({ code: 'GRANT_KEY_DESTROYED' });
  });
});
