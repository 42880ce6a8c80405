import type { AuditLog } from '@carecord/audit';
import { toHex } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import { GENESIS_HASH } from '@carecord/audit';
import type { AdmissionCount } from '@carecord/locator';
import type { PatientKeyStore } from '@carecord/records';
import type { SettingStore } from '@carecord/storage';

const SETTING = 'patients-admitted';

/** What an {@link AdmissionCounter} counts in. */
export interface AdmissionCounterOptions {
  readonly patientKeys: Pick<PatientKeyStore, 'countPatientKeys'>;
  readonly audit: Pick<AuditLog, 'list'>;
  readonly settings: SettingStore;
  readonly transactions: TransactionRunner;
}

/** How many patients this hospital has admitted: shown to guardians, who let it publish as many. */
export class AdmissionCounter {
  constructor(private readonly options: AdmissionCounterOptions) {}

  /** The count, which never falls (erased patients were admitted too), and the head of the audit log. */
  async count(): Promise<AdmissionCount> {
    const { patientKeys, audit, settings, transactions } = this.options;
    const admitted = await transactions.run(async (transaction) => {
      const before = Number((await settings.read(SETTING, transaction)) ?? 0);
      const now = Math.max(before, await patientKeys.countPatientKeys(transaction));
      if (now > before) await settings.write(SETTING, String(now), transaction);
      return now;
    });
    const [head] = await audit.list({ limit: 1 });
    return { admitted, audit: { sequence: head?.sequence ?? 0, hash: toHex(head?.hash ?? GENESIS_HASH) } };
  }
}
