import type { Clock, Transaction } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { KeyHolder } from '@carecord/keys';
import type { ClaimedPatient } from './claim-patients.ts';
import { EpochKeys, isKeyTampered } from './epoch-keys.ts';
import { unwrapPatientKey, wrapPatientKey } from './patient-keys.ts';
import type { ErasureEpoch, PatientKeyStore, StoredPatientKey, WrappedPatientKey } from './ports.ts';
import { RecordsError } from './records-error.ts';
import { tokenKey } from './tokens.ts';

/** A key is replaced once a job, so one that differs each time it is read is no key that is being replaced. */
const MAX_ATTEMPTS = 8;

/** What the key hierarchy stands on. */
export interface KeyHierarchyOptions {
  readonly store: PatientKeyStore;
  readonly holder: KeyHolder;
  readonly clock: Clock;
}

/** A patient's key, opened, and the row that it came from. */
export interface OpenedPatientKey {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly stored: StoredPatientKey;
}

/**
 * Root key → erasure-epoch key → patient key. (The data keys below are wrapped in `envelope.ts`.) The directory's key is one
 * of the node's own: it seals no patient's data, so no erasure has to reach it. Unwrapped keys live for one call: there is
 * no cache that an erasure would have to reach. Each level may be re-wrapped at any time by another process: what does not
 * open is read again before it counts as damaged.
 */
export class KeyHierarchy {
  private readonly store: PatientKeyStore;
  private readonly holder: KeyHolder;
  private readonly clock: Clock;

  constructor({ store, holder, clock }: KeyHierarchyOptions) {
    this.store = store;
    this.holder = holder;
    this.clock = clock;
  }

  /**
   * Opens the epochs that exist (one, unless patient keys are being re-wrapped), before a transaction locks anything: what
   * follows needs the holder no more.
   * @throws KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`
   */
  async openEpochs(): Promise<EpochKeys> {
    const epochs = new EpochKeys(this.holder);
    for (const epoch of await this.store.epochs()) {
      try {
        await epochs.open(epoch);
      } catch (error) {
        // Who needs this one is told then, or finds that it was re-wrapped meanwhile.
        if (!isKeyTampered(error)) throw error;
      }
    }
    return epochs;
  }

  /**
   * A patient's key; undefined when there is none.
   * @throws RecordsError `KEY_TAMPERED`
   */
  async patientKey(patientId: string): Promise<OpenedPatientKey | undefined> {
    const keys = await this.openAll(() => this.store.findPatientKeys([patientId]), new EpochKeys(this.holder));
    return keys.get(patientId);
  }

  /** Whether the patient's key has been re-wrapped or replaced since it was read. */
  async hasChanged({ stored }: OpenedPatientKey): Promise<boolean> {
    return !sameKeys([stored], await this.store.findPatientKeys([stored.patientId]));
  }

  /**
   * The keys of patients whose rows the transaction has locked, by internal id. New patients get one; a known patient's
   * missing key is an error and never made up for, because it means that the patient was erased.
   * @throws RecordsError `KEY_MISSING` or `KEY_TAMPERED`
   */
  async keysForAdmission(transaction: Transaction, patients: readonly ClaimedPatient[], epochs: EpochKeys): Promise<ReadonlyMap<string, Uint8Array>> {
    const known = patients.filter(({ isNew }) => !isNew).map(({ id }) => id);
    const added = patients.filter(({ isNew }) => isNew).map(({ id }) => id);
    const opened = known.length === 0 ? new Map<string, OpenedPatientKey>() : await this.openAll(() => this.store.findPatientKeys(known, transaction), epochs);
    const keys = new Map(known.map((patientId) => [patientId, patientKeyOf(opened, patientId).key]));
    if (added.length > 0) await this.createKeys(transaction, added, keys, epochs);
    return keys;
  }

  /** The epoch under which keys are wrapped now, with its key; the first one is made. */
  async currentEpoch(transaction: Transaction, epochs: EpochKeys): Promise<{ readonly epoch: ErasureEpoch; readonly key: Uint8Array }> {
    const epoch = (await this.store.currentEpoch(transaction)) ?? (await this.createFirstEpoch(transaction, epochs));
    return { epoch, key: await epochs.open(epoch) };
  }

  /** Begins a new epoch: keys are wrapped under it from the moment when the transaction is committed. */
  async createNextEpoch(transaction: Transaction): Promise<ErasureEpoch> {
    // Wrapped under the lock: a root key cannot be destroyed between the wrapping and the commit.
    await this.store.lockEpochs(transaction);
    const current = await this.store.currentEpoch(transaction);
    return await this.makeEpoch(transaction, new EpochKeys(this.holder), (current?.number ?? 0) + 1);
  }

  private async createFirstEpoch(transaction: Transaction, epochs: EpochKeys): Promise<ErasureEpoch> {
    await this.store.lockEpochs(transaction);
    return (await this.store.currentEpoch(transaction)) ?? (await this.makeEpoch(transaction, epochs, 1));
  }

  private async makeEpoch(transaction: Transaction, epochs: EpochKeys, number: number): Promise<ErasureEpoch> {
    return await this.store.createEpoch(transaction, await epochs.make(number, this.clock.now()));
  }

  private async createKeys(transaction: Transaction, patientIds: readonly string[], keys: Map<string, Uint8Array>, epochs: EpochKeys): Promise<void> {
    const { epoch, key: epochKey } = await this.currentEpoch(transaction, epochs);
    const createdAt = this.clock.now();
    const wrapped: WrappedPatientKey[] = patientIds.map((patientId) => {
      const key = randomKey();
      keys.set(patientId, key);
      const place = { patientId, number: 1, epochNumber: epoch.number };
      return { ...place, wrappedKey: wrapPatientKey(epochKey, key, place), createdAt };
    });
    await this.store.insertPatientKeys(transaction, wrapped);
  }

  private async openAll(find: () => Promise<StoredPatientKey[]>, epochs: EpochKeys): Promise<Map<string, OpenedPatientKey>> {
    let stored = await find();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await unwrapAll(stored, epochs);
      } catch (error) {
        if (!isKeyTampered(error) || attempt === MAX_ATTEMPTS) throw error;
        const before = stored;
        stored = await find();
        if (sameKeys(before, stored)) throw error;
      }
    }
  }
}

/**
 * The patient's entry of a map by internal id.
 * @throws RecordsError `KEY_MISSING`
 */
export function patientKeyOf<Key>(keys: ReadonlyMap<string, Key>, patientId: string): Key {
  const key = keys.get(patientId);
  if (key === undefined) throw keyMissing();
  return key;
}

/** The one error for a patient without a key. */
export function keyMissing(): RecordsError {
  return new RecordsError('KEY_MISSING', 'The patient has no key: the records cannot be opened.');
}

async function unwrapAll(stored: readonly StoredPatientKey[], epochs: EpochKeys): Promise<Map<string, OpenedPatientKey>> {
  const opened = new Map<string, OpenedPatientKey>();
  for (const key of stored) opened.set(key.patientId, { key: unwrapPatientKey(await epochs.open(key.epoch), key), stored: key });
  return opened;
}

function sameKeys(left: readonly StoredPatientKey[], right: readonly StoredPatientKey[]): boolean {
  const names = (keys: readonly StoredPatientKey[]): string =>
    keys.map(({ patientId, wrappedKey, epoch }) => `${patientId}/${tokenKey(wrappedKey)}/${tokenKey(epoch.wrappedKey)}`).sort().join();
  return names(left) === names(right);
}
