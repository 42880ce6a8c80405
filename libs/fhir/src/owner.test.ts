import { describe, expect, it } from '@jest/globals';
import { observation, onlyIssueOf, patient, transaction } from './bundles.fixture.ts';
import { prepareBundle } from './prepare-bundle.ts';

const TO_P1 = { reference: 'Patient/p1' };
const TO_P2 = { reference: 'Patient/p2' };
const device = (elements: Record<string, unknown> = {}): Record<string, unknown> => ({ resourceType: 'Device', id: 'd1', ...elements });

function provenance(...references: string[]): Record<string, unknown> {
  return {
    resourceType: 'Provenance',
    target: references.map((reference) => ({ reference })),
    recorded: '2024-05-01T10:00:00Z',
    agent: [{ who: { reference: 'Practitioner/a' } }],
  };
}

function lastOwner(...resources: Record<string, unknown>[]): unknown {
  return prepareBundle(transaction(...resources)).at(-1)?.owner;
}

describe('the owner of a resource', () => {
  it('is the patient of its subject, though the Patient itself is not in the bundle', () => {
    expect(lastOwner(observation())).toEqual({ kind: 'patient', patientId: 'p1' });
  });

  it('is a Patient itself, whomever it is linked to', () => {
    expect(lastOwner(patient({ link: [{ other: TO_P2, type: 'seealso' }] }))).toEqual({ kind: 'patient', patientId: 'p1' });
  });

  it('is the directory for those who treat and where', () => {
    expect(lastOwner({ resourceType: 'Organization', name: 'A' })).toEqual({ kind: 'directory' });
    expect(lastOwner({ resourceType: 'Practitioner', name: [{ family: 'A' }] })).toEqual({ kind: 'directory' });
  });

  it("is the patient of a device that has one, else the directory", () => {
    expect(lastOwner(device())).toEqual({ kind: 'directory' });
    expect(lastOwner(device({ patient: TO_P1 }))).toEqual({ kind: 'patient', patientId: 'p1' });
  });

  it('is, for a Provenance, the patient of its targets, directly or through the bundle', () => {
    expect(lastOwner(provenance('Patient/p1'))).toEqual({ kind: 'patient', patientId: 'p1' });
    expect(lastOwner(observation(), provenance('Observation/o1'))).toEqual({ kind: 'patient', patientId: 'p1' });
    expect(lastOwner(provenance('Organization/x'))).toEqual({ kind: 'directory' });
  });

  it('is missing where the patient is not named, named by identifier only, or only by a Provenance that nobody can follow', () => {
    const none = { code: 'business-rule', expression: 'Bundle.entry[0].resource' };
    expect(onlyIssueOf(transaction(observation({ subject: undefined })))).toMatchObject(none);
    expect(onlyIssueOf(transaction(observation({ subject: { identifier: { value: 'x' } } })))).toMatchObject(none);
    expect(onlyIssueOf(transaction(observation({ subject: { reference: 'Location/l' } })))).toMatchObject(none);
    expect(onlyIssueOf(transaction(provenance('Observation/elsewhere')))).toMatchObject(none);
    expect(onlyIssueOf(transaction({ resourceType: 'Binary', contentType: 'text/plain', data: 'QUJD' }))).toMatchObject(none);
  });

  it('is refused where it is a patient of another server', () => {
    expect(onlyIssueOf(transaction(observation({ subject: { reference: 'https://other.example/fhir/Patient/p1' } }))).code).toBe('business-rule');
  });

  it('is refused where there are two: directly, through the bundle, or in what is contained', () => {
    const two = { code: 'business-rule', diagnostics: 'The resource belongs to more than one patient.' };
    expect(onlyIssueOf(transaction(observation({ performer: [TO_P2] })))).toMatchObject(two);
    expect(onlyIssueOf(transaction(observation(), provenance('Observation/o1', 'Patient/p2')))).toMatchObject(two);
    const contained = [observation({ id: 'inner', subject: TO_P2 })];
    expect(onlyIssueOf(transaction(observation({ contained, hasMember: [{ reference: '#inner' }] })))).toMatchObject(two);
    expect(lastOwner(observation({ performer: [TO_P1] }))).toEqual({ kind: 'patient', patientId: 'p1' });
  });
});
