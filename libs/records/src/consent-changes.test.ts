import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FhirResource } from '@carecord/fhir';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import type { HospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { bundle, consent, observation, patient } from './bundles.fixture.ts';
import { CONSENT_CHANGED } from './index.ts';

const EXTENSION = [{ url: 'https://extensions.example/not', valueBoolean: true }];
const permit = (elements: object = {}): FhirResource => ({ ...consent('c1', 'p1', 'active'), provision: { type: 'permit' }, ...elements });
const { policyRule: _, ...withoutRule } = permit({ policy: [{ uri: 'https://policies.example/1' }] });
const rule = (code: string, system = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'): object => ({ policyRule: { coding: [{ system, code }] } });

describe('CONSENT_CHANGED', () => {
  let hospital: HospitalRecords;
  let patientId: string;
  beforeEach(async () => {
    hospital = makeHospitalRecords();
    const { patients } = await hospital.records.admit(bundle(patient('p1')), { actor: hospital.actor, listing: 'listed' });
    patientId = patients[0] as string;
  });
  const admit = async (...resources: FhirResource[]): Promise<string[]> =>
    (await hospital.records.admit(bundle(...resources), { actor: hospital.actor, listing: 'listed' })).consentsNarrowed;
  const announced = (): unknown[] => hospital.outbox.entries().filter(({ topic }) => topic === CONSENT_CHANGED).map(({ payload }) => payload);

  it.each([
    ['opts in', permit()],
    ['names no base rule', withoutRule],
    ['has conditions', permit({ provision: { type: 'permit', period: { start: '2026-01-01' } } })],
  ])('is not announced for a new permit that %s', async (_, resource) => {
    expect(await admit(resource)).toEqual([]);
    await hospital.records.putResource(patientId, { ...resource, id: 'c2' }, hospital.actor, 'consent-given');
    expect(announced()).toEqual([]);
  });

  it.each([
    ['a denial', permit({ provision: { type: 'deny' } })],
    ['a permit with an exception', permit({ provision: { type: 'permit', provision: [{ type: 'deny' }] } })],
    ['a permit with a nested permit', permit({ provision: { type: 'permit', provision: [{ type: 'permit' }] } })],
    ['one that is not in force', permit({ status: 'inactive' })],
    ['one that is only proposed', permit({ status: 'proposed' })],
    ['one without a provision', consent('c1', 'p1', 'active')],
    ['one with a provision without a type', permit({ provision: { period: { start: '2026-01-01' } } })],
    ['a permit under a contradicting base rule', permit(rule('OPTOUT'))],
    ['a permit under a base rule of another system', permit(rule('OPTIN', 'https://rules.example'))],
    ['a permit that a modifier may turn round', permit({ modifierExtension: EXTENSION })],
    ['a provision that a modifier may turn round', permit({ provision: { type: 'permit', modifierExtension: EXTENSION } })],
    ['a permit under rules of somebody else', permit({ implicitRules: 'https://rules.example' })],
  ])('is announced for %s', async (_, resource) => {
    expect(await admit(resource)).toEqual([patientId]);
    expect(announced()).toEqual([{ patientId }]);
  });

  it('is announced for every further version, a permit too', async () => {
    await admit(permit());
    expect(announced()).toEqual([]);
    await hospital.records.putResource(patientId, permit(), hospital.actor, 'consent-given');
    expect(announced()).toEqual([{ patientId }]);
  });

  it('is announced once a patient, and for nobody else', async () => {
    const denial = permit({ provision: { type: 'deny' } });
    expect(await admit(denial, { ...denial, id: 'c2' }, patient('p2'), observation('o2', 'p2'))).toEqual([patientId]);
    expect(announced()).toEqual([{ patientId }]);
  });

  it('is not announced when the admission fails', async () => {
    await expect(admit(permit({ provision: { type: 'deny' } }), observation('o9', 'p9'))).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT_REFERENCE' });
    expect(announced()).toEqual([]);
  });
});
