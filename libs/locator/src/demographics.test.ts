import { describe, expect, it } from '@jest/globals';
import { newId, UNLISTED } from '@carecord/core';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import { askingTag, POINTER_SLOTS } from './index.ts';
import type { Person } from './index.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const AINO = { family: 'Järvinen', given: 'Aino', birthDate: '1970-01-02', sex: 'female' } as const;
const PERSON: Person = { identifiers: [NATIONAL], demographics: [AINO] };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };

describe('a patient who is looked for by name, birth date and sex', () => {
  it('is found by any spelling, once a hospital, and its handle says how it was found', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    for (const query of [AINO, { ...AINO, family: 'JARVINEN' }, { ...AINO, family: 'aino', given: 'järvinen' }]) {
      const { pointers } = await b.locator.locate(query, asked);
      expect(pointers.map(({ holder }) => holder)).toEqual([a.did]);
      expect(await a.locator.patientOf({ handle: pointers[0]?.handle as Uint8Array })).toEqual({ found: 'one', patientId, by: 'demographics' });
    }
    const { pointers } = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ handle: pointers[0]?.handle as Uint8Array })).toEqual({ found: 'one', patientId, by: 'identifier' });
    expect((await b.locator.locate({ ...AINO, birthDate: '1970-01-03' }, asked)).pointers).toEqual([]);
    const [event] = await b.audit.list({ limit: 1 });
    expect(event).toMatchObject({ detail: { by: 'demographics' } });
    expect(JSON.stringify(event)).not.toContain('rvinen');
  });

  it('is nobody to the holder when two of its patients fit, whether it is asked by handle or by tag', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), PERSON, LISTED);
    await a.locator.publishPatient(newId(), { identifiers: [], demographics: [AINO] }, UNLISTED);
    const { tag, pointers } = await b.locator.locate(AINO, asked);
    expect(pointers).toHaveLength(1);
    expect(await a.locator.patientOf({ handle: pointers[0]?.handle as Uint8Array })).toEqual({ found: 'several' });
    expect(await a.locator.patientOf({ tag: askingTag(tag, a.did) })).toEqual({ found: 'several' });
    // The number still says which.
    const byNumber = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ handle: byNumber.pointers[0]?.handle as Uint8Array })).toMatchObject({ found: 'one', by: 'identifier' });
  });

  it('costs the same questions whether or not there is anybody', async () => {
    const { network, tags, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), PERSON, LISTED);
    network.asked.length = 0;
    tags.asked.length = 0;
    await b.locator.locate(AINO, asked);
    await b.locator.locate({ ...AINO, family: 'Nobody' }, asked);
    expect(network.asked.map((keys) => keys.length)).toEqual([4 * POINTER_SLOTS, 4 * POINTER_SLOTS]);
    expect(tags.asked.map(({ inputs }) => inputs)).toEqual([2, 2]);
  });

  it('who has changed the name is found by both, and by the former one no longer once the hospital drops it', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    const married = { ...AINO, family: 'Virtanen' };
    await a.locator.publishPatient(patientId, { identifiers: [], demographics: [married, AINO] }, LISTED);
    for (const query of [AINO, married]) expect((await b.locator.locate(query, asked)).pointers).toHaveLength(1);
    await a.locator.publishPatient(patientId, { identifiers: [], demographics: [married] }, LISTED);
    expect((await b.locator.locate(AINO, asked)).pointers).toEqual([]);
    expect((await b.locator.locate(married, asked)).pointers).toHaveLength(1);
  });

  it.each([['an unknown sex', { ...AINO, sex: 'unknown' as const }], ['no birth date', { ...AINO, birthDate: '' }]])('is refused with %s, before a guardian is asked', async (_name, query) => {
    const { tags, hospital } = makeLocatorNetwork();
    const b = hospital('b');
    await expect(b.locator.locate(query, asked)).rejects.toMatchObject({ code: 'DEMOGRAPHICS_INVALID' });
    expect(tags.asked).toEqual([]);
  });
});
