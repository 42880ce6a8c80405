import { newId } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import type { PreparedResource } from '@carecord/fhir';
import type { ClaimedPatient } from './claim-patients.ts';
import type { ClaimedRecord, RecordClaim, RecordStore } from './ports.ts';
import { RecordsError } from './records-error.ts';
import { tokenKey } from './tokens.ts';
import type { BlindTokens } from './tokens.ts';

/**
 * Gets, creates and locks the records of which the resources become a version. A logical id stays with the patient, or
 * with the directory, that first had it: nobody's record can be overwritten or drawn over to somebody else.
 * @param patients by FHIR logical id
 * @returns one record a resource, in their order
 * @throws RecordsError `DUPLICATE_RESOURCE` or `FHIR_ID_TAKEN`
 */
export async function claimRecords(
  { stores, tokens }: { readonly stores: RecordStore; readonly tokens: BlindTokens },
  transaction: Transaction,
  resources: readonly PreparedResource[],
  patients: ReadonlyMap<string, ClaimedPatient>,
): Promise<ClaimedRecord[]> {
  const claims = resources.map(({ resource, owner }): RecordClaim => {
    const { resourceType, id } = resource;
    const logicalToken = tokens.logicalId(resourceType, id);
    const patientId = owner.kind === 'patient' ? patients.get(owner.patientId)?.id : undefined;
    return { id: newId(), logicalToken, resourceType, ...(patientId === undefined ? {} : { patientId }) };
  });
  requireDistinct(claims);
  const claimed = new Map((await stores.claimRecords(transaction, claims)).map((record) => [tokenKey(record.logicalToken), record]));
  return claims.map((claim) => requireOwn(claim, claimed.get(tokenKey(claim.logicalToken))));
}

function requireDistinct(claims: readonly RecordClaim[]): void {
  const seen = new Set<string>();
  for (const { logicalToken, resourceType } of claims) {
    if (seen.has(tokenKey(logicalToken))) {
      throw new RecordsError('DUPLICATE_RESOURCE', `Two resources of type ${resourceType} have the same id.`);
    }
    seen.add(tokenKey(logicalToken));
  }
}

function requireOwn({ resourceType, patientId }: RecordClaim, record: ClaimedRecord | undefined): ClaimedRecord {
  if (record === undefined || record.patientId !== patientId || record.resourceType !== resourceType) {
    throw new RecordsError('FHIR_ID_TAKEN', `The id of a resource of type ${resourceType} is that of a record of another owner.`);
  }
  return record;
}
