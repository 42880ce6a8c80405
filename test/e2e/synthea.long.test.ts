import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@carecord/core';
import type { HospitalClient, ShownResource } from '../../apps/cli/src/client/hospital-client.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork, untilPublished } from '../support/running-network.ts';

const FOLDER = join('..', 'shared', 'data', 'synthea');
const TIMEOUT = 240_000;

type Json = Record<string, unknown>;
interface Bundle {
  readonly entry: readonly { readonly fullUrl: string; readonly resource: Json & { readonly resourceType: string; readonly id: string } }[];
}

/** What was sent: the resources of a bundle, with `urn:uuid:` references as `Type/id`, in canonical JSON. */
function sent(bundle: Bundle): Map<string, string> {
  const targets = new Map(bundle.entry.map(({ fullUrl, resource }) => [fullUrl, `${resource.resourceType}/${resource.id}`]));
  return new Map(bundle.entry.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, comparable(resolveReferences(resource, targets) as Json)]));
}

function resolveReferences(value: unknown, targets: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, targets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'reference' && typeof item === 'string' ? (targets.get(item) ?? item) : resolveReferences(item, targets)]),
  );
}

/** Canonical JSON without what the server sets. */
function comparable({ meta, ...resource }: Json): string {
  const { versionId, lastUpdated, ...rest } = (meta ?? {}) as Json;
  return canonicalJson(Object.keys(rest).length === 0 ? resource : { ...resource, meta: rest });
}

function versionOf({ resource }: ShownResource): string {
  return `${String(resource['resourceType'])}/${String(resource['id'])}/${String((resource['meta'] as Json)['versionId'])}`;
}

const present = existsSync(FOLDER);
if (!present) console.warn(`Skipped: ${FOLDER} is not there, so no real bundle travels in this run.`);

(present ? describe : describe.skip)('every resource of the Synthea bundles', () => {
  let network: TestNetwork;
  let clinicianA: HospitalClient;
  /** Canonical JSON by `Type/id/version`, over all bundles. */
  const admitted = new Map<string, string>();
  const patients: { id: string; identifier: { system: string; value: string }; versions: string[] }[] = [];
  let directoryBundles = 0;

  beforeAll(async () => {
    network = await startTestNetwork();
    clinicianA = await network.as('alder', 'clinician');
    for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort()) {
      const bundle = JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Bundle;
      const resources = sent(bundle);
      const { patients: ids, versions } = await clinicianA.admitBundle(bundle, 'LISTED');
      expect(versions).toHaveLength(resources.size);
      const keys = versions.map(({ resourceType, id, versionId }) => `${resourceType}/${id}/${versionId}`);
      for (const key of keys) admitted.set(key, resources.get(key.split('/').slice(0, 2).join('/')) ?? '');
      const patient = bundle.entry.find(({ resource }) => resource.resourceType === 'Patient')?.resource;
      if (patient === undefined) directoryBundles += 1;
      else patients.push({ id: ids[0] ?? '', identifier: (patient['identifier'] as { system: string; value: string }[])[0] ?? { system: '', value: '' }, versions: keys });
    }
    const administrator = await network.as('alder', 'administrator');
    await untilPublished(administrator);
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  it(
    'that A admitted is read back at A as it was sent',
    async () => {
      expect({ patients: patients.length, directoryBundles }).toEqual({ patients: 20, directoryBundles: 2 });
      for (const patient of patients) {
        const shown = await clinicianA.timeline(patient.id);
        expect(shown.length).toBeGreaterThan(0);
        for (const record of shown) expect(comparable(record.resource)).toBe(admitted.get(versionOf(record)));
      }
    },
    TIMEOUT,
  );

  it(
    'that B opened is what A admitted',
    async () => {
      const [privacyOfficer, clinicianB] = [await network.as('alder', 'privacy-officer'), await network.as('birch', 'clinician')];
      const { did } = network.hospital('alder');
      let compared = 0;
      for (const patient of patients) {
        await privacyOfficer.giveConsent({ patientId: patient.id, recipientDid: network.hospital('birch').did, recipientName: 'Birch', purposes: ['TREAT'] });
        const location = await clinicianB.locate(patient.identifier, 'TREAT');
        expect(location.holders.map((holder) => holder.did)).toContain(did);
        const answer = await clinicianB.requestAccess({ locationId: location.locationId, holderDid: did, purpose: 'TREAT', reason: 'A comparison.' });
        expect(answer).toMatchObject({ kind: 'request', state: 'RELEASED' });
        const opened = await clinicianB.releasedRecords(answer.kind === 'request' ? answer.requestId : '');
        const seen = new Map(opened.map((record) => [versionOf(record), comparable(record.resource)]));
        // All of this patient's bundle is there; a directory resource may have a newer version from a later bundle.
        const clinical = patient.versions.filter((key) => !/^(Organization|Practitioner)\//.test(key));
        expect(clinical.filter((key) => !seen.has(key))).toEqual([]);
        for (const [key, resource] of seen) {
          if (key.startsWith('Consent/')) continue;
          expect(resource).toBe(admitted.get(key));
          compared += 1;
        }
      }
      expect(compared).toBeGreaterThan(2_600);
    },
    TIMEOUT,
  );
});
