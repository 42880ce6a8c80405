import { describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { ManualClock, MemoryAuditStore, MemorySettingStore, MemoryTransactions } from '@carecord/testkit';
import { AdmissionCounter } from './admission-counter.ts';

describe('the count of admitted patients', () => {
  it('follows the records, never falls when patients are erased, and names the head of the log', async () => {
    const transactions = new MemoryTransactions();
    const audit = new AuditLog(new MemoryAuditStore(), new ManualClock());
    let present = 0;
    const counter = new AdmissionCounter({ patientKeys: { countPatientKeys: () => Promise.resolve(present) }, audit, settings: new MemorySettingStore(), transactions });
    expect(await counter.count()).toEqual({ admitted: 0, audit: { sequence: 0, hash: '00'.repeat(32) } });
    present = 12;
    const event = await transactions.run((transaction) => audit.append(transaction, { type: 'bundle-admitted', outcome: 'success', actor: { kind: 'system', id: 'test' } }));
    expect(await counter.count()).toEqual({ admitted: 12, audit: { sequence: 1, hash: Buffer.from(event.hash).toString('hex') } });
    present = 7;
    expect(await counter.count()).toMatchObject({ admitted: 12 });
    present = 13;
    expect(await counter.count()).toMatchObject({ admitted: 13 });
  });
});
