import { beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@carecord/core';
import { prepareBundle } from '@carecord/fhir';
import type { FhirResource } from '@carecord/fhir';
import { patientOfSize } from '../../testkit/src/patients/patient-of-size.ts';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import type { HospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { asAdmitted, bundle, condition, consent, IDENTIFIER_SYSTEM, observation, organization, patient } from './bundles.fixture.ts';
import { PATIENT_CHANGED } from './index.ts';
import type { Admission } from './index.ts';

const UNKNOWN = '01900000-0000-7000-8000-000000000001';

describe('Records', () => {
  let hospital: HospitalRecords;
  beforeEach(() => {
    hospital = makeHospitalRecords();
  });
  const admit = (...resources: FhirResource[]): Promise<Admission> =>
    hospital.records.admit(bundle(...resources), { actor: hospital.actor, listing: 'listed' });
  const admitOne = async (...resources: FhirResource[]): Promise<string> => (await admit(...resources)).patients[0] as string;

  describe('admits and reads back', () => {
    it('a generated patient: every resource equals what was admitted, but for the server’s meta elements', async () => {
      const generated = patientOfSize(120);
      const expected = prepareBundle(generated.bundle).filter(({ owner }) => owner.kind === 'patient').map(({ resource }) => resource);
      const { patients, versions } = await hospital.records.admit(generated.bundle, { actor: hospital.actor, listing: 'listed' });
      const timeline = await hospital.records.timeline(patients[0] as string);
      const text = (resources: readonly FhirResource[]): string[] => resources.map((resource) => canonicalJson(asAdmitted(resource))).sort();
      expect(text(timeline.map(({ resource }) => resource))).toEqual(text(expected));
      expect(versions).toHaveLength(generated.bundle.entry.length);
      expect(new Set(versions.map(({ versionId }) => versionId))).toEqual(new Set(['1']));
    });

    it('what a bundle says of meta is kept beside what the server sets', async () => {
      const id = await admitOne(patient('p1', { meta: { profile: ['https://profiles.example/p'], versionId: '99', lastUpdated: '1999-01-01T00:00:00Z' } }));
      const { meta } = await hospital.records.readPatient(id);
      expect(meta).toEqual({ profile: ['https://profiles.example/p'], versionId: '1', lastUpdated: '2026-01-01T00:00:00.000Z' });
    });

    it('a repeated id as a new version, which is the current one', async () => {
      const id = await admitOne(patient('p1'), observation('o1', 'p1'));
      hospital.clock.advance(1_000);
      const { patients, versions } = await admit(patient('p1', { gender: 'male' }), observation('o2', 'p1'));
      expect(patients).toEqual([id]);
      expect(versions).toEqual([
        { resourceType: 'Patient', id: 'p1', versionId: '2', patientId: id },
        { resourceType: 'Observation', id: 'o2', versionId: '1', patientId: id },
      ]);
      expect(await hospital.records.readPatient(id)).toMatchObject({ gender: 'male', meta: { versionId: '2', lastUpdated: '2026-01-01T00:00:01.000Z' } });
      expect((await hospital.records.timeline(id)).map(({ resource, versionNumber }) => [resource.id, versionNumber])).toEqual(
        expect.arrayContaining([['p1', 2], ['o1', 1], ['o2', 1]]),
      );
    });

    it('resources of a patient whom the hospital already has', async () => {
      const id = await admitOne(patient('p1'));
      expect(await admitOne(observation('o1', 'p1'))).toBe(id);
      expect(await hospital.records.timeline(id, { resourceTypes: ['Observation'] })).toMatchObject([{ resource: { id: 'o1' } }]);
    });

    it('several patients and the directory in one bundle', async () => {
      const { patients, versions } = await admit(organization('org'), patient('p1'), observation('o2', 'p2'), patient('p2'), condition('c1', 'p1'));
      const [first, second] = patients as [string, string];
      expect(versions.map(({ patientId }) => patientId)).toEqual([undefined, first, second, second, first]);
      expect((await hospital.records.timeline(first)).map(({ resource }) => resource.id).sort()).toEqual(['c1', 'p1']);
      expect((await hospital.records.timeline(second)).map(({ resource }) => resource.id).sort()).toEqual(['o2', 'p2']);
    });

    it('two bundles of one patient at once: both land, with distinct versions', async () => {
      const id = await admitOne(patient('p1'));
      const both = await Promise.all([admit(patient('p1'), observation('o1', 'p1')), admit(patient('p1'), observation('o2', 'p1'))]);
      expect(both.map(({ versions }) => versions[0]?.versionId).sort()).toEqual(['2', '3']);
      expect(await hospital.records.timeline(id)).toHaveLength(3);
      expect(await hospital.records.manifest(id)).toMatchObject({ sequence: 3 });
    });

    it('a patient whom two bundles bring at once, once', async () => {
      const [left, right] = await Promise.all([admitOne(patient('p1'), observation('o1', 'p1')), admitOne(patient('p1'), observation('o2', 'p1'))]);
      expect(left).toBe(right);
      expect(await hospital.records.timeline(left)).toHaveLength(3);
    });
  });

  describe('timeline', () => {
    it('is sorted by clinical date, newest first, over partial dates and time zones, undated last', async () => {
      const at = (effectiveDateTime: string): object => ({ effectiveDateTime });
      const id = await admitOne(
        patient('p1'),
        observation('none', 'p1'),
        observation('2020', 'p1', { ...at('2020') }),
        observation('late', 'p1', { ...at('2024-05-01T23:30:00-05:00') }),
        observation('early', 'p1', { ...at('2024-05-02T04:00:00Z') }),
        observation('2021-06', 'p1', { ...at('2021-06') }),
      );
      const timeline = await hospital.records.timeline(id, { resourceTypes: ['Observation'] });
      expect(timeline.map(({ resource }) => resource.id)).toEqual(['late', 'early', '2021-06', '2020', 'none']);
      expect(timeline[0]).toMatchObject({ resourceType: 'Observation', versionNumber: 1, clinicalDate: '2024-05-01T23:30:00-05:00' });
      expect(timeline[4]).not.toHaveProperty('clinicalDate');
    });

    it('has the types alone that were asked for', async () => {
      const id = await admitOne(patient('p1'), observation('o1', 'p1'), condition('c1', 'p1'));
      expect(await hospital.records.timeline(id, { resourceTypes: ['Condition'] })).toMatchObject([{ resource: { id: 'c1' } }]);
      expect(await hospital.records.timeline(id, { resourceTypes: [] })).toEqual([]);
    });

    it.each(['timeline', 'consents', 'readPatient', 'releasable', 'manifest', 'patientListing', 'fhirPatientId'] as const)('%s: refuses an unknown patient', async (method) => {
      await expect(hospital.records[method](UNKNOWN)).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT' });
    });
  });

  describe('findPatients', () => {
    it('finds by identifier, and nobody by another', async () => {
      const id = await admitOne(patient('p1'));
      await admitOne(patient('p2'));
      expect(await hospital.records.findPatients({ system: IDENTIFIER_SYSTEM, value: 'N-p1' })).toEqual([id]);
      expect(await hospital.records.findPatients({ system: ` ${IDENTIFIER_SYSTEM}`, value: ' N-p1 ' })).toEqual([id]);
      expect(await hospital.records.findPatients({ system: 'https://other.example', value: 'N-p1' })).toEqual([]);
      expect(await hospital.records.findPatients({ system: IDENTIFIER_SYSTEM, value: 'N-p3' })).toEqual([]);
    });

    it('follows the current Patient resource: a withdrawn identifier finds nobody', async () => {
      const id = await admitOne(patient('p1'));
      await admit(patient('p1', { identifier: [{ system: IDENTIFIER_SYSTEM, value: 'NEW' }, { system: IDENTIFIER_SYSTEM, value: ' NEW' }] }));
      expect(await hospital.records.findPatients({ system: IDENTIFIER_SYSTEM, value: 'N-p1' })).toEqual([]);
      expect(await hospital.records.findPatients({ system: IDENTIFIER_SYSTEM, value: 'NEW' })).toEqual([id]);
    });

    it('finds all who have it, those known longest first', async () => {
      const identifier = [{ system: IDENTIFIER_SYSTEM, value: 'SHARED' }];
      const first = await admitOne(patient('p1', { identifier }));
      hospital.clock.advance(1_000);
      const second = await admitOne(patient('p2', { identifier }));
      expect(await hospital.records.findPatients({ system: IDENTIFIER_SYSTEM, value: 'SHARED' })).toEqual([first, second]);
    });
  });

  describe('putResource', () => {
    it('adds a consent and then its next version; consents() gives the current one', async () => {
      const id = await admitOne(patient('p1'));
      const first = await hospital.records.putResource(id, consent('c1', 'p1', 'active'), hospital.actor, 'consent-given');
      expect(first).toEqual({ resourceType: 'Consent', id: 'c1', versionId: '1', patientId: id });
      expect(await hospital.records.consents(id)).toMatchObject([{ id: 'c1', status: 'active' }]);
      await hospital.records.putResource(id, consent('c1', 'p1', 'inactive'), hospital.actor, 'consent-withdrawn');
      expect(await hospital.records.consents(id)).toMatchObject([{ id: 'c1', status: 'inactive', meta: { versionId: '2' } }]);
      expect(await hospital.audit.list({ patientId: id, limit: 10 })).toMatchObject([
        { type: 'consent-withdrawn', detail: { resourceType: 'Consent', versionId: '2' } },
        { type: 'consent-given', outcome: 'success', actor: hospital.actor },
        { type: 'bundle-admitted' },
      ]);
    });

    it('gives a resource without an id one', async () => {
      const id = await admitOne(patient('p1'));
      const nameless = { ...consent('c1', 'p1', 'active'), id: undefined };
      const version = await hospital.records.putResource(id, nameless, hospital.actor, 'consent-given');
      expect(await hospital.records.consents(id)).toMatchObject([{ id: version.id }]);
    });

    it.each([
      ['another known patient', consent('c1', 'p2', 'active'), 'WRONG_PATIENT'],
      ['an unknown patient', consent('c1', 'p3', 'active'), 'WRONG_PATIENT'],
      ['nobody', organization('org'), 'WRONG_PATIENT'],
      ['nobody, being no resource', { resourceType: 'Nonsense' }, 'UNKNOWN_RESOURCE_TYPE'],
    ])('refuses a resource that belongs to %s, and keeps nothing', async (_, resource, code) => {
      const id = await admitOne(patient('p1'));
      await admit(patient('p2'));
      const before = hospital.stores.rows();
      await expect(hospital.records.putResource(id, resource, hospital.actor, 'consent-given')).rejects.toMatchObject({ code });
      expect(hospital.stores.rows()).toEqual(before);
    });

    it('refuses an unknown patient', async () => {
      const put = hospital.records.putResource(UNKNOWN, consent('c1', 'p1', 'active'), hospital.actor, 'consent-given');
      await expect(put).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT' });
    });
  });

  describe('listing', () => {
    it('names hospitals, tells them to who publishes, and forgets them with another listing', async () => {
      const [id = ''] = (await admit(patient('p1'))).patients;
      await hospital.records.setListing(id, 'named', hospital.actor, ['did:x:b', 'did:x:a', 'did:x:b']);
      expect(await hospital.records.namedListing(id)).toEqual({ listing: 'named', hospitals: [{ did: 'did:x:a' }, { did: 'did:x:b' }] });
      expect(await hospital.records.patientListing(id)).toBe('named');
      const changes = async (): Promise<number> => (await hospital.audit.list({ types: ['listing-changed'], limit: 10 })).length;
      await hospital.records.setListing(id, 'named', hospital.actor, ['did:x:a', 'did:x:b']);
      expect(await changes()).toBe(1);
      await hospital.records.setListing(id, 'named', hospital.actor, ['did:x:c']);
      expect(await changes()).toBe(2);
      expect(JSON.stringify(await hospital.audit.list({ limit: 10 }))).not.toContain('did:x:c');
      await hospital.records.setListing(id, 'unlisted', hospital.actor);
      expect(await hospital.records.namedListing(id)).toEqual({ listing: 'unlisted', hospitals: [] });
    });

    it('refuses names without a named listing, and a named listing without names; unknown patients', async () => {
      const [id = ''] = (await admit(patient('p1'))).patients;
      await expect(hospital.records.setListing(id, 'named', hospital.actor)).rejects.toMatchObject({ code: 'LISTING_INVALID' });
      await expect(hospital.records.setListing(id, 'listed', hospital.actor, ['did:x:a'])).rejects.toMatchObject({ code: 'LISTING_INVALID' });
      await expect(hospital.records.namedListing(UNKNOWN)).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT' });
      expect(await hospital.records.manifests([id, UNKNOWN])).toEqual([{ patientId: id, contentId: (await hospital.records.manifest(id)).contentId }]);
    });

    it('is that of the first admission until it is set', async () => {
      const id = await admitOne(patient('p1'));
      await hospital.records.admit(bundle(patient('p1')), { actor: hospital.actor, listing: 'unlisted' });
      expect(await hospital.records.patientListing(id)).toBe('listed');
      await hospital.records.setListing(id, 'unlisted', hospital.actor);
      expect(await hospital.records.patientListing(id)).toBe('unlisted');
      expect(await hospital.audit.list({ types: ['listing-changed'], limit: 10 })).toMatchObject([{ patientId: id, detail: { listing: 'unlisted', hospitals: 0 } }]);
      expect(hospital.outbox.entries()).toHaveLength(3);
    });

    it('does nothing when it is so already, and refuses an unknown patient', async () => {
      const id = await admitOne(patient('p1'));
      await hospital.records.setListing(id, 'listed', hospital.actor);
      expect(hospital.outbox.entries()).toHaveLength(1);
      await expect(hospital.records.setListing(UNKNOWN, 'listed', hospital.actor)).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT' });
    });
  });

  it('tells the outbox and the log of every patient that changed, in the transaction', async () => {
    const { patients } = await admit(patient('p1'), observation('o1', 'p1'), patient('p2'), organization('org'));
    expect(hospital.outbox.entries()).toEqual(patients.map((patientId) => ({ topic: PATIENT_CHANGED, payload: { patientId } })));
    expect(await hospital.audit.list({ limit: 10 })).toMatchObject([
      { type: 'bundle-admitted', patientId: patients[1], detail: { versions: 1 } },
      { type: 'bundle-admitted', patientId: patients[0], detail: { versions: 2 } },
    ]);
    await admit(organization('org2'));
    expect(hospital.outbox.entries()).toHaveLength(2);
    const [directoryEvent] = await hospital.audit.list({ limit: 1 });
    expect(directoryEvent).toMatchObject({ type: 'bundle-admitted', detail: { versions: 1 } });
    expect(directoryEvent).not.toHaveProperty('patientId');
    expect(await hospital.audit.verify()).toEqual({ entries: 3 });
  });

  it('knows the FHIR id of a patient, and changes the manifest’s content id with every change', async () => {
    const id = await admitOne(patient('p1'));
    expect(await hospital.records.fhirPatientId(id)).toBe('p1');
    const first = await hospital.records.manifest(id);
    await admit(observation('o1', 'p1'));
    const second = await hospital.records.manifest(id);
    expect([first.sequence, second.sequence]).toEqual([1, 2]);
    expect(second.contentId).not.toBe(first.contentId);
  });
});
