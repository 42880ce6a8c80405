import { preparsePolicySet, preparseSchema, statefulIsAuthorized, validate } from '@cedar-policy/cedar-wasm/nodejs';
import type { Policy, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { ConsentError } from './consent-error.ts';
import { POLICY_SCHEMA } from './policy-schema.ts';
import type { ReleaseAction } from './policy-schema.ts';
import type { PurposeOfUse } from '@carecord/fhir';

/** Who asks whom, for what, when. */
export interface Circumstances {
  readonly requester: string;
  readonly holder: string;
  readonly role: string;
  readonly purpose: PurposeOfUse;
  readonly now: Date;
}

/** What the policies say about one record type, and the ids of the policies that decided. */
export interface Verdict {
  readonly allowed: boolean;
  readonly determining: readonly string[];
}

// Names of Cedar's cache of parsed policies. Loading and asking happen in one synchronous stretch, so one name does.
const SCHEMA_NAME = 'carecord';
const POLICY_SET_NAME = 'current';
let schemaLoaded = false;

/** Policies named in one error: one is enough to begin with, and a log line has an end. */
const MAX_NAMED = 5;

/** Policies that fit the schema, ready to be asked until the next set is loaded. */
export interface LoadedPolicies {
  ask(action: ReleaseAction, resourceType: string, circumstances: Circumstances): Verdict;
  /**
   * Whether a policy may tell this resource type from others. A type is an entity of an enumeration, without attributes or
   * parents: the policies that do not name it cannot tell it from any other that they do not name.
   */
  names(resourceType: string): boolean;
}

/** What does not fit the schema: Cedar's words, and the id of the policy where Cedar names one. */
export interface PolicyMistake {
  readonly policy?: string;
  readonly message: string;
}

/** The mistakes that Cedar's strict validation of policies against our schema finds; empty when they fit. */
export function policyMistakes(policies: Readonly<Record<string, Policy>>): PolicyMistake[] {
  const answer = validate({ schema: POLICY_SCHEMA, policies: { staticPolicies: { ...policies } }, validationSettings: { mode: 'strict' } });
  if (answer.type === 'failure') return answer.errors.map(({ message }) => ({ message }));
  return answer.validationErrors.map(({ policyId, error }) => ({ policy: policyId, message: error.message }));
}

/**
 * Validates and loads policies. Ask before any other set is loaded, without awaiting in between.
 * @throws ConsentError `EVALUATION_FAILED` when one does not fit the schema
 */
export function loadPolicies(policies: ReadonlyMap<string, PolicyJson>): LoadedPolicies {
  const staticPolicies = Object.fromEntries(policies);
  const mistakes = policyMistakes(staticPolicies);
  if (mistakes.length > 0) throw failed(`Policies do not fit the schema: ${named(mistakes.map(({ policy }) => policy))}.`);
  if (!schemaLoaded && preparseSchema(SCHEMA_NAME, POLICY_SCHEMA).type !== 'success') throw failed('The schema cannot be read.');
  schemaLoaded = true;
  if (preparsePolicySet(POLICY_SET_NAME, { staticPolicies }).type !== 'success') throw failed('A policy cannot be read.');
  const texts = new Set<unknown>();
  collectTexts(staticPolicies, texts);
  return { ask, names: (resourceType) => texts.has(resourceType) };
}

/**
 * Cedar skips a policy that errors, a `forbid` too: an answer with any error is therefore no answer.
 * @throws ConsentError `EVALUATION_FAILED`
 */
function ask(action: ReleaseAction, resourceType: string, { requester, holder, role, purpose, now }: Circumstances): Verdict {
  const answer = statefulIsAuthorized({
    principal: { type: 'Hospital', id: requester },
    action: { type: 'Action', id: action },
    resource: { type: 'RecordType', id: resourceType },
    context: {
      purpose: { __entity: { type: 'Purpose', id: purpose } },
      role,
      now: { __extn: { fn: 'datetime', arg: now.toISOString() } },
      holder: { __entity: { type: 'Hospital', id: holder } },
    },
    entities: [],
    preparsedSchemaName: SCHEMA_NAME,
    validateRequest: true,
    preparsedPolicySetId: POLICY_SET_NAME,
  });
  if (answer.type === 'failure') throw failed('The question does not fit the schema.');
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) throw failed(`Policies failed while they were evaluated: ${named(diagnostics.errors.map(({ policyId }) => policyId))}.`);
  return { allowed: decision === 'allow', determining: diagnostics.reason };
}

/** Every text in policies: more than the names of types, so that none is missed whatever form Cedar's JSON gives it. */
function collectTexts(value: unknown, texts: Set<unknown>): void {
  if (typeof value === 'string') texts.add(value);
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) collectTexts(part, texts);
}

/** Policies by id, for the log: Cedar's own words may quote a consent's values. */
function named(ids: readonly (string | undefined)[]): string {
  const known = [...new Set(ids.filter((id) => id !== undefined))];
  return known.length === 0 ? 'Cedar names none' : known.slice(0, MAX_NAMED).join(', ');
}

function failed(message: string): ConsentError {
  return new ConsentError('EVALUATION_FAILED', message);
}
