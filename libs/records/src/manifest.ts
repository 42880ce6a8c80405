import { decodeWire, encodeWire } from '@carecord/core';
import { z } from 'zod';
import { ciphertextTampered, openEnvelope, sealEnvelope } from './envelope.ts';
import type { EnvelopeBinding } from './envelope.ts';
import type { StoredManifest } from './ports.ts';

/** About 200,000 versions of one patient; a manifest is rewritten with every admission, so it should be far smaller. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

const entrySchema = z.strictObject({
  recordId: z.string(),
  versionNumber: z.int().positive(),
  resourceType: z.string(),
  contentId: z.string(),
  /** Milliseconds since 1970. */
  recordedAt: z.int(),
  /** When what the resource tells happened, as it stands there. */
  clinicalDate: z.string().nullable(),
  /** Directory resources that it refers to, as `Type/id`. */
  directoryReferences: z.array(z.string()),
});

const manifestSchema = z.strictObject({
  /** The patient's FHIR logical id. */
  fhirPatientId: z.string(),
  /** Every version that there is, in the order in which they came. */
  entries: z.array(entrySchema),
});

/** One version of a patient's record, as the manifest has it. */
export type ManifestEntry = z.infer<typeof entrySchema>;

/** The opened list of a patient's versions: it, and not the rows of the database, says what belongs to the patient. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Where a manifest stands: its patient, its place in their order, and when it was made. */
export type ManifestPlace = Pick<StoredManifest, 'patientId' | 'sequence' | 'recordedAt'>;

/** The newest version of every record, in the order in which the records came. */
export function currentEntries({ entries }: Manifest, resourceTypes?: readonly string[]): ManifestEntry[] {
  const newest = new Map<string, ManifestEntry>();
  for (const entry of entries) {
    const known = newest.get(entry.recordId);
    if (known === undefined || known.versionNumber < entry.versionNumber) newest.set(entry.recordId, entry);
  }
  return [...newest.values()].filter((entry) => resourceTypes === undefined || resourceTypes.includes(entry.resourceType));
}

/**
 * Seals a manifest under a fresh data key; patient and sequence are associated data.
 * @param patientKey 32 bytes
 */
export function sealManifest(patientKey: Uint8Array, manifest: Manifest, place: ManifestPlace): StoredManifest {
  return { ...place, ...sealEnvelope(patientKey, 'manifest', encodeWire(manifestSchema, manifest), manifestBinding(place)) };
}

/**
 * Opens a stored manifest.
 * @throws RecordsError `CIPHERTEXT_TAMPERED` or `KEY_TAMPERED`
 */
export function openManifest(patientKey: Uint8Array, stored: StoredManifest): Manifest {
  const plaintext = openEnvelope(patientKey, 'manifest', stored, manifestBinding(stored));
  try {
    return decodeWire(manifestSchema, plaintext, MAX_MANIFEST_BYTES);
  } catch (cause) {
    throw ciphertextTampered(cause);
  }
}

/** Where a manifest's envelope belongs. */
export function manifestBinding({ patientId, sequence }: Pick<ManifestPlace, 'patientId' | 'sequence'>): EnvelopeBinding {
  return { recordId: patientId, versionNumber: sequence, resourceType: 'Manifest' };
}
