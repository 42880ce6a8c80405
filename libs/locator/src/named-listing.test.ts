import { describe, expect, it } from '@jest/globals';
import { newId, UNLISTED } from '@carecord/core';
import type { PatientListing } from '@carecord/core';
import { ed25519Signer, randomKey } from '@carecord/crypto';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import type { TestHospital } from '../../testkit/src/locator-fixture.ts';
import { namedTag, POINTER_SLOTS, pointerKey, tagKeys } from './keys.ts';
import { openContent, POINTER_PLAIN_BYTES } from './pointer-content.ts';
import { makePointerValue, pointerKind, readPointerValue } from './pointer-value.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const PERSON = { identifiers: [NATIONAL] };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };
const HOUR = 3_600_000;
const named = (...hospitals: TestHospital[]): PatientListing => ({ listing: 'named', hospitals: hospitals.map(({ did }) => ({ did })) });
const holders = async (asker: TestHospital): Promise<string[]> => (await asker.locator.locate(NATIONAL, asked)).pointers.map(({ holder }) => holder);

describe('a patient who is listed to named hospitals', () => {
  it('is found by these, with a handle that leads to it, and by nobody else', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b, c, d] = [hospital('a'), hospital('b'), hospital('c'), hospital('d')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, named(b, c, a));
    expect([await holders(b), await holders(c), await holders(d)]).toEqual([[a.did], [a.did], []]);
    const { pointers } = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ handle: pointers[0]?.handle as Uint8Array })).toMatchObject({ found: 'one', patientId });
    // Nothing is sealed to ourselves.
    expect((await a.store.tagsOf([patientId]))[0]?.pointers).toHaveLength(2);
  });

  it('is found once by who is named where it is listed to all beside, by another hospital', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b, c] = [hospital('a'), hospital('b'), hospital('c')];
    await a.locator.publishPatient(newId(), PERSON, named(b));
    await c.locator.publishPatient(newId(), PERSON, LISTED);
    expect(await holders(b)).toEqual([a.did, c.did]);
  });

  it('is taken back from whom it is no longer listed to, and from all when it is listed to nobody', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b, c, d] = [hospital('a'), hospital('b'), hospital('c'), hospital('d')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    await a.locator.publishPatient(patientId, PERSON, named(b, c));
    expect([await holders(b), await holders(c), await holders(d)]).toEqual([[a.did], [a.did], []]);
    await a.locator.publishPatient(patientId, PERSON, named(c));
    expect([await holders(b), await holders(c)]).toEqual([[], [a.did]]);
    await a.locator.publishPatient(patientId, PERSON, UNLISTED);
    expect([await holders(b), await holders(c), await holders(d)]).toEqual([[], [], []]);
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    expect([await holders(b), await holders(d)]).toEqual([[a.did], [a.did]]);
  });

  it('is found until the permission ends, which does not show from outside', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const until = new Date(network.clock.now().getTime() + HOUR);
    await a.locator.publishPatient(newId(), PERSON, { listing: 'named', hospitals: [{ did: b.did, until }] });
    expect(new Set([...network.values.values()].map(({ meta }) => meta.expiresAt.getTime())).size).toBe(1);
    expect(await holders(b)).toEqual([a.did]);
    network.clock.advance(HOUR);
    expect(await holders(b)).toEqual([]);
  });

  it('is not published to whom it cannot be sealed; the others find it, and what was to be taken back is', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, c] = [hospital('a'), hospital('b'), hospital('c')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, PERSON, LISTED);
    network.unknown.add(b.did);
    await expect(a.locator.publishPatient(patientId, PERSON, named(b))).rejects.toMatchObject({ code: 'RECIPIENT_UNKNOWN' });
    expect(await holders(c)).toEqual([]);
    await expect(a.locator.publishPatient(patientId, PERSON, named(b, c))).rejects.toMatchObject({ code: 'RECIPIENT_UNKNOWN' });
    expect(await holders(c)).toEqual([a.did]);
    network.unknown.clear();
    await a.locator.publishPatient(patientId, PERSON, named(b));
    expect(await holders(b)).toEqual([a.did]);
  });
});

describe('who has the tag of a patient listed to another hospital', () => {
  it('sees that something stands there, and neither whose nor about whom', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, c] = [hospital('a'), hospital('b'), hospital('c')];
    await a.locator.publishPatient(newId(), PERSON, named(b));
    const { tag } = await c.locator.locate(NATIONAL, asked);
    const keys = tagKeys(namedTag(tag, b.did));
    const values = Array.from({ length: POINTER_SLOTS }, (_, slot) => network.values.get(`pointer/${Buffer.from(pointerKey(keys.admitPublicKey, 1, slot)).toString('hex')}`)?.value);
    const [value] = values.filter((one) => one !== undefined) as [Uint8Array];
    const { sealed } = readPointerValue(pointerKey(keys.admitPublicKey, 1, values.indexOf(value)), value);
    const seen = Buffer.from(openContent(keys.sealKey, sealed) ?? []);
    expect(seen.length).toBeLessThanOrEqual(POINTER_PLAIN_BYTES);
    expect(seen.includes('hospital.example')).toBe(false);
  });

  it('cannot put itself there for the named one to find: that takes the holder it names', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, m] = [hospital('a'), hospital('b'), hospital('m')];
    await a.locator.publishPatient(newId(), PERSON, named(b));
    const { tag } = await m.locator.locate(NATIONAL, asked);
    const keys = tagKeys(namedTag(tag, b.did));
    const mine = [...network.values].find(([place]) =>
      Array.from({ length: POINTER_SLOTS }, (_, slot) => `pointer/${Buffer.from(pointerKey(keys.admitPublicKey, 1, slot)).toString('hex')}`).includes(place),
    );
    if (mine === undefined) throw new Error('A pointer stands there.');
    const [name, { value }] = mine;
    const key = Buffer.from(name.split('/')[1] ?? '', 'hex');
    const { sealed, slot } = readPointerValue(key, value);
    // A copy of the sealed content under a key of its own, in the next slot.
    const next = (slot + 1) % POINTER_SLOTS;
    const now = network.clock.now().getTime();
    const copy = makePointerValue(keys, ed25519Signer(randomKey()), { epoch: 1, slot: next, sequence: now, expiresAt: new Date(now + HOUR) }, sealed);
    await m.host.put(pointerKind, pointerKey(keys.admitPublicKey, 1, next), copy);
    // Over the slot itself nothing goes.
    const over = makePointerValue(keys, ed25519Signer(randomKey()), { epoch: 1, slot, sequence: now + 1, expiresAt: new Date(now + HOUR) }, sealed);
    await expect(m.host.put(pointerKind, key, over)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    expect(await holders(b)).toEqual([a.did]);
  });
});
