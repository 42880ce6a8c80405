import { describe, expect, it } from '@jest/globals';
import type { AuditEntry, AuditEvent } from '@carecord/audit';
import type { Transaction } from '@carecord/core';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { PatientReader } from './patient-reader.ts';

const staff: StaffPrincipal = { staffId: 'staff-1', username: 'x', role: 'clinician' };

function reading(found: string[], auditWorks = true): { entries: AuditEntry[]; reader: PatientReader } {
  const entries: AuditEntry[] = [];
  const records = {
    findPatients: () => Promise.resolve(found),
    readPatient: () => Promise.resolve({ resourceType: 'Patient' }),
    patientListing: () => Promise.resolve('listed' as const),
    timeline: () => Promise.resolve([{ recordId: 'r', versionNumber: 1, resourceType: 'Observation', resource: { resourceType: 'Observation' } }]),
    consents: () => Promise.resolve([]),
  };
  const audit = {
    appendAll: (_transaction: Transaction, added: readonly AuditEntry[]): Promise<AuditEvent[]> => {
      if (!auditWorks) return Promise.reject(new Error('The log cannot be written.'));
      entries.push(...added);
      return Promise.resolve([]);
    },
  };
  return { entries, reader: new PatientReader(records, audit, { run: (work) => work(undefined as unknown as Transaction) }) };
}

describe('PatientReader', () => {
  it('logs who was found, also when nobody was, and never the identifier', async () => {
    const some = reading(['p1', 'p2']);
    expect(await some.reader.find({ system: 's', value: 'Smith-1' }, staff)).toEqual(['p1', 'p2']);
    expect(some.entries.map(({ type, patientId }) => [type, patientId])).toEqual([['patient-found', 'p1'], ['patient-found', 'p2']]);
    const none = reading([]);
    await none.reader.find({ system: 's', value: 'Smith-1' }, staff);
    expect(none.entries).toEqual([{ type: 'patient-found', outcome: 'success', actor: { kind: 'staff', id: 'staff-1', role: 'clinician' }, detail: { found: 0 } }]);
  });

  it('logs every reading of a record', async () => {
    const { entries, reader } = reading([]);
    await reader.patient('p1', staff);
    await reader.timeline('p1', undefined, staff);
    await reader.consents('p1', staff);
    expect(entries.map(({ type, patientId, detail }) => [type, patientId, detail?.['view']])).toEqual([
      ['timeline-read', 'p1', 'patient'],
      ['timeline-read', 'p1', 'timeline'],
      ['timeline-read', 'p1', 'consents'],
    ]);
  });

  it('hands nothing out that could not be logged', async () => {
    const { reader } = reading(['p1'], false);
    await expect(reader.find({ system: 's', value: 'v' }, staff)).rejects.toThrow();
    await expect(reader.timeline('p1', undefined, staff)).rejects.toThrow();
  });
});
