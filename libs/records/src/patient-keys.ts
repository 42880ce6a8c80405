import { encodeWire } from '@carecord/core';
import { open, seal } from '@carecord/crypto';
import { z } from 'zod';
import { keyTampered } from './epoch-keys.ts';
import type { WrappedPatientKey } from './ports.ts';

const PATIENT_KEY_CONTEXT = 'records/patient-key';

const patientBinding = z.strictObject({ epochNumber: z.int().positive(), patientId: z.string(), keyNumber: z.int().positive() });

/** Which key of which patient, under which epoch: associated data, so that no key can be put in another's place. */
export type PatientKeyPlace = Pick<WrappedPatientKey, 'patientId' | 'number' | 'epochNumber'>;

/** Wraps a patient's key, 32 bytes, by the key of an epoch. */
export function wrapPatientKey(epochKey: Uint8Array, key: Uint8Array, place: PatientKeyPlace): Uint8Array {
  return seal(epochKey, key, PATIENT_KEY_CONTEXT, bindingOf(place));
}

/** A patient's key, 32 bytes. @throws RecordsError `KEY_TAMPERED` */
export function unwrapPatientKey(epochKey: Uint8Array, stored: WrappedPatientKey): Uint8Array {
  try {
    return open(epochKey, stored.wrappedKey, PATIENT_KEY_CONTEXT, bindingOf(stored));
  } catch (cause) {
    throw keyTampered(cause);
  }
}

function bindingOf({ patientId, number, epochNumber }: PatientKeyPlace): Uint8Array {
  return encodeWire(patientBinding, { epochNumber, patientId, keyNumber: number });
}
