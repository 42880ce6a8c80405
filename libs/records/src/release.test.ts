import { beforeEach, describe, expect, it } from '@jest/globals';
import { isContentId, randomKey, verifyContentId } from '@carecord/crypto';
import type { FhirResource } from '@carecord/fhir';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import type { HospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { sealEnvelope, unwrapDataKey } from './envelope.ts';
import { bundle, condition, observation, organization, patient } from './bundles.fixture.ts';
import { openRelease } from './index.ts';
import type { ReleasableVersion } from './index.ts';

describe('A release', () => {
  let hospital: HospitalRecords;
  beforeEach(() => {
    hospital = makeHospitalRecords();
  });
  const admit = async (...resources: FhirResource[]): Promise<string> =>
    (await hospital.records.admit(bundle(...resources), { actor: hospital.actor, listing: 'listed' })).patients[0] as string;
  /** What the recipient does: fetches each ciphertext by its content id, verifies it, opens it. */
  const receive = async (versions: readonly ReleasableVersion[]): Promise<FhirResource[]> => {
    const blocks = await hospital.records.readBlocks(versions.map(({ contentId }) => contentId));
    return versions.map((version, index) => {
      const ciphertext = blocks[index] as Uint8Array;
      verifyContentId(version.contentId, ciphertext);
      return openRelease(version.dataKey, ciphertext, version);
    });
  };
  const names = (resources: readonly FhirResource[]): string[] => resources.map(({ resourceType, id }) => `${resourceType}/${String(id)}`).sort();

  it('opens at the recipient as what the holder has', async () => {
    const id = await admit(patient('p1'), observation('o1', 'p1'), condition('c1', 'p1'));
    const versions = await hospital.records.releasable(id);
    const timeline = await hospital.records.timeline(id);
    expect(await receive(versions)).toEqual(expect.arrayContaining(timeline.map(({ resource }) => resource)));
    expect(versions).toHaveLength(3);
    for (const version of versions) {
      expect(isContentId(version.contentId)).toBe(true);
      expect(version).toMatchObject({ versionNumber: 1, lastUpdated: hospital.clock.now() });
    }
  });

  it('has the current versions alone', async () => {
    const id = await admit(patient('p1'), observation('o1', 'p1'));
    await admit(observation('o1', 'p1', { status: 'amended' }));
    const versions = await hospital.records.releasable(id, { resourceTypes: ['Observation'] });
    expect(versions).toMatchObject([{ resourceType: 'Observation', versionNumber: 2 }]);
    expect(await receive(versions)).toMatchObject([{ id: 'o1', status: 'amended' }]);
  });

  it('has nothing of another patient', async () => {
    const [first] = [await admit(patient('p1'), observation('o1', 'p1')), await admit(patient('p2'), observation('o2', 'p2'))];
    expect(names(await receive(await hospital.records.releasable(first)))).toEqual(['Observation/o1', 'Patient/p1']);
  });

  it('has the directory resources that the released ones refer to, and those to which they refer, even in a circle', async () => {
    const id = await admit(
      patient('p1', { managingOrganization: { reference: 'Organization/for-the-patient' } }),
      observation('o1', 'p1', { performer: [{ reference: 'PractitionerRole/role' }, { reference: 'Practitioner/absent' }] }),
      { resourceType: 'PractitionerRole', id: 'role', practitioner: { reference: 'Practitioner/doctor' }, organization: { reference: 'Organization/ward' } },
      { resourceType: 'Practitioner', id: 'doctor' },
      organization('ward', { partOf: { reference: 'Organization/house' } }),
      organization('house', { partOf: { reference: 'Organization/ward' } }),
      organization('for-the-patient'),
      organization('nobody-refers-to-me'),
    );
    const ofObservations = ['Observation/o1', 'Organization/house', 'Organization/ward', 'Practitioner/doctor', 'PractitionerRole/role'];
    expect(names(await receive(await hospital.records.releasable(id, { resourceTypes: ['Observation'] })))).toEqual(ofObservations);
    expect(names(await receive(await hospital.records.releasable(id, { resourceTypes: ['Patient'] })))).toEqual(['Organization/for-the-patient', 'Patient/p1']);
    expect(await hospital.records.releasable(id, { resourceTypes: ['Condition'] })).toEqual([]);
  });

  it('has the current version of a directory resource, whichever bundle brought it', async () => {
    const id = await admit(patient('p1', { managingOrganization: { reference: 'Organization/org' } }), organization('org', { name: 'Old' }));
    await admit(organization('org', { name: 'New' }));
    const versions = await hospital.records.releasable(id);
    expect(await receive(versions)).toContainEqual(expect.objectContaining({ resourceType: 'Organization', name: 'New' }));
    expect(versions).toHaveLength(2);
  });

  it('opens with nothing but its own key, bytes and place', async () => {
    const id = await admit(patient('p1'), observation('o1', 'p1'), observation('o2', 'p1'));
    const [version, other] = (await hospital.records.releasable(id, { resourceTypes: ['Observation'] })) as [ReleasableVersion, ReleasableVersion];
    const [ciphertext] = (await hospital.records.readBlocks([version.contentId])) as [Uint8Array];
    expect(openRelease(version.dataKey, ciphertext, version)).toMatchObject({ resourceType: 'Observation' });
    const tampered = expect.objectContaining({ code: 'CIPHERTEXT_TAMPERED' });
    expect(() => openRelease(other.dataKey, ciphertext, version)).toThrow(tampered);
    expect(() => openRelease(version.dataKey, ciphertext.slice(1), version)).toThrow(tampered);
    expect(() => openRelease(version.dataKey, new Uint8Array(), version)).toThrow(tampered);
    expect(() => openRelease(version.dataKey, ciphertext, { ...version, recordId: other.recordId })).toThrow(tampered);
    expect(() => openRelease(version.dataKey, ciphertext, { ...version, versionNumber: 2 })).toThrow(tampered);
    expect(() => openRelease(version.dataKey, ciphertext, { ...version, resourceType: 'Condition' })).toThrow(tampered);
    expect(() => openRelease(new Uint8Array(5), ciphertext, version)).toThrow(tampered);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a text', '"Observation"'],
    ['of another type than announced', '{"resourceType":"Patient"}'],
  ])('of a holder who sealed something that is %s is refused without quoting it', (_, plaintext) => {
    const binding = { recordId: 'r', versionNumber: 1, resourceType: 'Observation' };
    const ownerKey = randomKey();
    const forged = sealEnvelope(ownerKey, 'version', new TextEncoder().encode(plaintext), binding);
    const dataKey = unwrapDataKey(ownerKey, forged.wrappedDataKey, binding);
    expect(() => openRelease(dataKey, forged.ciphertext, binding)).toThrow(expect.objectContaining({ code: 'CIPHERTEXT_TAMPERED', cause: undefined }));
  });

  it('finds no block that is not there', async () => {
    const id = await admit(patient('p1'));
    const [version] = (await hospital.records.releasable(id)) as [ReleasableVersion];
    const blocks = await hospital.records.readBlocks(['unknown', version.contentId, version.contentId]);
    expect(blocks.map((block) => block?.length)).toEqual([undefined, expect.any(Number), expect.any(Number)]);
    const { contentId } = await hospital.records.manifest(id);
    expect(await hospital.records.readBlocks([contentId])).toEqual([undefined]);
  });
});
