import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FhirResource } from '@carecord/fhir';
import { ManualClock } from '@carecord/testkit';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { readConsentId, writeConsentId } from './consent-id.ts';
import { PatientConsents } from './patient-consents.ts';
import type { ConsentStatementInput } from './patient-consents.ts';

const PATIENT = '019342f0-0000-7000-8000-000000000001';
const staff: StaffPrincipal = { staffId: 'staff-1', username: 'x', role: 'front-desk' };
const statement: ConsentStatementInput = {
  patientId: PATIENT,
  recipient: { did: 'did:example:b', name: 'Hospital B' },
  purposes: ['TREAT'],
  resourceTypes: undefined,
  validFrom: undefined,
  validUntil: undefined,
  decision: 'permit',
};

describe('PatientConsents', () => {
  let stored: FhirResource[];
  let done: string[];
  let consents: PatientConsents;

  beforeEach(() => {
    stored = [];
    done = [];
    consents = new PatientConsents(
      {
        fhirPatientId: () => Promise.resolve('p1'),
        consents: () => Promise.resolve(stored),
        putResource: (_patientId, resource, _actor, type) => {
          done.push(type);
          stored = [...stored.filter(({ id }) => id !== resource.id), resource];
          return Promise.resolve({ resourceType: 'Consent', id: resource.id ?? '', versionId: '1' });
        },
      },
      {
        revokeForPatient: (patientId) => {
          done.push(`revoked ${patientId}`);
          return Promise.resolve(1);
        },
      },
      new ManualClock(),
    );
  });

  it('writes what the patient says as an active Consent for a year, and ends nothing', async () => {
    const { consentId, resource } = await consents.give(statement, staff);
    expect(resource).toMatchObject({ resourceType: 'Consent', status: 'active', patient: { reference: 'Patient/p1' }, provision: { period: { start: '2026-01-01T00:00:00.000Z', end: '2027-01-01T00:00:00.000Z' } } });
    expect(readConsentId(consentId)).toEqual({ patientId: PATIENT, resourceId: resource.id });
    expect(done).toEqual(['consent-given']);
  });

  it('ends what was granted when a consent is withdrawn, and only once', async () => {
    const { consentId } = await consents.give(statement, staff);
    expect((await consents.withdraw(consentId, staff)).resource['status']).toBe('inactive');
    expect(done).toEqual(['consent-given', 'consent-withdrawn', `revoked ${PATIENT}`]);
    await consents.withdraw(consentId, staff);
    expect(done).toHaveLength(3);
  });

  it('ends what was granted when a denial is given', async () => {
    await consents.give({ ...statement, decision: 'deny' }, staff);
    expect(done).toEqual(['consent-given', `revoked ${PATIENT}`]);
  });

  it('refuses a consent that is not there, and what is no id of one', async () => {
    await expect(consents.withdraw(writeConsentId(PATIENT, 'other'), staff)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(consents.withdraw("x' or 1=1", staff)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(done).toEqual([]);
  });
});
