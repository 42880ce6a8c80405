import { preparsePolicySet, preparseSchema, statefulIsAuthorized, validate } from '@cedar-policy/cedar-wasm/nodejs';
import type { Policy } from '@cedar-policy/cedar-wasm/nodejs';
import { POLICY_SCHEMA } from './policy-schema.ts';
import type { ReleaseAction } from './policy-schema.ts';
import type { PurposeOfUse } from './purpose.ts';

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

/** Thrown where Cedar reports anything but a clean answer; whoever catches it denies. */
export class PolicyEvaluationError extends Error {
  override readonly name = 'PolicyEvaluationError';
}

// Names of Cedar's cache of parsed policies. Loading and asking happen in one synchronous stretch, so one name does.
const SCHEMA_NAME = 'carecord';
const POLICY_SET_NAME = 'current';
let schemaLoaded = false;

/** Policies that fit the schema, ready to be asked until the next set is loaded. */
export interface LoadedPolicies {
  ask(action: ReleaseAction, resourceType: string, circumstances: Circumstances): Verdict;
}

/** The messages of Cedar's strict validation of policies against our schema; empty when they fit. */
export function policyMistakes(policies: Readonly<Record<string, Policy>>): string[] {
  const answer = validate({ schema: POLICY_SCHEMA, policies: { staticPolicies: { ...policies } }, validationSettings: { mode: 'strict' } });
  if (answer.type === 'failure') return answer.errors.map((error) => error.message);
  return answer.validationErrors.map(({ error }) => error.message);
}

/**
 * Validates and loads policies. Ask before any other set is loaded, without awaiting in between.
 * @throws PolicyEvaluationError when one does not fit the schema
 */
export function loadPolicies(policies: ReadonlyMap<string, Policy>): LoadedPolicies {
  const staticPolicies = Object.fromEntries(policies);
  if (policyMistakes(staticPolicies).length > 0) throw new PolicyEvaluationError('A policy does not fit the schema.');
  if (!schemaLoaded && preparseSchema(SCHEMA_NAME, POLICY_SCHEMA).type !== 'success') throw new PolicyEvaluationError('The schema cannot be read.');
  schemaLoaded = true;
  if (preparsePolicySet(POLICY_SET_NAME, { staticPolicies }).type !== 'success') throw new PolicyEvaluationError('A policy cannot be read.');
  return { ask };
}

/**
 * Cedar skips a policy that errors, a `forbid` too: an answer with any error is therefore no answer.
 * @throws PolicyEvaluationError
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
  if (answer.type === 'failure') throw new PolicyEvaluationError('The question does not fit the schema.');
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) throw new PolicyEvaluationError('A policy failed while it was evaluated.');
  return { allowed: decision === 'allow', determining: diagnostics.reason };
}
