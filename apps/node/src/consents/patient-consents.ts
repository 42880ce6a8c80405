import type { Clock } from '@carecord/core';
import { KeyLock, later } from '@carecord/core';
import { buildConsent, withdrawConsent } from '@carecord/consent';
import type { FhirResource, PurposeOfUse } from '@carecord/fhir';
import type { AccessHolder } from '@carecord/exchange';
import type { Records } from '@carecord/records';
import { NodeError } from '../failures/node-error.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { readConsentId, writeConsentId } from './consent-id.ts';

/** Unless staff say otherwise: long enough for a course of treatment, short enough that it is thought about again. */
const DEFAULT_CONSENT_MILLISECONDS = 365 * 24 * 60 * 60_000;

/** What a patient says, as staff enter it. */
export interface ConsentStatementInput {
  readonly patientId: string;
  readonly recipient: { readonly did: string; readonly name: string };
  readonly purposes: readonly PurposeOfUse[];
  readonly resourceTypes: readonly string[] | undefined;
  readonly validFrom: Date | undefined;
  readonly validUntil: Date | undefined;
  readonly decision: 'permit' | 'deny';
}

/** A consent with the id under which it can be withdrawn. */
export interface NamedConsent {
  readonly consentId: string;
  readonly patientId: string;
  readonly resource: FhirResource;
}

/**
 * Gives and withdraws consents. A denial and a withdrawal end at once what was granted; should the node die before, the
 * outbox entry `CONSENT_CHANGED` of the records does it.
 */
export class PatientConsents {
  private readonly turns = new KeyLock();

  constructor(
    private readonly records: Pick<Records, 'consents' | 'fhirPatientId' | 'putResource'>,
    private readonly holder: Pick<AccessHolder, 'revokeForPatient'>,
    private readonly clock: Clock,
  ) {}

  /** @throws ConsentError `CONSENT_INVALID`, RecordsError `UNKNOWN_PATIENT` */
  async give(statement: ConsentStatementInput, staff: StaffPrincipal): Promise<NamedConsent> {
    const { patientId, validFrom, validUntil, ...rest } = statement;
    const now = this.clock.now();
    const start = validFrom ?? now;
    const fhirPatientId = await this.records.fhirPatientId(patientId);
    const consent = buildConsent({ ...rest, fhirPatientId, now, validFrom: start, validUntil: validUntil ?? later(start, DEFAULT_CONSENT_MILLISECONDS) });
    const named = await this.put(patientId, consent, staff, 'consent-given');
    if (statement.decision === 'deny') await this.holder.revokeForPatient(patientId, actorOf(staff));
    return named;
  }

  /** Withdrawing twice, also at the same moment, changes nothing. @throws NodeError `NOT_FOUND`, RecordsError `UNKNOWN_PATIENT` */
  withdraw(consentId: string, staff: StaffPrincipal): Promise<NamedConsent> {
    return this.turns.run(consentId, () => this.withdrawOnce(consentId, staff));
  }

  private async withdrawOnce(consentId: string, staff: StaffPrincipal): Promise<NamedConsent> {
    const { patientId, resourceId } = readConsentId(consentId);
    const consent = (await this.records.consents(patientId)).find((candidate) => candidate.id === resourceId);
    if (consent === undefined) throw new NodeError('NOT_FOUND', 'This patient has no such consent.');
    if (consent['status'] === 'inactive') return { consentId, patientId, resource: consent };
    const named = await this.put(patientId, withdrawConsent(consent), staff, 'consent-withdrawn');
    await this.holder.revokeForPatient(patientId, actorOf(staff));
    return named;
  }

  private async put(patientId: string, consent: FhirResource, staff: StaffPrincipal, type: 'consent-given' | 'consent-withdrawn'): Promise<NamedConsent> {
    const { id } = await this.records.putResource(patientId, consent, actorOf(staff), type);
    return { consentId: writeConsentId(patientId, id), patientId, resource: { ...consent, id } };
  }
}
