import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { newId, silentLogger, UNLISTED } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { MemoryAuditStore } from '../../testkit/src/memory/audit-store.ts';
import { MemoryLocatorStore } from '../../testkit/src/memory/locator-store.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';
import { makeTestNetwork } from '../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../testkit/src/network-fixture.ts';
import { FixtureTagSource } from '../../testkit/src/fixture-tag-source.ts';
import { LISTED } from '../../testkit/src/locator-fixture.ts';
import { askingTag, Locator, pointerKind } from './index.ts';

const NATIONAL = 'urn:oid:1.2.3';
/** Each race has three hospitals for four slots: many meet in one. */
const RACES = 4;
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };

describe('over real hosts', () => {
  const tags = new FixtureTagSource();
  let network: TestNetwork;
  let locators: Locator[];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 3, authorityHost: true, valueKinds: [pointerKind] });
    locators = network.hospitals.map((node) => locatorOf(node));
  });
  afterAll(() => network.stop());

  function locatorOf({ host, identity, keys }: TestNode): Locator {
    const { clock } = network;
    return new Locator({
      network: host,
      tags,
      recipientSeeds: () => keys.recipientKeys().map(({ seed }) => seed),
      store: new MemoryLocatorStore(),
      identity,
      indexKey: randomKey(),
      audit: new AuditLog(new MemoryAuditStore(), clock),
      transactions: new MemoryTransactions(),
      clock,
      logger: silentLogger,
    });
  }

  it('a patient is located, then unlisted and no longer located', async () => {
    const [a, b, c] = locators as [Locator, Locator, Locator];
    const identifier = { system: NATIONAL, value: newId() };
    const [atA, atC] = [newId(), newId()];
    await a.publishPatient(atA, { identifiers: [identifier] }, LISTED);
    await c.publishPatient(atC, { identifiers: [identifier] }, LISTED);
    const { pointers, incomplete } = await b.locate(identifier, asked);
    const [didOfA, , didOfC] = network.hospitals.map(({ resolved }) => resolved.did);
    expect(incomplete).toBe(false);
    expect(pointers.map(({ holder }) => holder).sort()).toEqual([didOfA, didOfC].sort());
    const handleOfA = pointers.find(({ holder }) => holder === didOfA)?.handle;
    expect(await a.patientOf({ handle: handleOfA as Uint8Array })).toMatchObject({ patientId: atA });

    await a.publishPatient(atA, { identifiers: [identifier] }, UNLISTED);
    const after = await b.locate(identifier, asked);
    expect(after.pointers.map(({ holder }) => holder)).toEqual([didOfC]);
    expect(await a.patientOf({ tag: askingTag(after.tag, didOfA ?? '') })).toMatchObject({ patientId: atA });
  });

  it('hospitals that publish the same patient at the same moment, and again, are found by all at once', async () => {
    const dids = network.hospitals.map(({ resolved }) => resolved.did);
    for (let race = 0; race < RACES; race += 1) {
      const identifier = { system: NATIONAL, value: newId() };
      const patients = locators.map(() => newId());
      for (const round of ['first', 'again']) {
        await Promise.all(locators.map((locator, index) => locator.publishPatient(patients[index] ?? '', { identifiers: [identifier] }, LISTED)));
        const seen = await Promise.all(locators.map((locator) => locator.locate(identifier, asked)));
        const holders = seen.map(({ pointers }) => pointers.map(({ holder }) => holder).sort());
        expect({ round, holders }).toEqual({ round, holders: dids.map((own) => dids.filter((did) => did !== own).sort()) });
      }
    }
  });

  it('a patient whom nobody lists is not found, and the view is complete', async () => {
    expect(await locators[1]?.locate({ system: NATIONAL, value: newId() }, asked)).toMatchObject({ pointers: [], incomplete: false });
  });
});
