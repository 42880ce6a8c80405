import { encodeWire } from '@carecord/core';
import { contentIdOf, open, randomKey, seal, verifyContentId } from '@carecord/crypto';
import { z } from 'zod';
import { RecordsError } from './records-error.ts';

const DATA_KEY_CONTEXT = 'records/data-key';

/** What is sealed: one version of a resource, or a patient's manifest. */
export type EnvelopeKind = 'version' | 'manifest';

/** Where an envelope belongs. It is associated data: an envelope in another's place does not open. */
export interface EnvelopeBinding {
  /** Internal id of the record (UUID); for a manifest, of the patient. */
  readonly recordId: string;
  readonly versionNumber: number;
  readonly resourceType: string;
}

/** Sealed bytes, their content id, and the data key wrapped by the owner's key. */
export interface Envelope {
  readonly contentId: string;
  readonly ciphertext: Uint8Array;
  readonly wrappedDataKey: Uint8Array;
}

const bindingSchema = z.strictObject({ recordId: z.string(), versionNumber: z.int().positive(), resourceType: z.string() });

/**
 * Seals bytes under a fresh data key.
 * @param ownerKey the patient's key or the directory's, 32 bytes: wraps the data key
 */
export function sealEnvelope(ownerKey: Uint8Array, kind: EnvelopeKind, plaintext: Uint8Array, binding: EnvelopeBinding): Envelope {
  const associatedData = associatedDataOf(binding);
  const dataKey = randomKey();
  const ciphertext = seal(dataKey, plaintext, contextOf(kind), associatedData);
  const wrappedDataKey = seal(ownerKey, dataKey, DATA_KEY_CONTEXT, associatedData);
  return { contentId: contentIdOf(ciphertext), ciphertext, wrappedDataKey };
}

/**
 * Opens an envelope of this hospital, after its content id was checked.
 * @throws RecordsError `CIPHERTEXT_TAMPERED` or `KEY_TAMPERED`
 */
export function openEnvelope(ownerKey: Uint8Array, kind: EnvelopeKind, envelope: Envelope, binding: EnvelopeBinding): Uint8Array {
  checkContentId(envelope);
  return openCiphertext(unwrapDataKey(ownerKey, envelope.wrappedDataKey, binding), kind, envelope.ciphertext, binding);
}

/**
 * The data key of an envelope, 32 bytes.
 * @throws RecordsError `KEY_TAMPERED`
 */
export function unwrapDataKey(ownerKey: Uint8Array, wrappedDataKey: Uint8Array, binding: EnvelopeBinding): Uint8Array {
  try {
    return open(ownerKey, wrappedDataKey, DATA_KEY_CONTEXT, associatedDataOf(binding));
  } catch (cause) {
    throw new RecordsError('KEY_TAMPERED', 'The data key of a version does not unwrap.', { cause });
  }
}

/**
 * The same data key, wrapped by another key of its owner; the ciphertext stays as it is.
 * @throws RecordsError `KEY_TAMPERED`
 */
export function rewrapDataKey(before: Uint8Array, after: Uint8Array, wrappedDataKey: Uint8Array, binding: EnvelopeBinding): Uint8Array {
  return seal(after, unwrapDataKey(before, wrappedDataKey, binding), DATA_KEY_CONTEXT, associatedDataOf(binding));
}

/**
 * The plaintext of a ciphertext whose data key is known.
 * @throws RecordsError `CIPHERTEXT_TAMPERED`, which does not say what is wrong
 */
export function openCiphertext(dataKey: Uint8Array, kind: EnvelopeKind, ciphertext: Uint8Array, binding: EnvelopeBinding): Uint8Array {
  try {
    return open(dataKey, ciphertext, contextOf(kind), associatedDataOf(binding));
  } catch (cause) {
    throw ciphertextTampered(cause);
  }
}

/** The one error for a stored or released ciphertext that is not what was written. */
export function ciphertextTampered(cause?: unknown): RecordsError {
  return new RecordsError('CIPHERTEXT_TAMPERED', 'A ciphertext is not what was written.', { cause });
}

function checkContentId({ contentId, ciphertext }: Envelope): void {
  try {
    verifyContentId(contentId, ciphertext);
  } catch (cause) {
    throw ciphertextTampered(cause);
  }
}

function contextOf(kind: EnvelopeKind): string {
  return `records/${kind}`;
}

function associatedDataOf({ recordId, versionNumber, resourceType }: EnvelopeBinding): Uint8Array {
  return encodeWire(bindingSchema, { recordId, versionNumber, resourceType });
}
