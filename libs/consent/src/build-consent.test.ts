import { describe, expect, it } from '@jest/globals';
import { prepareBundle } from '@carecord/fhir';
import { buildConsent, withdrawConsent } from './index.ts';

const statement = {
  fhirPatientId: 'p1',
  recipient: { did: 'did:webvh:QmB:b.hospital.example', name: 'Hospital B' },
  purposes: ['TREAT', 'ETREAT'] as const,
  resourceTypes: ['Observation'],
  validFrom: new Date('2026-03-01T00:00:00.000Z'),
  validUntil: new Date('2027-03-01T00:00:00.000Z'),
  decision: 'permit' as const,
  now: new Date('2026-03-01T12:00:00.000Z'),
};

describe('buildConsent', () => {
  it('writes a FHIR R4 Consent with all required elements', () => {
    expect(buildConsent(statement)).toMatchObject({
      resourceType: 'Consent',
      status: 'active',
      scope: { coding: [{ code: 'patient-privacy' }] },
      category: [{ coding: [{ code: '59284-0' }] }],
      patient: { reference: 'Patient/p1' },
      policyRule: { coding: [{ code: 'OPTIN' }] },
      provision: { type: 'permit', period: { start: '2026-03-01T00:00:00.000Z', end: '2027-03-01T00:00:00.000Z' } },
    });
  });

  it('is admitted by our own validation, given and withdrawn', () => {
    const patient = { resourceType: 'Patient', id: 'p1', name: [{ family: 'Doe' }] };
    for (const consent of [buildConsent(statement), withdrawConsent(buildConsent({ ...statement, decision: 'deny' }))]) {
      const entry = [patient, consent].map((resource) => ({
        fullUrl: `urn:uuid:${resource.id as string}`, resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id as string}` },
      }));
      expect(prepareBundle({ resourceType: 'Bundle', type: 'transaction', entry })).toHaveLength(2);
    }
  });

  it.each([
    ['no purpose', { purposes: [] }],
    ['an empty list of types', { resourceTypes: [] }],
    ['an unknown type', { resourceTypes: ['Observatoin'] }],
    ['an end before the start', { validUntil: new Date('2026-02-01T00:00:00.000Z') }],
    ['an invalid time', { validUntil: new Date(Number.NaN) }],
  ])('refuses %s', (_name, change) => {
    expect(() => buildConsent({ ...statement, ...change })).toThrow(expect.objectContaining({ code: 'CONSENT_INVALID' }));
  });
});

describe('withdrawConsent', () => {
  it('keeps all but the status', () => {
    const consent = buildConsent(statement);
    expect(withdrawConsent(consent)).toEqual({ ...consent, status: 'inactive' });
  });

  it('refuses another resource', () => {
    expect(() => withdrawConsent({ resourceType: 'Patient' })).toThrow(expect.objectContaining({ code: 'CONSENT_INVALID' }));
  });
});
