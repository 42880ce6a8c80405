import { describe, expect, it, jest } from '@jest/globals';
import { later, newId, silentLogger } from '@carecord/core';
import { contentIdOf, generateSigningSeeds, hybridSigner, randomKey } from '@carecord/crypto';
import type { LocalMember } from '@carecord/identity';
import type { DhtEntry, Placement } from '@carecord/network';
import { placed } from '../../testkit/src/locator-fixture.ts';
import { ManualClock } from '../../testkit/src/manual-clock.ts';
import { MemoryLocatorStore } from '../../testkit/src/memory/locator-store.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';
import { MIN_PUBLISHED, publishedCount } from './dummies.ts';
import { REFERENCE_LIFETIME_MILLISECONDS, ReferencePublisher } from './reference-publisher.ts';

const HOUR = 3_600_000;
const signer = hybridSigner(generateSigningSeeds());

/** A publisher with a network that takes everything, unless told otherwise. */
function fixture() {
  const clock = new ManualClock();
  const store = new MemoryLocatorStore();
  const publications: DhtEntry[][] = [];
  const network = {
    placement: (): Placement => placed({ stored: 5 }),
    publish: (entries: readonly DhtEntry[]): Promise<Placement[]> => {
      publications.push([...entries]);
      return Promise.resolve(entries.map(() => network.placement()));
    },
  };
  const identity = { did: 'did:webvh:Qm:a.example', current: () => ({ signer }) as LocalMember };
  const indexKey = randomKey();
  const again = (): ReferencePublisher => new ReferencePublisher({ network, store, identity, indexKey, transactions: new MemoryTransactions(), clock, logger: silentLogger });
  const soon = (): Date => later(clock.now(), 24 * HOUR);
  const keysOf = (entries: readonly DhtEntry[] = []): string[] => entries.map(({ key }) => Buffer.from(key).toString('hex'));
  return { clock, store, network, publications, publisher: again(), again, soon, keysOf };
}

const patient = (): { patientId: string; contentId: string } => ({ patientId: newId(), contentId: contentIdOf(randomKey()) });

describe('references', () => {
  it('go out together, with dummies that look like them, and are not due until they expire soon', async () => {
    const { clock, store, publications, publisher, soon } = fixture();
    const patients = Array.from({ length: 40 }, patient);
    expect(await publisher.publish(patients)).toEqual(patients.map(({ patientId }) => ({ patientId })));
    expect(publications.map(({ length }) => length)).toEqual([MIN_PUBLISHED]);
    expect(new Set(publications[0]?.map(({ key, attachment }) => `${String(key.length)} ${String(attachment?.length)}`)).size).toBe(1);
    // The place in the batch, by content id, takes one byte or two.
    const sizes = publications[0]?.map(({ value }) => value.length) ?? [];
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(await store.referencesOf([patients[0]?.patientId ?? ''])).toMatchObject([{ contentId: patients[0]?.contentId, expiresAt: later(clock.now(), REFERENCE_LIFETIME_MILLISECONDS) }]);
    expect(await publisher.due(soon(), 100)).toEqual([]);
    clock.advance(25 * HOUR);
    const due = await publisher.due(soon(), 100);
    expect(due).toHaveLength(MIN_PUBLISHED);
    await publisher.publish(patients, due.filter(({ dummyGeneration }) => dummyGeneration !== undefined));
    expect(publications[1]).toHaveLength(MIN_PUBLISHED);
    expect(await publisher.due(soon(), 100)).toEqual([]);
  });

  it('that change are not to be told from dummies that change with them', async () => {
    const { publications, publisher, keysOf } = fixture();
    const one = patient();
    await publisher.publish([one]);
    const before = new Set(keysOf(publications[0]));
    await publisher.publish([{ ...one, contentId: contentIdOf(randomKey()) }]);
    expect(publications[1]).toHaveLength(2);
    expect(keysOf(publications[1]).filter((key) => before.has(key))).toEqual([]);
  });

  it('of new patients take the places of dummies: the number is that of the bucket', async () => {
    const { store, publisher } = fixture();
    for (let count = 1; count <= 70; count += 1) {
      await publisher.publish([patient()]);
      const { patients, dummies } = await store.countReferences();
      expect(patients).toBe(count);
      expect(patients + dummies).toBe(publishedCount(count));
    }
  });

  it('of patients who are gone are forgotten, and dummies fill their places', async () => {
    const { store, publisher } = fixture();
    const patients = Array.from({ length: 70 }, patient);
    await publisher.publish(patients);
    await publisher.forget(patients.slice(0, 10).map(({ patientId }) => patientId));
    await publisher.tidy();
    expect(await store.countReferences()).toEqual({ patients: 60, dummies: 4 });
    await publisher.tidy();
    expect(await store.countReferences()).toEqual({ patients: 60, dummies: 4 });
  });

  it('are the same after a restart: a dummy keeps its content id until it is replaced', async () => {
    const { clock, store, publications, publisher, again, keysOf, soon } = fixture();
    await publisher.publish([patient()]);
    clock.advance(25 * HOUR);
    const dummies = (await publisher.due(soon(), 100)).filter(({ dummyGeneration }) => dummyGeneration !== undefined);
    await again().publish([], dummies);
    const first = new Set(keysOf(publications[0]));
    expect(keysOf(publications[1]).every((key) => first.has(key))).toBe(true);
    expect((await store.randomDummyReferences(99)).every(({ sequence }) => sequence === clock.now().getTime())).toBe(true);
  });
});

describe('references that the network does not take', () => {
  it('are due again soon; nothing but what nobody took is an error', async () => {
    const { clock, network, publisher } = fixture();
    const [one, other] = [patient(), patient()];
    network.placement = () => placed({ stored: 1, unreached: 4 });
    expect(await publisher.publish([one])).toEqual([{ patientId: one.patientId }]);
    network.placement = () => placed({ unreached: 5 });
    expect(await publisher.publish([other])).toEqual([{ patientId: other.patientId, error: expect.objectContaining({ code: 'PUBLISHING_FAILED' }) }]);
    const due = await publisher.due(later(clock.now(), HOUR), 100);
    expect(due.map(({ subjectId }) => subjectId)).toEqual(expect.arrayContaining([one.patientId, other.patientId]));
  });

  it('because the node died are due as before, with a higher sequence', async () => {
    const { clock, store, network, publisher, again } = fixture();
    const one = patient();
    await publisher.publish([one]);
    const [before] = await store.referencesOf([one.patientId]);
    const killed = jest.spyOn(store, 'saveReferences').mockRejectedValueOnce(new Error('killed'));
    clock.advance(1);
    await expect(publisher.publish([one])).rejects.toThrow('killed');
    killed.mockRestore();
    expect(await store.referencesOf([one.patientId])).toEqual([before]);
    network.placement = () => placed({ stored: 5 });
    clock.advance(-2);
    await again().publish([one]);
    expect((await store.referencesOf([one.patientId]))[0]?.sequence).toBe((before?.sequence ?? 0) + 1);
  });
});
