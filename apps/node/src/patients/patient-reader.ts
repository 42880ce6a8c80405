import type { AuditEntry, AuditLog } from '@carecord/audit';
import type { Listing, TransactionRunner } from '@carecord/core';
import type { FhirResource, Identifier } from '@carecord/fhir';
import type { OpenedRecord, Records } from '@carecord/records';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** What the reader opens. */
type ReadableRecords = Pick<Records, 'consents' | 'findPatients' | 'patientListing' | 'readPatient' | 'timeline'>;

/** Reads the hospital's own records for staff. Nothing is handed out before the audit log has it. */
export class PatientReader {
  constructor(
    private readonly records: ReadableRecords,
    private readonly audit: Pick<AuditLog, 'appendAll'>,
    private readonly transactions: TransactionRunner,
  ) {}

  /** Internal ids of the patients with this identifier. */
  async find(identifier: Identifier, staff: StaffPrincipal): Promise<string[]> {
    const patientIds = await this.records.findPatients(identifier);
    const event = { type: 'patient-found', outcome: 'success', actor: actorOf(staff) } as const;
    await this.log(patientIds.length === 0 ? [{ ...event, detail: { found: 0 } }] : patientIds.map((patientId) => ({ ...event, patientId })));
    return patientIds;
  }

  /** The current Patient resource. @throws RecordsError `UNKNOWN_PATIENT` */
  async patient(patientId: string, staff: StaffPrincipal): Promise<{ readonly resource: FhirResource; readonly listing: Listing }> {
    const [resource, listing] = await Promise.all([this.records.readPatient(patientId), this.records.patientListing(patientId)]);
    await this.logRead(patientId, staff, { view: 'patient' });
    return { resource, listing };
  }

  /** All current records, newest first. @throws RecordsError `UNKNOWN_PATIENT` */
  async timeline(patientId: string, resourceTypes: readonly string[] | undefined, staff: StaffPrincipal): Promise<OpenedRecord[]> {
    const records = await this.records.timeline(patientId, resourceTypes === undefined ? {} : { resourceTypes });
    await this.logRead(patientId, staff, { view: 'timeline', records: records.length });
    return records;
  }

  /** The patient's Consents, whatever their status. @throws RecordsError `UNKNOWN_PATIENT` */
  async consents(patientId: string, staff: StaffPrincipal): Promise<FhirResource[]> {
    const consents = await this.records.consents(patientId);
    await this.logRead(patientId, staff, { view: 'consents', records: consents.length });
    return consents;
  }

  private async logRead(patientId: string, staff: StaffPrincipal, detail: Record<string, string | number>): Promise<void> {
    await this.log([{ type: 'timeline-read', outcome: 'success', actor: actorOf(staff), patientId, detail }]);
  }

  private async log(entries: readonly AuditEntry[]): Promise<void> {
    await this.transactions.run((transaction) => this.audit.appendAll(transaction, entries));
  }
}
