import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FhirResource } from '@carecord/fhir';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import type { HospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { bundle, observation, organization, patient } from './bundles.fixture.ts';

describe('A refused bundle', () => {
  let hospital: HospitalRecords;
  beforeEach(async () => {
    hospital = makeHospitalRecords();
    const known = bundle(patient('p1'), observation('o1', 'p1'), organization('org'));
    await hospital.records.admit(known, { actor: hospital.actor, listing: 'listed' });
  });

  it.each([
    ['is no bundle', 'nonsense', 'INVALID_BUNDLE'],
    ['has an invalid resource after valid ones', bundle(patient('p2'), { ...observation('o2', 'p2'), status: 'perhaps' }), 'INVALID_BUNDLE'],
    ['has a resource of an unknown type', bundle(patient('p2'), { resourceType: 'Nonsense', id: 'n' }), 'UNKNOWN_RESOURCE_TYPE'],
    ['refers to a patient that nobody knows', bundle(patient('p2'), observation('o2', 'p3')), 'UNKNOWN_PATIENT_REFERENCE'],
    ['has the id of another patient’s record', bundle(patient('p2'), observation('o1', 'p2')), 'FHIR_ID_TAKEN'],
  ])('that %s leaves an audit event and nothing else', async (_, refused, code) => {
    const [rows, keys, entries] = [hospital.stores.rows(), hospital.keys.rows(), hospital.outbox.entries()];
    await expect(hospital.records.admit(refused, { actor: hospital.actor, listing: 'listed' })).rejects.toMatchObject({ code });
    expect([hospital.stores.rows(), hospital.keys.rows(), hospital.outbox.entries()]).toEqual([rows, keys, entries]);
    const [event, before] = await hospital.audit.list({ limit: 10 });
    expect(event).toMatchObject({ type: 'bundle-refused', outcome: 'refused', actor: hospital.actor, reasonCode: code });
    expect(event?.patientId).toBeUndefined();
    expect(before?.type).toBe('bundle-admitted');
  });

  it('is not one that has the id of a record of another type', async () => {
    const admission = hospital.records.admit(bundle(patient('p2'), organization('o1')), { actor: hospital.actor, listing: 'listed' });
    await expect(admission).resolves.toMatchObject({ versions: [{ versionId: '1' }, { versionId: '1' }] });
  });

  it('whose audit event cannot be written is not admitted', async () => {
    const actor = { kind: 'staff', id: '' } as const;
    const rows = hospital.stores.rows();
    await expect(hospital.records.admit(bundle(patient('p2')), { actor, listing: 'listed' })).rejects.toMatchObject({ code: 'AUDIT_ENTRY_INVALID' });
    expect(hospital.stores.rows()).toEqual(rows);
  });

  it('does not let a directory resource become a patient’s, nor the other way', async () => {
    const admit = (...resources: FhirResource[]): Promise<unknown> =>
      hospital.records.admit(bundle(...resources), { actor: hospital.actor, listing: 'listed' });
    const device = { resourceType: 'Device', id: 'd1' };
    await admit(device);
    await expect(admit({ ...device, patient: { reference: 'Patient/p1' } })).rejects.toMatchObject({ code: 'FHIR_ID_TAKEN' });
    await admit({ ...device, id: 'd2', patient: { reference: 'Patient/p1' } });
    await expect(admit({ ...device, id: 'd2' })).rejects.toMatchObject({ code: 'FHIR_ID_TAKEN' });
  });

  it('says nothing of what is in it', async () => {
    const refused = hospital.records.admit(bundle(patient('p2'), observation('o1', 'p2')), { actor: hospital.actor, listing: 'listed' });
    await expect(refused).rejects.toMatchObject({ message: expect.not.stringMatching(/o1|p2/) as unknown });
  });
});
