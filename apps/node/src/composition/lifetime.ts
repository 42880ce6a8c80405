import type { AuditLog } from '@carecord/audit';
import type { TransactionRunner } from '@carecord/core';
import type { Closers } from '../lifecycle/closers.ts';

/**
 * Writes into the log when a node starts and when it is stopped. Call it after the database is open and before anything
 * else is: closed in the opposite order, everything else has come to its end when the stop is written. A node that dies
 * writes none, which tells the two apart.
 */
export function recordLifetime(
  { audit, closers }: { readonly audit: Pick<AuditLog, 'append'>; readonly closers: Pick<Closers, 'add'> },
  transactions: TransactionRunner,
): { started(): Promise<void> } {
  let hasStarted = false;
  const append = (type: 'node-started' | 'node-stopped'): Promise<unknown> =>
    transactions.run((transaction) => audit.append(transaction, { type, outcome: 'success', actor: { kind: 'system', id: 'node' } }));
  closers.add('lifetime', async () => {
    if (hasStarted) await append('node-stopped');
  });
  return {
    started: async () => {
      await append('node-started');
      hasStarted = true;
    },
  };
}
