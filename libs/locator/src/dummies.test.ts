import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId, UNLISTED } from '@carecord/core';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import type { MemoryNetwork, TestHospital } from '../../testkit/src/locator-fixture.ts';
import { MIN_PUBLISHED, publishedCount } from './dummies.ts';
import { readPointerValue } from './pointer-value.ts';

const HOUR = 3_600_000;
const person = (id: string) => ({ identifiers: [{ system: 'urn:x', value: id }] });

/** What a storer of everything counts of one hospital: the values that stand now. */
function standing(network: MemoryNetwork): number {
  return [...network.values.values()].filter(({ meta }) => meta.expiresAt > network.clock.now()).length;
}

async function renew({ network, a }: { network: MemoryNetwork; a: TestHospital }, patients: readonly { patientId: string; listed: boolean }[]): Promise<void> {
  await a.locator.tidy();
  const due = await a.locator.due(new Date(network.clock.now().getTime() + 24 * HOUR), 10_000);
  const again = patients.filter(({ patientId }) => due.some(({ subjectId }) => subjectId === patientId));
  await a.locator.publishPatients(
    again.map(({ patientId, listed }) => ({ patientId, ...person(patientId), listing: listed ? LISTED : UNLISTED })),
    due.filter(({ dummy }) => dummy).map(({ subjectId }) => subjectId),
  );
}

describe('publishedCount', () => {
  it('is the next power of two, and never less than what a small hospital hides in', () => {
    expect([0, 1, 63, 64, 65, 128, 1_000, 100_000].map(publishedCount)).toEqual([MIN_PUBLISHED, 64, 64, 64, 128, 128, 1_024, 131_072]);
  });
});

describe('the number of pointers that a hospital has', () => {
  it('is the bucket of its number of patients, however many were admitted and taken back, once old values are over', async () => {
    const changes = fc.array(fc.record({ admit: fc.integer({ min: 0, max: 40 }), withdraw: fc.integer({ min: 0, max: 4 }) }), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(changes, async (days) => {
        const { network, hospital } = makeLocatorNetwork();
        const a = hospital('a');
        const patients: { patientId: string; listed: boolean }[] = [];
        for (const { admit, withdraw } of days) {
          const fresh = Array.from({ length: admit }, () => ({ patientId: newId(), listed: true }));
          patients.push(...fresh);
          // Some one by one, as they come; others together.
          for (const { patientId } of fresh.slice(0, 2)) await a.locator.publishPatient(patientId, person(patientId), LISTED);
          await a.locator.publishPatients(fresh.slice(2).map(({ patientId }) => ({ patientId, ...person(patientId), listing: LISTED })), []);
          for (const patient of patients.filter(({ listed }) => listed).slice(0, withdraw)) {
            patient.listed = false;
            await a.locator.publishPatient(patient.patientId, person(patient.patientId), UNLISTED);
          }
          await renew({ network, a }, patients);
          const listed = patients.filter((patient) => patient.listed).length;
          const { patients: counted, dummies } = await a.store.countPointers(1, network.clock.now());
          expect(counted).toBe(listed);
          expect(counted + dummies).toBe(publishedCount(listed));
          expect(standing(network)).toBeGreaterThanOrEqual(publishedCount(listed));
          network.clock.advance(25 * HOUR);
          await renew({ network, a }, patients);
          network.clock.advance(25 * HOUR);
          expect(standing(network)).toBe(publishedCount(listed));
          await renew({ network, a }, patients);
        }
      }),
      { numRuns: 2 },
    );
  }, 120_000);

  it('is the least bucket for a hospital that lists nobody', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    await a.locator.publishPatient(newId(), person('1'), UNLISTED);
    await a.locator.tidy();
    expect(standing(network)).toBe(MIN_PUBLISHED);
  });
});

describe('a dummy', () => {
  it('looks like a pointer in key, size, sequence and lifetime, and stands by itself', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const patientId = newId();
    await a.locator.publishPatient(patientId, person('1'), LISTED);
    const bodies = network.published.flatMap(({ entries }) => entries).map(({ key, value }) => ({ key, value, ...readPointerValue(key, value) }));
    expect(bodies).toHaveLength(MIN_PUBLISHED);
    for (const property of ['expiresAt', 'epoch', 'sequence'] as const) expect(new Set(bodies.map((body) => body[property])).size).toBe(1);
    expect(new Set(bodies.map(({ key, value }) => `${String(key.length)} ${String(value.length)}`)).size).toBe(1);
    expect(new Set(bodies.map(({ admitPublicKey }) => Buffer.from(admitPublicKey).toString('hex'))).size).toBe(MIN_PUBLISHED);
    expect(new Set(bodies.map(({ slot }) => slot)).size).toBeGreaterThan(4);
  });

  it('is the same one when it is renewed, and in the same slot', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    await a.locator.tidy();
    const before = [...network.values.keys()].sort();
    network.clock.advance(25 * HOUR);
    await renew({ network, a: { ...a, locator: a.again() } }, []);
    expect([...network.values.keys()].sort()).toEqual(before);
    expect([...network.values.values()].every(({ meta }) => meta.expiresAt.getTime() === network.clock.now().getTime() + 48 * HOUR)).toBe(true);
  });

  it('leads nobody anywhere: its tag and handle name no patient', async () => {
    const { hospital } = makeLocatorNetwork();
    const a = hospital('a');
    await a.locator.tidy();
    const [dummy] = await a.store.randomDummies(1, 1);
    expect(await a.store.patientsByTagToken(dummy?.tagToken ?? new Uint8Array())).toMatchObject([{ recipe: 'dummy' }]);
    expect(await a.locator.patientOf({ tag: dummy?.tagToken ?? new Uint8Array() })).toEqual({ found: 'none' });
  });

  it('appears and is written again together with patients: who watches sees more values than patients change', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const first = newId();
    await a.locator.publishPatient(first, person('1'), LISTED);
    let seen = 0;
    for (let round = 0; round < 8; round += 1) {
      const patientId = newId();
      network.published.length = 0;
      await a.locator.publishPatient(patientId, person(patientId), LISTED);
      seen += network.published.flatMap(({ entries }) => entries).length;
      network.published.length = 0;
      await a.locator.publishPatient(first, person('1'), round % 2 === 0 ? UNLISTED : LISTED);
      expect(network.published.flatMap(({ entries }) => entries).length).toBeGreaterThan(1);
    }
    expect(seen).toBeGreaterThan(8);
    const { patients, dummies } = await a.store.countPointers(1, network.clock.now());
    expect(patients + dummies).toBe(MIN_PUBLISHED);
  });
});
