import { describe, expect, it, jest } from '@jest/globals';
import { newId, UNLISTED } from '@carecord/core';
import { ed25519PublicKey } from '@carecord/crypto';
import { NetworkError } from '@carecord/network';
import type { DhtEntry, Placement } from '@carecord/network';
import { LISTED, makeLocatorNetwork, placed } from '../../testkit/src/locator-fixture.ts';
import type { MemoryNetwork, TestHospital } from '../../testkit/src/locator-fixture.ts';
import { POINTER_LIFETIME_MILLISECONDS, POINTER_SLOTS } from './index.ts';
import { HospitalKeys } from './keys.ts';
import { readPointerValue } from './pointer-value.ts';
import type { StoredPointer } from './ports.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const PASSPORT = { system: 'urn:oid:4.5.6', value: 'P-77' };
const PERSON = { identifiers: [NATIONAL] };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };
const HOUR = 3_600_000;
const MINUTE = 60_000;
const coded = (code: string): object => expect.objectContaining({ code });

/** The pointer of a patient with one identifier, as the hospital's store has it. */
async function pointerOf(hospital: TestHospital, patientId: string): Promise<StoredPointer | undefined> {
  return (await hospital.store.tagsOf([patientId]))[0]?.pointers[0];
}

/** Tells the values of one patient from those of others and of dummies. */
async function ownerOf(hospital: TestHospital, patientId: string): Promise<(entry: DhtEntry) => boolean> {
  const tag = (await hospital.again().locate(NATIONAL, asked)).tag;
  const key = Buffer.from(ed25519PublicKey(new HospitalKeys(hospital.indexKey).slotSeed(tag, patientId, 1)));
  return ({ key: place, value }) => key.equals(readPointerValue(place, value).slotPublicKey);
}

async function found(hospital: TestHospital): Promise<number> {
  return (await hospital.locator.locate(NATIONAL, asked)).pointers.length;
}

async function due(hospital: TestHospital, before: Date): Promise<string[]> {
  const subjects = await hospital.locator.due(before, 1_000);
  return subjects.filter(({ dummy }) => !dummy).map(({ subjectId }) => subjectId);
}

describe('publishing again', () => {
  it('renews the same slot with a higher sequence, evaluates nothing anew and logs nothing', async () => {
    const { network, tags, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    const first = await pointerOf(a, patientId);
    network.clock.advance(HOUR);
    await a.again().publishPatient(patientId, PERSON, LISTED);
    const second = await pointerOf(a, patientId);
    expect(second).toMatchObject({ slot: first?.slot, touched: first?.touched, state: 'listed' });
    expect(second?.sequence).toBeGreaterThan(first?.sequence ?? Infinity);
    expect(second?.expiresAt?.getTime()).toBe((first?.expiresAt?.getTime() ?? 0) + HOUR);
    expect(tags.asked).toEqual([{ request: { purpose: 'PUBLISH' }, inputs: 1, epochs: [1] }]);
    expect(await a.audit.list({ limit: 9 })).toHaveLength(1);
  });

  it('is due before the pointer expires, and not once it is renewed or withdrawn', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const [one, other] = [newId(), newId()];
    await a.locator.publishPatient(one, PERSON, LISTED);
    network.clock.advance(HOUR);
    await a.locator.publishPatient(other, { identifiers: [PASSPORT] }, LISTED);
    const soon = new Date(network.clock.now().getTime() + POINTER_LIFETIME_MILLISECONDS - HOUR / 2);
    expect(await due(a, soon)).toEqual([one]);
    expect(await due(a, new Date(soon.getTime() + HOUR))).toEqual([one, other]);
    await a.locator.publishPatient(one, PERSON, LISTED);
    await a.locator.publishPatient(other, { identifiers: [PASSPORT] }, UNLISTED);
    expect(await due(a, soon)).toEqual([]);
  });
});

describe('many patients', () => {
  it('are published and renewed in few publications, in which dummies are not to be told from patients', async () => {
    const { network, tags, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patients = Array.from({ length: 300 }, (_, at) => ({ patientId: newId(), identifiers: [{ ...NATIONAL, value: String(at) }], listing: LISTED }));
    expect(await a.locator.publishPatients(patients, [])).toEqual(patients.map(({ patientId }) => ({ patientId })));
    await a.locator.tidy();
    expect(network.published.map(({ entries }) => entries.length)).toEqual([300, 212]);
    expect(tags.asked.every(({ inputs }) => inputs <= 12)).toBe(true);
    for (const at of [0, 150, 299]) expect((await b.locator.locate({ ...NATIONAL, value: String(at) }, asked)).pointers).toHaveLength(1);

    network.clock.advance(25 * HOUR);
    const dueSubjects = await a.locator.due(new Date(network.clock.now().getTime() + 24 * HOUR), 1_000);
    expect(dueSubjects).toHaveLength(512);
    const progress: number[] = [];
    await a.locator.publishPatients(
      patients,
      dueSubjects.filter(({ dummy }) => dummy).map(({ subjectId }) => subjectId),
      { onProgress: ({ settled }) => progress.push(settled) },
    );
    const [renewal] = network.published.slice(-1);
    expect(renewal?.entries).toHaveLength(512);
    expect(progress).toEqual([512]);
    expect(new Set(renewal?.entries.map(({ value }) => value.length)).size).toBe(1);
    expect(new Set(renewal?.entries.map(({ key }) => key.length)).size).toBe(1);
    // Mixed, not one after the other.
    const dummies = new Set((await a.store.randomDummies(1, 1_000)).map(({ patientId }) => patientId));
    expect(dummies.size).toBe(212);
    expect(await due(a, new Date(network.clock.now().getTime() + 24 * HOUR))).toEqual([]);
  });

  it('do not wait for the one that fails: each has its own outcome', async () => {
    const { tags, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const [known, unknown] = [newId(), newId()];
    await a.locator.publishPatient(known, PERSON, UNLISTED);
    tags.unavailable.add(1);
    const outcomes = await a.locator.publishPatients(
      [{ patientId: unknown, identifiers: [PASSPORT], listing: LISTED }, { patientId: known, ...PERSON, listing: LISTED }],
      [],
    );
    expect(outcomes).toEqual([{ patientId: unknown, error: coded('GUARDIAN_UNAVAILABLE') }, { patientId: known }]);
    tags.unavailable.clear();
    expect(await found(b)).toBe(1);
    expect((await b.locator.locate(PASSPORT, asked)).pointers).toEqual([]);
  });
});

describe('slots', () => {
  const fill = async (count: number) => {
    const made = makeLocatorNetwork();
    const all = Array.from({ length: count }, (_, index) => made.hospital(`h${String(index)}`));
    for (const one of all) await one.locator.publishPatient(newId(), PERSON, LISTED);
    return { ...made, all };
  };

  it('are shared by as many holders as there are slots', async () => {
    const { all, hospital } = await fill(POINTER_SLOTS);
    const { pointers } = await hospital('z').locator.locate(NATIONAL, asked);
    expect(pointers.map(({ holder }) => holder)).toEqual(all.map(({ did }) => did).sort());
  });

  it('when full, are an error that shows, and the other identifiers are published; they become free again', async () => {
    const { network, hospital } = await fill(POINTER_SLOTS);
    const [late, z] = [hospital('late'), hospital('z')];
    const patientId = newId();
    await expect(late.locator.publishPatient(patientId, { identifiers: [NATIONAL, PASSPORT] }, LISTED)).rejects.toEqual(coded('SLOTS_FULL'));
    expect((await z.locator.locate(PASSPORT, asked)).pointers).toHaveLength(1);
    const [event] = await late.audit.list({ limit: 1 });
    expect(event).toMatchObject({ type: 'pointer-published', outcome: 'failure', patientId, detail: { pointers: 1, failures: 1 } });
    expect(await due(late, network.clock.now())).toEqual([patientId]);
    network.clock.advance(POINTER_LIFETIME_MILLISECONDS + 1);
    await late.locator.publishPatient(patientId, { identifiers: [NATIONAL, PASSPORT] }, LISTED);
    expect((await z.locator.locate(NATIONAL, asked)).pointers.map(({ holder }) => holder)).toEqual([late.did]);
  });

  it('are one a patient: two of one hospital under one identifier stand beside each other', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patients = [newId(), newId()];
    await a.locator.publishPatients(patients.map((patientId) => ({ patientId, ...PERSON, listing: LISTED })), []);
    const { pointers } = await b.locator.locate(NATIONAL, asked);
    const matches = await Promise.all(pointers.map(({ handle }) => a.locator.patientOf({ handle })));
    expect(matches.map((match) => (match.found === 'one' ? match.patientId : '')).sort()).toEqual([...patients].sort());
  });
});

describe('races for a slot', () => {
  /** Storers that take the patient's `at`th value in this way, and all others as usual. */
  const placing = async (network: MemoryNetwork, hospital: TestHospital, patientId: string, placements: readonly (Partial<Placement> | undefined)[]): Promise<void> => {
    const isOwn = await ownerOf(hospital, patientId);
    let written = 0;
    network.placing = (entry) => {
      if (!isOwn(entry)) return undefined;
      const placement = placements[written];
      written += 1;
      return placement === undefined ? undefined : placed(placement);
    };
  };
  const expiriesOf = async (network: MemoryNetwork, hospital: TestHospital, patientId: string): Promise<number[]> => {
    const isOwn = await ownerOf(hospital, patientId);
    const own = [...network.values].filter(([name, { value }]) => isOwn({ kind: { namespace: 'pointer' }, key: Buffer.from(name.split('/')[1] ?? '', 'hex'), value }));
    return own.map(([, { meta }]) => meta.expiresAt.getTime() - network.clock.now().getTime()).sort((one, other) => one - other);
  };

  it('that are lost leave the slot to the other holder soon, and the next one is taken', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await placing(network, a, patientId, [{ stored: 2, occupied: 3 }]);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    expect(await expiriesOf(network, a, patientId)).toEqual([MINUTE, POINTER_LIFETIME_MILLISECONDS]);
    const pointer = await pointerOf(a, patientId);
    expect(pointer).toMatchObject({ state: 'listed', touched: 1 << (pointer?.slot ?? 9) });
    expect(await found(b)).toBe(1);
  });

  it('that are lost at a renewal are given up for another slot', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    const first = await pointerOf(a, patientId);
    network.clock.advance(HOUR);
    await placing(network, a, patientId, [{ stored: 1, occupied: 4 }]);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    const second = await pointerOf(a, patientId);
    expect(second?.slot).not.toBe(first?.slot);
    network.clock.advance(2 * MINUTE);
    expect(await found(b)).toBe(1);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    expect((await pointerOf(a, patientId))?.slot).toBe(second?.slot);
  });

  it('that nobody wins end in the slot that some gave us, to be tried again soon', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    const split = { stored: 2, occupied: 3 };
    network.placing = (entry) => (entry.value.length > 0 ? placed(split) : undefined);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    network.placing = () => undefined;
    expect(await found(b)).toBe(1);
    expect(await due(a, new Date(network.clock.now().getTime() + HOUR))).toEqual([patientId]);
  });

  it('are none where members only did not answer: the slot is kept, and written again soon', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await placing(network, a, patientId, [{ stored: 2, unreached: 3 }]);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    expect(await expiriesOf(network, a, patientId)).toEqual([POINTER_LIFETIME_MILLISECONDS]);
    expect(await found(b)).toBe(1);
    expect(await due(a, new Date(network.clock.now().getTime() + HOUR))).toEqual([patientId]);
  });

  it('whose release did not reach all are released again with the next publication, and taken back with the pointer', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const patientId = newId();
    // Lost; the release of the lost one, in the same round as the next slot, reaches only some.
    const isOwn = await ownerOf(a, patientId);
    const lost: string[] = [];
    network.placing = (entry) => {
      if (!isOwn(entry)) return undefined;
      const slot = Buffer.from(entry.key).toString('hex');
      if (lost.length === 0) {
        lost.push(slot);
        return placed({ stored: 2, occupied: 3 });
      }
      return slot === lost[0] ? placed({ stored: 3, unreached: 2 }) : undefined;
    };
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    const bits = (await pointerOf(a, patientId))?.touched ?? 0;
    expect(bits.toString(2).replaceAll('0', '')).toBe('11');
    network.placing = () => undefined;
    await a.locator.publishPatient(patientId, PERSON, UNLISTED);
    expect(await pointerOf(a, patientId)).toMatchObject({ state: 'withdrawn', touched: 0 });
    expect(await expiriesOf(network, a, patientId)).toEqual([POINTER_LIFETIME_MILLISECONDS, POINTER_LIFETIME_MILLISECONDS]);
  });
});

describe('failures', () => {
  it('of the guardians leave nothing half-known, and the next attempt succeeds', async () => {
    const { tags, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    tags.unavailable.add(1);
    await expect(a.locator.publishPatient(patientId, PERSON, LISTED)).rejects.toEqual(coded('GUARDIAN_UNAVAILABLE'));
    expect(await a.store.tagsOf([patientId])).toEqual([]);
    tags.unavailable.clear();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    expect(await found(b)).toBe(1);
  });

  it('of the DHT are an error, for pointers and for tombstones, and are due again', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    const broken = (operation: string): void => {
      if (operation === 'write') throw new NetworkError('PUBLISHING_FAILED', 'No.');
    };
    network.disturb = broken;
    await expect(a.locator.publishPatient(patientId, PERSON, LISTED)).rejects.toEqual(coded('PUBLISHING_FAILED'));
    expect(await due(a, network.clock.now())).toEqual([patientId]);
    network.disturb = () => undefined;
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    network.placing = () => placed({ unreached: 5 });
    await expect(a.locator.publishPatient(patientId, PERSON, UNLISTED)).rejects.toEqual(coded('PUBLISHING_FAILED'));
    await expect(a.locator.publishPatient(patientId, { identifiers: [PASSPORT] }, UNLISTED)).rejects.toEqual(coded('PUBLISHING_FAILED'));
    network.placing = () => undefined;
    await a.locator.publishPatient(patientId, { identifiers: [PASSPORT] }, UNLISTED);
    expect(await found(b)).toBe(0);
    expect((await a.store.tagsOf([patientId])).map(({ pointers }) => pointers)).toEqual([[]]);
  });

  it('a pointer written before a crash, of which the store knows only the sequence and the slot, is renewed in it, or gets its tombstone', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const [kept, withdrawn] = [newId(), newId()];
    const killed = jest.spyOn(a.store, 'savePointers').mockRejectedValue(new Error('killed'));
    await expect(a.locator.publishPatient(kept, PERSON, LISTED)).rejects.toThrow('killed');
    await expect(a.locator.publishPatient(withdrawn, { identifiers: [PASSPORT] }, LISTED)).rejects.toThrow('killed');
    killed.mockRestore();
    expect(await found(b)).toBe(1);
    expect((await due(a, network.clock.now())).sort()).toEqual([kept, withdrawn].sort());
    const before = await pointerOf(a, kept);
    await a.again().publishPatient(kept, PERSON, LISTED);
    await a.again().publishPatient(withdrawn, { identifiers: [PASSPORT] }, UNLISTED);
    expect(await pointerOf(a, kept)).toMatchObject({ slot: before?.slot, state: 'listed' });
    expect(await found(b)).toBe(1);
    expect((await b.locator.locate(PASSPORT, asked)).pointers).toEqual([]);
  });

  it('a pointer that was listed anew just before a crash is taken back all the same', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    for (const listing of [LISTED, UNLISTED]) await a.locator.publishPatient(patientId, PERSON, listing);
    const killed = jest.spyOn(a.store, 'savePointers').mockRejectedValueOnce(new Error('killed'));
    await expect(a.locator.publishPatient(patientId, PERSON, LISTED)).rejects.toThrow('killed');
    killed.mockRestore();
    expect(await found(b)).toBe(1);
    await a.again().publishPatient(patientId, PERSON, UNLISTED);
    expect(await found(b)).toBe(0);
  });

  it('a crash after the tags were made costs no second evaluation', async () => {
    const { tags, hospital } = makeLocatorNetwork();
    const a = hospital('a');
    const patientId = newId();
    const killed = jest.spyOn(a.store, 'claimPointers').mockRejectedValueOnce(new Error('killed'));
    await expect(a.locator.publishPatient(patientId, PERSON, LISTED)).rejects.toThrow('killed');
    killed.mockRestore();
    await a.again().publishPatient(patientId, PERSON, LISTED);
    expect(tags.asked).toHaveLength(1);
  });
});

describe('what is stored', () => {
  it('holds no identifier, no tag and no recipient, only tokens and sealed bytes', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, { listing: 'named', hospitals: [{ did: b.did }] });
    const { tag } = await b.locator.locate(NATIONAL, asked);
    const [stored] = await a.store.tagsOf([patientId]);
    const pointer = stored?.pointers[0];
    const raw = Buffer.concat([stored?.inputToken, stored?.tagToken, stored?.handleToken, stored?.sealedTag, pointer?.recipientToken, pointer?.sealedRecipient].map((part) => part ?? new Uint8Array()));
    expect(pointer?.sealedRecipient.length).toBeGreaterThan(b.did.length);
    expect(raw.includes(Buffer.from(tag))).toBe(false);
    expect(raw.includes(NATIONAL.value)).toBe(false);
    expect(raw.includes('b.hospital')).toBe(false);
    expect(stored?.sealedTag.length).toBeLessThanOrEqual(128);
  });
});
