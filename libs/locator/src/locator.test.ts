import { describe, expect, it, jest } from '@jest/globals';
import { newId, UNLISTED } from '@carecord/core';
import { ed25519PublicKey, ed25519Signer, randomKey } from '@carecord/crypto';
import { NetworkError } from '@carecord/network';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import { HospitalKeys, pointerKey, slotOrder, tagKeys } from './keys.ts';
import { askingTag, POINTER_SLOTS, pointerKind } from './index.ts';
import type { Location } from './index.ts';
import { sealNothing } from './pointer-content.ts';
import { makePointerValue } from './pointer-value.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const PASSPORT = { system: 'urn:oid:4.5.6', value: 'P-77' };
const actor = { kind: 'staff' as const, id: 'staff-1', role: 'clinician' };
const asked = { purpose: 'TREAT' as const, actor };
const HOUR = 3_600_000;
const coded = (code: string): object => expect.objectContaining({ code });
const NONE = { found: 'none' };
const one = (patientId: string): object => ({ found: 'one', patientId, by: 'identifier' });
const holders = (location: Location): string[] => location.pointers.map(({ holder }) => holder);

describe('locating', () => {
  it('finds the hospitals that list the patient, by any shared identifier, and their handles lead to it', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b, c] = [hospital('a'), hospital('b'), hospital('c')];
    const [atA, atC] = [newId(), newId()];
    await a.locator.publishPatient(atA, { identifiers: [NATIONAL, PASSPORT] }, LISTED);
    await c.locator.publishPatient(atC, { identifiers: [NATIONAL] }, LISTED);
    const location = await b.locator.locate(NATIONAL, asked);
    expect(location).toMatchObject({ incomplete: false });
    expect(holders(location)).toEqual([a.did, c.did]);
    expect(location.pointers.map(({ holderName }) => holderName)).toEqual(['Hospital a', 'Hospital c']);
    expect(await a.locator.patientOf({ handle: location.pointers[0]?.handle as Uint8Array })).toEqual(one(atA));
    expect(await c.locator.patientOf({ handle: location.pointers[1]?.handle as Uint8Array })).toEqual(one(atC));
    expect(await c.locator.patientOf({ handle: location.pointers[0]?.handle as Uint8Array })).toEqual(NONE);
    expect(holders(await b.locator.locate(PASSPORT, asked))).toEqual([a.did]);
    const [event] = await b.audit.list({ limit: 1 });
    expect(event).toMatchObject({ type: 'patient-located', outcome: 'success', actor, purpose: 'TREAT', detail: { found: 1, incomplete: false, by: 'identifier' } });
  });

  it('finds nobody for another identifier, and leaves out its own pointer', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    expect((await b.locator.locate({ ...NATIONAL, value: '1234567891' }, asked)).pointers).toEqual([]);
    expect((await a.locator.locate(NATIONAL, asked)).pointers).toEqual([]);
  });

  it('asks the DHT for the same number of slots whether or not there is anything', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    network.asked.length = 0;
    await b.locator.locate(NATIONAL, asked);
    await b.locator.locate({ ...NATIONAL, value: 'nobody' }, asked);
    // One question: the slots to all, and those to the asker.
    expect(network.asked.map((keys) => keys.length)).toEqual([2 * POINTER_SLOTS, 2 * POINTER_SLOTS]);
  });

  it('neither dials nor asks the holder: one that cannot be reached is found as well', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    network.unreachable.add(a.did);
    const contacts = [jest.spyOn(b.host, 'memberByDid'), jest.spyOn(b.host, 'connect')];
    const location = await b.locator.locate(NATIONAL, asked);
    expect(location).toMatchObject({ incomplete: false });
    expect(holders(location)).toEqual([a.did]);
    for (const contact of contacts) expect(contact).not.toHaveBeenCalled();
  });

  it('says that it is incomplete when a slot cannot be read or the keys of a holder are not to be found', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    network.unknown.add(a.did);
    expect(await b.locator.locate(NATIONAL, asked)).toMatchObject({ pointers: [], incomplete: true, reasons: ['HOLDER_UNKNOWN'] });
    network.unknown.clear();
    let calls = 0;
    network.disturb = () => {
      calls += 1;
      if (calls === 1) throw new NetworkError('TIMEOUT', 'Slow.');
    };
    expect(await b.locator.locate(NATIONAL, asked)).toMatchObject({ incomplete: true, reasons: ['NETWORK_UNREAD'] });
  });

  it('fails, with an audit event, when the guardian cannot be asked', async () => {
    const { tags, hospital } = makeLocatorNetwork();
    const b = hospital('b');
    tags.unavailable.add(1);
    await expect(b.locator.locate(NATIONAL, asked)).rejects.toEqual(coded('GUARDIAN_UNAVAILABLE'));
    expect(await b.audit.list({ limit: 5 })).toEqual([expect.objectContaining({ type: 'patient-located', outcome: 'failure', reasonCode: 'GUARDIAN_UNAVAILABLE' })]);
    await expect(b.locator.locate({ system: '', value: '' }, asked)).rejects.toEqual(coded('IDENTIFIER_INVALID'));
  });

  it('believes no pointer that its holder did not sign, nor one of a member that is no hospital', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, m] = [hospital('a'), hospital('b'), hospital('m')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    await m.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    const member = network.members.get(a.did);
    if (member === undefined) throw new Error('a is a member');
    network.members.set(a.did, { ...member, resolved: { ...member.resolved, signing: b.signer.publicKeys, acceptedSigning: [b.signer.publicKeys] } });
    network.members.set(m.did, { ...member, did: m.did, roles: ['authority'] });
    expect(await b.locator.locate(NATIONAL, asked)).toMatchObject({ pointers: [], incomplete: false });
  });

  it('passes over a value that somebody with the tag filled with something else', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const { tag } = await b.locator.locate(NATIONAL, asked);
    const patientId = newId();
    const slot = slotOrder(new HospitalKeys(a.indexKey).slotSeed(tag, patientId, 1))[0] as number;
    const expiresAt = new Date(network.clock.now().getTime() + HOUR);
    const junk = makePointerValue(tagKeys(tag), ed25519Signer(randomKey()), { epoch: 1, slot, sequence: network.clock.now().getTime(), expiresAt }, sealNothing(randomKey()));
    await b.host.put(pointerKind, pointerKey(tagKeys(tag).admitPublicKey, 1, slot), junk);
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, LISTED);
    expect(holders(await b.locator.locate(NATIONAL, asked))).toEqual([a.did]);
  });
});

describe('unlisted patients', () => {
  it('are not found, but known to their hospital by the tag', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, UNLISTED);
    const { tag, pointers } = await b.locator.locate(NATIONAL, asked);
    expect(pointers).toEqual([]);
    expect(network.values.size).toBe(0);
    expect(await a.locator.patientOf({ tag: askingTag(tag, a.did) })).toEqual(one(patientId));
    expect(await b.locator.patientOf({ tag: askingTag(tag, b.did) })).toEqual(NONE);
    expect(await a.locator.patientOf({ tag: randomKey() })).toEqual(NONE);
  });

  it('are nobody to the tag itself, nor to what another hospital is asked by', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    for (const { locator } of [a, b]) await locator.publishPatient(newId(), { identifiers: [NATIONAL] }, UNLISTED);
    const { tag } = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ tag })).toEqual(NONE);
    expect(await b.locator.patientOf({ tag: askingTag(tag, a.did) })).toEqual(NONE);
  });

  it('are nobody when the tag fits several', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, UNLISTED);
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, UNLISTED);
    const { tag } = await b.locator.locate(NATIONAL, asked);
    expect(await a.locator.patientOf({ tag: askingTag(tag, a.did) })).toEqual({ found: 'several' });
  });

  it('leave a tombstone that looks like the pointer before it', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, LISTED);
    const { tag } = await b.locator.locate(NATIONAL, asked);
    const owner = Buffer.from(ed25519PublicKey(new HospitalKeys(a.indexKey).slotSeed(tag, patientId, 1))).toString('hex');
    const ofPatient = () => [...network.values.values()].filter(({ meta }) => meta.owner === owner);
    const [before] = ofPatient();
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, UNLISTED);
    const [after, ...others] = ofPatient();
    expect(others).toEqual([]);
    expect(after?.value).toHaveLength(before?.value.length ?? 0);
    expect(after?.meta.sequence).toBeGreaterThan(before?.meta.sequence ?? Infinity);
    expect(after?.meta.expiresAt).toEqual(before?.meta.expiresAt);
    expect((await b.locator.locate(NATIONAL, asked)).pointers).toEqual([]);
    const types = (await a.audit.list({ limit: 9, patientId })).map(({ type }) => type);
    expect(types).toEqual(['pointer-withdrawn', 'pointer-published']);
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, LISTED);
    expect(holders(await b.locator.locate(NATIONAL, asked))).toEqual([a.did]);
  });

  it('leave one also for an identifier that the patient no longer has', async () => {
    const { hospital } = makeLocatorNetwork();
    const [a, b] = [hospital('a'), hospital('b')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL, PASSPORT] }, LISTED);
    await a.locator.publishPatient(patientId, { identifiers: [PASSPORT] }, LISTED);
    const { tag, pointers } = await b.locator.locate(NATIONAL, asked);
    expect(pointers).toEqual([]);
    expect(await a.locator.patientOf({ tag: askingTag(tag, a.did) })).toEqual(NONE);
    expect(holders(await b.locator.locate(PASSPORT, asked))).toEqual([a.did]);
  });
});
