import type { Transaction } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, PatientPage, StoredPatientKey, WrappedPatientKey } from '@carecord/records';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

interface KeyTables {
  readonly epochs: Map<number, ErasureEpoch>;
  readonly patientKeys: Map<string, WrappedPatientKey>;
}

/** Patient keys and erasure epochs in memory. */
export class MemoryPatientKeyStore implements PatientKeyStore {
  private readonly state = new MemoryState<KeyTables>({ epochs: new Map(), patientKeys: new Map() }, ({ epochs, patientKeys }) => ({
    epochs: new Map(epochs),
    patientKeys: new Map(patientKeys),
  }));

  epochs(transaction?: Transaction): Promise<ErasureEpoch[]> {
    return Promise.resolve(byNumber(this.state.read(transaction)).map(clone));
  }

  currentEpoch(transaction: Transaction): Promise<ErasureEpoch | undefined> {
    return Promise.resolve(clone(byNumber(this.state.read(transaction)).at(-1)));
  }

  /** Transactions in memory run one after the other, which is lock enough. */
  lockEpochs(): Promise<void> {
    return Promise.resolve();
  }

  createEpoch(transaction: Transaction, candidate: ErasureEpoch): Promise<ErasureEpoch> {
    const { epochs } = this.state.write(transaction);
    const stored = epochs.get(candidate.number) ?? clone(candidate);
    epochs.set(stored.number, stored);
    return Promise.resolve(clone(stored));
  }

  updateEpoch(transaction: Transaction, { number, rootKeyId, wrappedKey }: ErasureEpoch): Promise<void> {
    const { epochs } = this.state.write(transaction);
    const stored = epochs.get(number);
    if (stored !== undefined) epochs.set(number, clone({ ...stored, rootKeyId, wrappedKey }));
    return Promise.resolve();
  }

  deleteUnusedEpochs(transaction: Transaction, below: number): Promise<number> {
    const { epochs, patientKeys } = this.state.write(transaction);
    const used = new Set([...patientKeys.values()].map(({ epochNumber }) => epochNumber));
    for (const number of epochs.keys()) if (number < below && !used.has(number)) epochs.delete(number);
    return Promise.resolve([...epochs.keys()].filter((number) => number < below).length);
  }

  insertPatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void> {
    const { patientKeys } = this.state.write(transaction);
    for (const key of keys) {
      if (patientKeys.has(key.patientId)) return Promise.reject(new Error('The patient has a key already.'));
      patientKeys.set(key.patientId, clone(key));
    }
    return Promise.resolve();
  }

  findPatientKeys(patientIds: readonly string[], transaction?: Transaction): Promise<StoredPatientKey[]> {
    const { epochs, patientKeys } = this.state.read(transaction);
    const found: StoredPatientKey[] = [];
    for (const patientId of patientIds) {
      const key = patientKeys.get(patientId);
      const epoch = key && epochs.get(key.epochNumber);
      if (key !== undefined && epoch !== undefined) found.push(clone({ ...key, epoch }));
    }
    return Promise.resolve(found);
  }

  lockPatientKeys(transaction: Transaction, patientIds: readonly string[]): Promise<StoredPatientKey[]> {
    return this.findPatientKeys(patientIds, transaction);
  }

  lockKeysOfOldEpochs(transaction: Transaction, below: number, page: PatientPage): Promise<StoredPatientKey[]> {
    const keys = [...this.state.read(transaction).patientKeys.values()].filter(({ epochNumber }) => epochNumber < below);
    return this.findPatientKeys(pageOf(keys, page), transaction);
  }

  replacePatientKeys(transaction: Transaction, keys: readonly WrappedPatientKey[]): Promise<void> {
    const { patientKeys } = this.state.write(transaction);
    for (const key of keys) if (patientKeys.has(key.patientId)) patientKeys.set(key.patientId, clone(key));
    return Promise.resolve();
  }

  patientsWithKeys(page: PatientPage): Promise<string[]> {
    return Promise.resolve(pageOf([...this.state.read().patientKeys.values()], page));
  }

  countPatientKeys(transaction: Transaction, where?: { readonly epochBelow: number }): Promise<number> {
    const keys = [...this.state.read(transaction).patientKeys.values()];
    return Promise.resolve(keys.filter(({ epochNumber }) => where === undefined || epochNumber < where.epochBelow).length);
  }

  /** Every stored row: for tests that look for plaintext, or that tamper through {@link tamper}. */
  rows(): readonly unknown[] {
    const { epochs, patientKeys } = this.state.read();
    return [...epochs.values(), ...patientKeys.values()];
  }

  /** Changes what is stored behind the lib's back, as an intruder in the database would. */
  tamper(change: (key: WrappedPatientKey) => WrappedPatientKey | undefined): void {
    const { epochs, patientKeys } = this.state.read();
    const changed = new Map<string, WrappedPatientKey>();
    for (const [patientId, key] of patientKeys) {
      const replacement = change(key);
      if (replacement !== undefined) changed.set(patientId, replacement);
    }
    this.state.commit({ epochs, patientKeys: changed });
  }
}

function byNumber({ epochs }: KeyTables): ErasureEpoch[] {
  return [...epochs.values()].sort((left, right) => left.number - right.number);
}

function pageOf(keys: readonly WrappedPatientKey[], { after, limit }: PatientPage): string[] {
  const ids = keys.map(({ patientId }) => patientId).sort();
  return ids.filter((id) => after === undefined || id > after).slice(0, limit);
}
