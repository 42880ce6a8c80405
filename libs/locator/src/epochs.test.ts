import { describe, expect, it } from '@jest/globals';
import { newId, UNLISTED } from '@carecord/core';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import { askingTag, POINTER_SLOTS } from './index.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const PERSON = { identifiers: [NATIONAL] };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };
const HOUR = 3_600_000;

/** Hospitals while epoch 2 takes over from epoch 1. */
function overlapping() {
  const made = makeLocatorNetwork();
  const begin = (): void => {
    made.tags.live = [{ number: 2, endsAt: undefined }, { number: 1, endsAt: new Date(made.network.clock.now().getTime() + 24 * HOUR) }];
  };
  const end = (): void => {
    made.tags.live = [{ number: 2, endsAt: undefined }];
  };
  return { ...made, begin, end };
}

describe('while one epoch takes over from another', () => {
  it('patients are published in both, and found in the older one until they are in the newer', async () => {
    const { network, tags, hospital, begin, end } = overlapping();
    const [a, b] = [hospital('a'), hospital('b')];
    const [patientId, unlisted] = [newId(), newId()];
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    await a.locator.publishPatient(unlisted, { identifiers: [{ ...NATIONAL, value: '2' }] }, UNLISTED);
    begin();
    const before = await b.locator.locate(NATIONAL, asked);
    expect(before.pointers.map(({ holder }) => holder)).toEqual([a.did]);
    expect((await a.locator.due(network.clock.now(), 10)).map(({ subjectId }) => subjectId).sort()).toEqual([patientId, unlisted].sort());
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    await a.locator.publishPatient(unlisted, { identifiers: [{ ...NATIONAL, value: '2' }] }, UNLISTED);
    expect(tags.asked.filter(({ request }) => request.purpose === 'PUBLISH').map(({ epochs }) => epochs)).toEqual([[1], [1], [2], [2]]);
    expect(await a.locator.due(network.clock.now(), 10)).toEqual([]);
    const during = await b.locator.locate(NATIONAL, asked);
    // Once, and by its handle in the newer epoch.
    expect(during.pointers).toHaveLength(1);
    expect(during.pointers[0]?.handle).not.toEqual(before.pointers[0]?.handle);
    expect(await a.locator.patientOf({ handle: during.pointers[0]?.handle as Uint8Array })).toMatchObject({ patientId });
    end();
    expect((await b.locator.locate(NATIONAL, asked)).pointers).toEqual(during.pointers);
  });

  it('the slots of both are asked for in one question', async () => {
    const { network, tags, hospital, begin } = overlapping();
    const b = hospital('b');
    begin();
    await b.locator.locate(NATIONAL, asked);
    expect(network.asked.map((keys) => keys.length)).toEqual([2 * 2 * POINTER_SLOTS]);
    expect(new Set(network.asked[0]).size).toBe(4 * POINTER_SLOTS);
    expect(tags.asked.map(({ epochs }) => epochs)).toEqual([[2, 1]]);
  });

  it('holders without a pointer are asked by the tag of the older epoch, which all of them have, while it lasts', async () => {
    const { tags, hospital, begin, network } = overlapping();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, UNLISTED);
    begin();
    const { tag } = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ tag: askingTag(tag, a.did) })).toMatchObject({ patientId });
    // A location is kept for an hour.
    tags.live = [{ number: 2, endsAt: undefined }, { number: 1, endsAt: new Date(network.clock.now().getTime() + HOUR / 2) }];
    await a.locator.publishPatient(patientId, PERSON, UNLISTED);
    const { tag: newer } = await b.locator.locate(NATIONAL, asked);
    expect(newer).not.toEqual(tag);
    expect(await a.locator.patientOf({ tag: askingTag(newer, a.did) })).toMatchObject({ patientId });
  });

  it('the view is incomplete, and says why, where the guardians of one epoch do not answer', async () => {
    const { tags, hospital, begin } = overlapping();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), PERSON, LISTED);
    begin();
    tags.unavailable.add(2);
    const location = await b.locator.locate(NATIONAL, asked);
    expect(location).toMatchObject({ incomplete: true, reasons: ['GUARDIANS_UNREACHED'] });
    expect(location.pointers).toHaveLength(1);
    tags.unavailable.add(1);
    await expect(b.locator.locate(NATIONAL, asked)).rejects.toMatchObject({ code: 'GUARDIAN_UNAVAILABLE' });
  });

  it('tags and pointers of an epoch that is over are forgotten once there are newer ones, and dummies begin anew', async () => {
    const { hospital, begin, end, network } = overlapping();
    const a = hospital('a');
    const [moved, waiting] = [newId(), newId()];
    for (const patientId of [moved, waiting]) await a.locator.publishPatient(patientId, { identifiers: [{ ...NATIONAL, value: patientId }] }, LISTED);
    begin();
    await a.locator.publishPatient(moved, { identifiers: [{ ...NATIONAL, value: moved }] }, LISTED);
    await a.locator.tidy();
    expect((await a.store.tagsOf([moved])).map(({ epoch }) => epoch).sort()).toEqual([1, 2]);
    end();
    await a.locator.tidy();
    expect((await a.store.tagsOf([moved])).map(({ epoch }) => epoch)).toEqual([2]);
    expect(await a.store.randomDummies(1, 9)).toEqual([]);
    expect((await a.store.countPointers(2, network.clock.now())).dummies).toBe(63);
    // Who has not been evaluated in the newer one still is on the list of those to be.
    expect((await a.locator.due(network.clock.now(), 9)).map(({ subjectId }) => subjectId)).toEqual([waiting]);
  });
});

describe('a patient whom the hospital does not have any more', () => {
  it('leaves no tag, and is not due, also where the epoch of its last tags is over', async () => {
    const { hospital, begin, end, network } = overlapping();
    const a = hospital('a');
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    begin();
    end();
    await a.locator.publishPatient(patientId, { identifiers: [] }, UNLISTED);
    expect(await a.store.tagsOf([patientId])).toEqual([]);
    expect(await a.locator.due(network.clock.now(), 9)).toEqual([]);
  });
});

describe('what guardians are told of who asks', () => {
  it('is a pseudonym of the clinician, the same in an epoch and another one at another hospital and in another epoch', async () => {
    const { tags, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.locate(NATIONAL, asked);
    await a.again().locate({ ...NATIONAL, value: '2' }, asked);
    await b.locator.locate(NATIONAL, asked);
    await a.locator.locate(NATIONAL, { ...asked, actor: { kind: 'staff', id: 'staff-2' } });
    tags.live = [{ number: 2, endsAt: undefined }];
    await a.locator.locate(NATIONAL, asked);
    const clinicians = tags.asked.map(({ request }) => request.clinician);
    expect(clinicians[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(clinicians[1]).toBe(clinicians[0]);
    expect(new Set(clinicians).size).toBe(4);
  });
});
