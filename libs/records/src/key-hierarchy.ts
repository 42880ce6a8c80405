import { encodeWire } from '@carecord/core';
import type { Clock, Transaction } from '@carecord/core';
import { deriveKey, open, randomKey, seal } from '@carecord/crypto';
import { z } from 'zod';
import type { ClaimedPatient } from './claim-patients.ts';
import type { ErasureEpoch, PatientKeyStore, StoredPatientKey, WrappedPatientKey } from './ports.ts';
import { RecordsError } from './records-error.ts';

const EPOCH_KEY_CONTEXT = 'records/epoch-key';
const PATIENT_KEY_CONTEXT = 'records/patient-key';
const FIRST_EPOCH = 1;

const epochBinding = z.strictObject({ epochNumber: z.int().positive() });
const patientBinding = z.strictObject({ epochNumber: z.int().positive(), patientId: z.string() });

/**
 * Root key → erasure-epoch key → patient key. (The data keys below are wrapped in `envelope.ts`.) The directory's key
 * hangs on the root directly: it seals no patient's data, so no erasure has to reach it.
 * Unwrapped keys live for one call: there is no cache that an erasure would have to reach.
 */
export class KeyHierarchy {
  /** Wraps the data keys of the hospital's directory, 32 bytes. */
  readonly directoryKey: Uint8Array;
  private readonly epochWrappingKey: Uint8Array;

  /** @param rootKey 32 bytes */
  constructor(
    private readonly store: PatientKeyStore,
    rootKey: Uint8Array,
    private readonly clock: Clock,
  ) {
    this.directoryKey = deriveKey(rootKey, 'records/directory-key');
    this.epochWrappingKey = deriveKey(rootKey, 'records/epoch-wrapping');
  }

  /**
   * A patient's key, 32 bytes.
   * @throws RecordsError `KEY_MISSING` or `KEY_TAMPERED`
   */
  async patientKey(patientId: string): Promise<Uint8Array> {
    return patientKeyOf(this.unwrapAll(await this.store.findPatientKeys([patientId])), patientId);
  }

  /**
   * The keys of patients whose rows the transaction has locked, by internal id. New patients get one; a known patient's
   * missing key is an error and never made up for, because it means that the patient was erased.
   * @throws RecordsError `KEY_MISSING` or `KEY_TAMPERED`
   */
  async keysForAdmission(transaction: Transaction, patients: readonly ClaimedPatient[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const known = patients.filter(({ isNew }) => !isNew).map(({ id }) => id);
    const added = patients.filter(({ isNew }) => isNew).map(({ id }) => id);
    const keys = new Map(known.length === 0 ? [] : this.unwrapAll(await this.store.findPatientKeys(known, transaction)));
    for (const patientId of known) patientKeyOf(keys, patientId);
    if (added.length > 0) await this.createKeys(transaction, added, keys);
    return keys;
  }

  private async createKeys(transaction: Transaction, patientIds: readonly string[], keys: Map<string, Uint8Array>): Promise<void> {
    const epoch = (await this.store.currentEpoch(transaction)) ?? (await this.createFirstEpoch(transaction));
    const epochKey = this.unwrapEpoch(epoch);
    const createdAt = this.clock.now();
    const wrapped: WrappedPatientKey[] = patientIds.map((patientId) => {
      const key = randomKey();
      keys.set(patientId, key);
      const binding = encodeWire(patientBinding, { epochNumber: epoch.number, patientId });
      return { patientId, epochNumber: epoch.number, wrappedKey: seal(epochKey, key, PATIENT_KEY_CONTEXT, binding), createdAt };
    });
    await this.store.insertPatientKeys(transaction, wrapped);
  }

  private createFirstEpoch(transaction: Transaction): Promise<ErasureEpoch> {
    const binding = encodeWire(epochBinding, { epochNumber: FIRST_EPOCH });
    return this.store.createEpoch(transaction, {
      number: FIRST_EPOCH,
      wrappedKey: seal(this.epochWrappingKey, randomKey(), EPOCH_KEY_CONTEXT, binding),
      createdAt: this.clock.now(),
    });
  }

  private unwrapAll(stored: readonly StoredPatientKey[]): ReadonlyMap<string, Uint8Array> {
    return new Map(stored.map((key) => [key.patientId, this.unwrapPatientKey(key)]));
  }

  private unwrapPatientKey({ patientId, epochNumber, epoch, wrappedKey }: StoredPatientKey): Uint8Array {
    const binding = encodeWire(patientBinding, { epochNumber, patientId });
    return unwrap(this.unwrapEpoch(epoch), wrappedKey, PATIENT_KEY_CONTEXT, binding);
  }

  private unwrapEpoch({ number, wrappedKey }: ErasureEpoch): Uint8Array {
    return unwrap(this.epochWrappingKey, wrappedKey, EPOCH_KEY_CONTEXT, encodeWire(epochBinding, { epochNumber: number }));
  }
}

/**
 * The patient's key of a map by internal id.
 * @throws RecordsError `KEY_MISSING`
 */
export function patientKeyOf(keys: ReadonlyMap<string, Uint8Array>, patientId: string): Uint8Array {
  const key = keys.get(patientId);
  if (key === undefined) throw new RecordsError('KEY_MISSING', 'The patient has no key: the records cannot be opened.');
  return key;
}

function unwrap(key: Uint8Array, wrapped: Uint8Array, context: string, binding: Uint8Array): Uint8Array {
  try {
    return open(key, wrapped, context, binding);
  } catch (cause) {
    throw new RecordsError('KEY_TAMPERED', 'A stored key does not unwrap: it was changed, or the root key is another.', { cause });
  }
}
