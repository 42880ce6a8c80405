import { decodeWire, encodeWire, MAX_NAMED_HOSPITALS } from '@carecord/core';
import type { Listing } from '@carecord/core';
import { deriveKey, hashWithContext, open, seal } from '@carecord/crypto';
import { z } from 'zod';
import type { StoredPatient } from './ports.ts';
import { RecordsError } from './records-error.ts';

const SEAL_CONTEXT = 'records/named-hospitals';
const namedSchema = z.array(z.string()).max(MAX_NAMED_HOSPITALS);
/** So many DIDs of 320 characters, with the encoding around them. */
const MAX_NAMED_BYTES = 12 * 1024;

/** Keeps to which hospitals a patient is listed: what a patient is treated for could be read from them, so they are sealed. */
export class NamedHospitals {
  private readonly key: Uint8Array;

  /** @param directoryKey 32 bytes, the hospital's own */
  constructor(directoryKey: Uint8Array) {
    this.key = deriveKey(directoryKey, SEAL_CONTEXT);
  }

  /** @returns undefined for none */
  seal(patientId: string, dids: readonly string[]): Uint8Array | undefined {
    return dids.length === 0 ? undefined : seal(this.key, encodeWire(namedSchema, [...dids]), SEAL_CONTEXT, belongsTo(patientId));
  }

  /** @throws CryptoError `OPEN_FAILED` when they were sealed for another patient */
  open({ id, sealedHospitals }: Pick<StoredPatient, 'id' | 'sealedHospitals'>): string[] {
    return sealedHospitals === undefined ? [] : decodeWire(namedSchema, open(this.key, sealedHospitals, SEAL_CONTEXT, belongsTo(id)), MAX_NAMED_BYTES);
  }
}

/**
 * The hospitals of a listing, each once, in one order.
 * @throws RecordsError `LISTING_INVALID` when it names none, too many, or some although it is for all or nobody
 */
export function checkedHospitals(listing: Listing, hospitals: readonly string[]): string[] {
  const named = [...new Set(hospitals)].sort();
  const fits = listing === 'named' ? named.length > 0 && named.length <= MAX_NAMED_HOSPITALS : named.length === 0;
  if (!fits) throw new RecordsError('LISTING_INVALID', `A named listing names 1 to ${MAX_NAMED_HOSPITALS} hospitals, and no other listing names any.`);
  return named;
}

function belongsTo(patientId: string): Uint8Array {
  return hashWithContext('records/named-hospitals-of', patientId);
}
