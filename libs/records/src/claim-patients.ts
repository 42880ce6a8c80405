import { newId } from '@carecord/core';
import type { Listing, Transaction } from '@carecord/core';
import type { PreparedResource } from '@carecord/fhir';
import type { PatientClaim, RecordStore } from './ports.ts';
import { RecordsError } from './records-error.ts';
import { tokenKey } from './tokens.ts';
import type { BlindTokens } from './tokens.ts';

/** A patient whose row the transaction has locked. */
export interface ClaimedPatient {
  /** Internal id. */
  readonly id: string;
  /** Created by this transaction: has neither key nor manifest yet. */
  readonly isNew: boolean;
}

/**
 * Gets, creates and locks the patients that own the resources. A patient is created only with its Patient resource.
 * @param created what a new patient is given
 * @returns the patients by FHIR logical id
 * @throws RecordsError `UNKNOWN_PATIENT_REFERENCE` when one is neither among the resources nor known
 */
export async function claimPatients(
  { stores, tokens }: { readonly stores: RecordStore; readonly tokens: BlindTokens },
  transaction: Transaction,
  resources: readonly PreparedResource[],
  created: { readonly listing: Listing; readonly createdAt: Date },
): Promise<Map<string, ClaimedPatient>> {
  const claims = new Map<string, PatientClaim>();
  for (const { resource, owner } of resources) {
    if (owner.kind !== 'patient') continue;
    const { logicalToken, create } = claims.get(owner.patientId) ?? { logicalToken: tokens.logicalId('Patient', owner.patientId) };
    const claim = resource.resourceType === 'Patient' ? { logicalToken, create: { id: newId(), ...created } } : { logicalToken, create };
    claims.set(owner.patientId, claim);
  }
  if (claims.size === 0) return new Map();
  const stored = await stores.claimPatients(transaction, [...claims.values()]);
  const idByToken = new Map(stored.map(({ id, logicalToken }) => [tokenKey(logicalToken), id]));
  const patients = new Map<string, ClaimedPatient>();
  for (const [fhirPatientId, { logicalToken, create }] of claims) {
    const id = idByToken.get(tokenKey(logicalToken));
    if (id === undefined) {
      throw new RecordsError('UNKNOWN_PATIENT_REFERENCE', 'A resource refers to a patient that is neither in the bundle nor known here.');
    }
    patients.set(fhirPatientId, { id, isNew: id === create?.id });
  }
  return patients;
}
