import type { FhirResource } from '@carecord/fhir';
import { only, readCode } from './provision-conditions.ts';
import { ACT_CODE_SYSTEM, CONSENT_SCOPE_SYSTEM, OPT_IN, OPT_OUT } from './terminology.ts';

/** What a consent says outside its provisions. */
export interface ConsentBase {
  /** What its root provision does; whatever is not clearly a permit is a deny, and what contradicts itself denies everything. */
  readonly type: 'permit' | 'deny' | 'deny-all';
  /** Elements because of which it may not permit anything. */
  readonly notUnderstood: readonly string[];
}

/** Statuses of a consent that is not in force (R4 consent-state-codes, all but `active`). */
const NOT_IN_FORCE: readonly unknown[] = ['draft', 'proposed', 'rejected', 'inactive', 'entered-in-error'];
/** Scopes that are not about giving out records (R4 consentscope): advance directives and consent to treatment. */
const OTHER_SCOPES: readonly unknown[] = ['adr', 'treatment'];
/** Elements that do not change what a consent permits. `policy` is missing on purpose: it refers to rules that we cannot read. */
const HARMLESS_ELEMENTS = [
  'resourceType', 'id', 'meta', 'language', 'text', 'contained', 'extension', 'identifier', 'category', 'patient', 'dateTime',
  'performer', 'organization', 'sourceAttachment', 'sourceReference',
];
const READ_ELEMENTS = ['status', 'scope', 'policyRule', 'verification', 'provision'];

/** `none`: not in force, or about something else than giving out records. Everything unclear is relevant. */
export function relevanceOf(consent: FhirResource): 'none' | 'relevant' {
  if (consent.resourceType !== 'Consent' || NOT_IN_FORCE.includes(consent.status)) return 'none';
  const scope = scopeOf(consent);
  return scope !== undefined && OTHER_SCOPES.includes(scope) ? 'none' : 'relevant';
}

/** Reads status, scope, base rule and verification; provisions are the compiler's. */
export function consentBase(consent: FhirResource): ConsentBase {
  const notUnderstood = Object.keys(consent).filter(
    (element) => !HARMLESS_ELEMENTS.includes(element) && !READ_ELEMENTS.includes(element),
  );
  if (consent.status !== 'active') notUnderstood.push('status');
  if (scopeOf(consent) !== 'patient-privacy') notUnderstood.push('scope');
  if (!isVerifiedOrUnsaid(consent.verification)) notUnderstood.push('verification');
  const rule = baseRuleOf(consent.policyRule);
  if (rule === 'unclear') notUnderstood.push('policyRule');
  const stated = statedType(consent.provision);
  const permits = stated === 'permit' || (stated === undefined && rule === OPT_IN);
  if (stated === 'permit' && rule === OPT_OUT) return { type: 'deny-all', notUnderstood: [...notUnderstood, 'policyRule'] };
  // "Everything to everybody" is a permit that a patient spells out, not one that is read into a missing element.
  if (consent.provision === undefined) notUnderstood.push('provision');
  return { type: permits ? 'permit' : 'deny', notUnderstood };
}

function statedType(provision: unknown): unknown {
  return typeof provision === 'object' && provision !== null ? (provision as Record<string, unknown>).type : undefined;
}

/** The scope's one code of the standard code system. */
function scopeOf(consent: FhirResource): string | undefined {
  const codings = only(consent.scope, ['coding', 'text'])?.coding;
  return Array.isArray(codings) && codings.length === 1 ? readCode(codings[0], CONSENT_SCOPE_SYSTEM) : undefined;
}

function baseRuleOf(policyRule: unknown): typeof OPT_IN | typeof OPT_OUT | 'none' | 'unclear' {
  if (policyRule === undefined) return 'none';
  const codings = only(policyRule, ['coding', 'text'])?.coding;
  const code = Array.isArray(codings) && codings.length === 1 ? readCode(codings[0], ACT_CODE_SYSTEM) : undefined;
  return code === OPT_IN || code === OPT_OUT ? code : 'unclear';
}

function isVerifiedOrUnsaid(verification: unknown): boolean {
  if (verification === undefined) return true;
  return Array.isArray(verification) && verification.every((one: unknown) => (one as { verified?: unknown } | null)?.verified === true);
}
