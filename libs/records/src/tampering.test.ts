import { beforeEach, describe, expect, it } from '@jest/globals';
import { contentIdOf } from '@carecord/crypto';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import type { HospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { bundle, consent, observation, organization, patient } from './bundles.fixture.ts';
import type { StoredVersion } from './index.ts';

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1);
const TAMPERED = { code: 'CIPHERTEXT_TAMPERED' };
const KEY_TAMPERED = { code: 'KEY_TAMPERED' };

describe('Whoever can write into the database', () => {
  let hospital: HospitalRecords;
  let patientId: string;
  beforeEach(async () => {
    hospital = makeHospitalRecords();
    const known = bundle(
      patient('p1'),
      observation('o1', 'p1', { performer: [{ reference: 'Organization/org' }] }),
      observation('o2', 'p1'),
      consent('c1', 'p1', 'active'),
      organization('org'),
    );
    const { patients } = await hospital.records.admit(known, { actor: hospital.actor, listing: 'listed' });
    patientId = patients[0] as string;
  });
  const tamperVersions = (change: (version: StoredVersion) => StoredVersion | undefined): void => hospital.stores.tamper({ version: change });
  const observations = (): StoredVersion[] => hospital.stores.versions().filter(({ resourceType }) => resourceType === 'Observation');
  /** Gives each of the two observations what `take` picks from the other. */
  const swapObservations = (take: (other: StoredVersion) => Partial<StoredVersion>): void => {
    const [left, right] = observations() as [StoredVersion, StoredVersion];
    tamperVersions((version) => {
      if (version.contentId === left.contentId) return { ...version, ...take(right) };
      return version.contentId === right.contentId ? { ...version, ...take(left) } : version;
    });
  };

  it('is found out when a bit of a ciphertext is flipped', async () => {
    tamperVersions((version) => ({ ...version, ciphertext: flipped(version.ciphertext) }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
    await expect(hospital.records.readPatient(patientId)).rejects.toMatchObject(TAMPERED);
    await expect(hospital.records.consents(patientId)).rejects.toMatchObject(TAMPERED);
    await expect(hospital.records.releasable(patientId)).rejects.toMatchObject(TAMPERED);
  });

  it('is found out when a ciphertext is cut off, down to nothing', async () => {
    for (const length of [100, 10, 0]) {
      tamperVersions((version) => ({ ...version, ciphertext: version.ciphertext.slice(0, length) }));
      await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
    }
  });

  it('is found out when two ciphertexts change places', async () => {
    swapObservations(({ ciphertext }) => ({ ciphertext }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
  });

  it('is found out when two envelopes change places', async () => {
    swapObservations(({ ciphertext, contentId, wrappedDataKey }) => ({ ciphertext, contentId, wrappedDataKey }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
    await expect(hospital.records.releasable(patientId)).rejects.toMatchObject(TAMPERED);
  });

  it('is found out when two wrapped data keys change places', async () => {
    swapObservations(({ wrappedDataKey }) => ({ wrappedDataKey }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(KEY_TAMPERED);
    await expect(hospital.records.releasable(patientId)).rejects.toMatchObject(KEY_TAMPERED);
  });

  it('is found out when a version claims to be of another type or number', async () => {
    tamperVersions((version) => ({ ...version, versionNumber: version.versionNumber + 1 }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
    tamperVersions((version) => ({ ...version, versionNumber: 1, resourceType: 'Condition' }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
  });

  it('is found out when a version is gone', async () => {
    tamperVersions((version) => (version.resourceType === 'Consent' ? undefined : version));
    await expect(hospital.records.consents(patientId)).rejects.toMatchObject({ code: 'VERSION_MISSING' });
    await expect(hospital.records.releasable(patientId)).rejects.toMatchObject({ code: 'VERSION_MISSING' });
    await expect(hospital.records.timeline(patientId, { resourceTypes: ['Observation'] })).resolves.toHaveLength(2);
  });

  it('is found out when a directory resource is changed, with a content id that fits', async () => {
    tamperVersions((version) => {
      if (version.resourceType !== 'Organization') return version;
      const ciphertext = flipped(version.ciphertext);
      return { ...version, ciphertext, contentId: contentIdOf(ciphertext) };
    });
    await expect(hospital.records.releasable(patientId)).rejects.toMatchObject(TAMPERED);
    await expect(hospital.records.releasable(patientId, { resourceTypes: ['Consent'] })).resolves.toHaveLength(1);
  });

  it('is found out when the manifest is changed, and nothing is added to it', async () => {
    hospital.stores.tamper({ manifest: (manifest) => ({ ...manifest, ciphertext: flipped(manifest.ciphertext) }) });
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(TAMPERED);
    const admission = hospital.records.admit(bundle(observation('o3', 'p1')), { actor: hospital.actor, listing: 'listed' });
    await expect(admission).rejects.toMatchObject(TAMPERED);
  });

  it('is found out when the manifest is said to be a later one, or another patient’s', async () => {
    hospital.stores.tamper({ manifest: (manifest) => ({ ...manifest, sequence: manifest.sequence + 1 }) });
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(KEY_TAMPERED);
  });

  it('is found out when the manifest is gone: the next admission does not begin a new one', async () => {
    hospital.stores.tamper({ manifest: () => undefined });
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject({ code: 'UNKNOWN_PATIENT' });
    const admission = hospital.records.admit(bundle(observation('o3', 'p1')), { actor: hospital.actor, listing: 'listed' });
    await expect(admission).rejects.toMatchObject({ code: 'VERSION_MISSING' });
  });

  it('is found out when a patient key is changed', async () => {
    hospital.keys.tamper((key) => ({ ...key, wrappedKey: flipped(key.wrappedKey) }));
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject(KEY_TAMPERED);
  });

  it('cannot have a key that was destroyed made anew', async () => {
    hospital.keys.tamper(() => undefined);
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject({ code: 'KEY_MISSING' });
    const admission = hospital.records.admit(bundle(patient('p1')), { actor: hospital.actor, listing: 'listed' });
    await expect(admission).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });
});
