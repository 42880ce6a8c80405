import { canonicalJsonBytes } from '@carecord/core';
import type { FhirResource } from '@carecord/fhir';
import { ciphertextTampered, openCiphertext, openEnvelope, sealEnvelope } from './envelope.ts';
import type { Envelope, EnvelopeBinding } from './envelope.ts';
import type { StoredVersion } from './ports.ts';

/**
 * Seals one version of a resource, with the server-set `meta.versionId` and `meta.lastUpdated` inside
 * (https://hl7.org/fhir/R4/resource.html#Meta).
 * @param ownerKey the patient's key or the directory's, 32 bytes
 */
export function sealVersion(ownerKey: Uint8Array, resource: FhirResource, binding: EnvelopeBinding, recordedAt: Date): Envelope {
  const meta = { ...resource.meta, versionId: String(binding.versionNumber), lastUpdated: recordedAt.toISOString() };
  return sealEnvelope(ownerKey, 'version', canonicalJsonBytes({ ...resource, meta }), binding);
}

/**
 * Opens a version that is stored here.
 * @throws RecordsError `CIPHERTEXT_TAMPERED` or `KEY_TAMPERED`
 */
export function openVersion(ownerKey: Uint8Array, version: StoredVersion): FhirResource {
  return resourceOf(openEnvelope(ownerKey, 'version', version, version), version.resourceType);
}

/**
 * Opens a version that another hospital released.
 * @param dataKey from the grant, 32 bytes
 * @param ciphertext fetched by its content id, which the caller has verified
 * @param binding record id, version number and type as the grant has them: a version in another's place does not open
 * @throws RecordsError `CIPHERTEXT_TAMPERED` when bytes, key and binding are not those of one version
 */
export function openRelease(dataKey: Uint8Array, ciphertext: Uint8Array, binding: EnvelopeBinding): FhirResource {
  return resourceOf(openCiphertext(dataKey, 'version', ciphertext, binding), binding.resourceType);
}

/** Whoever sealed it may have sealed anything: it must be JSON of the type that was announced. */
function resourceOf(plaintext: Uint8Array, resourceType: string): FhirResource {
  const resource = parseJson(plaintext);
  if (typeof resource !== 'object' || resource === null || (resource as FhirResource).resourceType !== resourceType) {
    throw ciphertextTampered();
  }
  return resource as FhirResource;
}

function parseJson(plaintext: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext));
  } catch {
    // No cause: a JSON parser's message quotes the plaintext.
    throw ciphertextTampered();
  }
}
