import type { Transaction } from '@carecord/core';
import type { ErasureEpoch, PatientKeyStore, StoredPatientKey, WrappedPatientKey } from '@carecord/records';
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

  currentEpoch(transaction: Transaction): Promise<ErasureEpoch | undefined> {
    const epochs = [...this.state.read(transaction).epochs.values()];
    return Promise.resolve(clone(epochs.sort((left, right) => right.number - left.number)[0]));
  }

  createEpoch(transaction: Transaction, candidate: ErasureEpoch): Promise<ErasureEpoch> {
    const { epochs } = this.state.write(transaction);
    const stored = epochs.get(candidate.number) ?? clone(candidate);
    epochs.set(stored.number, stored);
    return Promise.resolve(clone(stored));
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
