import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { FhirResource } from '@carecord/fhir';
import { makeHospitalRecords } from '../../testkit/src/memory/hospital-records.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import { asAdmitted, bundle, observation, patient } from './bundles.fixture.ts';
import { currentEntries, openManifest, sealManifest } from './manifest.ts';

const binding = fc.record({ recordId: fc.uuid(), versionNumber: fc.integer({ min: 1, max: 1_000_000 }), resourceType: fc.constantFrom('Patient', 'Observation') });

describe('For all inputs', () => {
  it('an envelope opens as it was sealed, and in no other place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), binding, binding, (plaintext, place, other) => {
        const key = randomKey();
        const envelope = sealEnvelope(key, 'version', plaintext, place);
        expect(openEnvelope(key, 'version', envelope, place)).toEqual(plaintext);
        expect(() => openEnvelope(key, 'manifest', envelope, place)).toThrow();
        expect(() => openEnvelope(randomKey(), 'version', envelope, place)).toThrow();
        if (canonicalJson(place) !== canonicalJson(other)) expect(() => openEnvelope(key, 'version', envelope, other)).toThrow();
      }),
    );
  });

  it('a manifest opens as it was sealed', () => {
    const entry = fc.record({
      recordId: fc.uuid(),
      versionNumber: fc.integer({ min: 1 }),
      resourceType: fc.string(),
      contentId: fc.string(),
      recordedAt: fc.integer({ min: 0 }),
      clinicalDate: fc.option(fc.string()),
      directoryReferences: fc.array(fc.string()),
    });
    fc.assert(
      fc.property(fc.record({ fhirPatientId: fc.string(), entries: fc.array(entry) }), fc.uuid(), fc.integer({ min: 1 }), (manifest, patientId, sequence) => {
        const key = randomKey();
        const stored = sealManifest(key, manifest, { patientId, sequence, recordedAt: new Date(0) });
        expect(openManifest(key, stored)).toEqual(manifest);
        const current = currentEntries(manifest);
        expect(new Set(current.map(({ recordId }) => recordId)).size).toBe(current.length);
      }),
    );
  });

  it('any history of admissions, in any order and at once, ends with each record’s last version and no gap', async () => {
    const change = fc.record({ id: fc.constantFrom('o1', 'o2', 'o3'), owner: fc.constantFrom('p1', 'p2'), note: fc.string({ unit: 'grapheme', minLength: 1 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const { records, actor, audit } = makeHospitalRecords();
        const admit = (...resources: FhirResource[]): Promise<unknown> => records.admit(bundle(...resources), { actor, listing: 'listed' });
        await admit(patient('p1'), patient('p2'));
        const expected = new Map<string, FhirResource[]>();
        const work = changes.map(({ id, owner, note }) => {
          const name = `${owner}-${id}`;
          const resource = observation(name, owner, note.trim() === '' ? {} : { note: [{ text: note.trim() }] });
          expected.set(name, [...(expected.get(name) ?? []), resource]);
          return admit(resource);
        });
        await Promise.all(work);
        const [first, second] = await Promise.all(['N-p1', 'N-p2'].map((value) => records.findPatients({ system: 'https://identifiers.health.example/national', value })));
        const opened = [...(await records.timeline(first?.[0] as string)), ...(await records.timeline(second?.[0] as string))];
        const observations = opened.filter(({ resourceType }) => resourceType === 'Observation');
        expect(observations).toHaveLength(expected.size);
        for (const { resource, versionNumber } of observations) {
          const versions = expected.get(String(resource.id)) ?? [];
          expect(versionNumber).toBe(versions.length);
          expect(canonicalJson(asAdmitted(resource))).toBe(canonicalJson(versions.at(-1)));
        }
        expect(await audit.verify()).toEqual({ entries: 2 + changes.length });
      }),
      { numRuns: 30 },
    );
  });
});
