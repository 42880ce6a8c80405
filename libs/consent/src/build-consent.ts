import { newId } from '@carecord/core';
import type { FhirResource, PurposeOfUse } from '@carecord/fhir';
import { ConsentError } from './consent-error.ts';
import { isResourceType } from './resource-types.ts';
import {
  ACT_CODE_SYSTEM, ACT_REASON_SYSTEM, CONSENT_CATEGORY, CONSENT_SCOPE_SYSTEM, OPT_IN, OPT_OUT, PARTICIPATION_TYPE_SYSTEM,
  RESOURCE_TYPE_SYSTEM, URI_IDENTIFIER_SYSTEM,
} from './terminology.ts';

/** What a patient says about one other hospital. */
export interface ConsentStatement {
  /** The Patient resource's logical id. */
  readonly fhirPatientId: string;
  readonly recipient: { readonly did: string; readonly name: string };
  readonly purposes: readonly PurposeOfUse[];
  /** @default all types */
  readonly resourceTypes?: readonly string[];
  /** Both ends belong to the time. */
  readonly validFrom: Date;
  readonly validUntil: Date;
  readonly decision: 'permit' | 'deny';
  readonly now: Date;
}

/**
 * A FHIR R4 Consent that says it, in the elements that {@link ConsentDecider} understands.
 * @throws ConsentError `CONSENT_INVALID` for no purpose, an empty or unknown list of types, or a time that ends before it starts
 */
export function buildConsent(statement: ConsentStatement): FhirResource {
  const { fhirPatientId, recipient, purposes, resourceTypes, validFrom, validUntil, decision, now } = statement;
  if (purposes.length === 0) throw invalid('it names no purpose');
  if (resourceTypes !== undefined && (resourceTypes.length === 0 || !resourceTypes.every(isResourceType))) throw invalid('it names no or unknown resource types');
  if (!(validFrom < validUntil)) throw invalid('it ends before it starts');
  return {
    resourceType: 'Consent',
    id: newId(),
    status: 'active',
    scope: { coding: [{ system: CONSENT_SCOPE_SYSTEM, code: 'patient-privacy' }] },
    category: [{ coding: [CONSENT_CATEGORY] }],
    patient: { reference: `Patient/${fhirPatientId}` },
    dateTime: now.toISOString(),
    policyRule: { coding: [{ system: ACT_CODE_SYSTEM, code: decision === 'permit' ? OPT_IN : OPT_OUT }] },
    provision: {
      type: decision,
      period: { start: validFrom.toISOString(), end: validUntil.toISOString() },
      actor: [
        {
          role: { coding: [{ system: PARTICIPATION_TYPE_SYSTEM, code: 'IRCP' }] },
          reference: { type: 'Organization', identifier: { system: URI_IDENTIFIER_SYSTEM, value: recipient.did }, display: recipient.name },
        },
      ],
      purpose: purposes.map((code) => ({ system: ACT_REASON_SYSTEM, code })),
      ...(resourceTypes === undefined ? {} : { class: resourceTypes.map((code) => ({ system: RESOURCE_TYPE_SYSTEM, code })) }),
    },
  };
}

/**
 * The same consent, no longer in force.
 * @throws ConsentError `CONSENT_INVALID` when the resource is not a Consent
 */
export function withdrawConsent(consent: FhirResource): FhirResource {
  if (consent.resourceType !== 'Consent') throw invalid('only a Consent can be withdrawn');
  return { ...consent, status: 'inactive' };
}

function invalid(why: string): ConsentError {
  return new ConsentError('CONSENT_INVALID', `The consent is not usable: ${why}.`);
}
