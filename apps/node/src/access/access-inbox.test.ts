import { describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { ManualClock, MemoryAuditStore, MemoryTransactions } from '@carecord/testkit';
import { AccessInbox } from './access-inbox.ts';

const staff = { staffId: 'staff-1', username: 'x', role: 'privacy-officer' } as const;

describe('the inbox', () => {
  it('is shown once the audit log has that it was read', async () => {
    const audit = new AuditLog(new MemoryAuditStore(), new ManualClock());
    const inbox = new AccessInbox({ inbox: () => Promise.resolve([]) }, audit, new MemoryTransactions());
    expect(await inbox.read(staff)).toEqual([]);
    expect(await audit.list({ limit: 10 })).toMatchObject([{ type: 'inbox-read', actor: { id: 'staff-1' }, detail: { requests: 0 } }]);
  });

  it('is not shown when the log cannot be written', async () => {
    const audit = { append: () => Promise.reject(new Error('disk full')) };
    const inbox = new AccessInbox({ inbox: () => Promise.resolve([]) }, audit, new MemoryTransactions());
    await expect(inbox.read(staff)).rejects.toThrow('disk full');
  });
});
