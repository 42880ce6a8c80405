import type { AuditActor, AuditEntry } from '@carecord/audit';
import type { Transaction, TransactionRunner } from '@carecord/core';

/** The part of the audit log that sign-in and staff administration need. */
export interface SessionAudit {
  append(transaction: Transaction, entry: AuditEntry): Promise<unknown>;
}

/** Whose name was given is not known, or not told: the log holds no user names. */
export const SOMEBODY: AuditActor = { kind: 'staff', id: 'unknown' };

/** Appends one event in a transaction of its own. */
export async function appendAlone({ transactions, audit }: { readonly transactions: TransactionRunner; readonly audit: SessionAudit }, entry: AuditEntry): Promise<void> {
  await transactions.run((transaction) => audit.append(transaction, entry));
}
