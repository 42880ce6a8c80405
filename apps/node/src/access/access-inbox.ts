import type { AuditLog } from '@carecord/audit';
import type { TransactionRunner } from '@carecord/core';
import type { AccessHolder, InboxEntry } from '@carecord/exchange';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Shows staff the questions of other hospitals that wait for a person. Nothing is handed out before the audit log has it. */
export class AccessInbox {
  constructor(
    private readonly holder: Pick<AccessHolder, 'inbox'>,
    private readonly audit: Pick<AuditLog, 'append'>,
    private readonly transactions: TransactionRunner,
  ) {}

  /** What waits, newest first. */
  async read(staff: StaffPrincipal): Promise<InboxEntry[]> {
    const entries = await this.holder.inbox();
    await this.transactions.run((transaction) =>
      this.audit.append(transaction, { type: 'inbox-read', outcome: 'success', actor: actorOf(staff), detail: { requests: entries.length } }),
    );
    return entries;
  }
}
