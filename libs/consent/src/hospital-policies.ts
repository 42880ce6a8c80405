import { policySetTextToParts, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { ActionConstraint, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { ConsentError } from './consent-error.ts';
import { policyMistakes } from './policy-set.ts';

/** A label that an operator may give a policy with `@id`; it stands in audit logs. */
const LABEL = /^[a-z0-9-]{1,64}$/;

/**
 * Reads a hospital's own policies. They may forbid both actions, and permit `releaseUnattended` alone: only a patient's
 * consent permits a release.
 * @param text Cedar policies without templates, each with an optional `@id("label")`
 * @returns the policies by id, `hospital/<label or number>`
 * @throws ConsentError `POLICY_INVALID`, with Cedar's own words about the operator's text
 */
export function readHospitalPolicies(text: string): Map<string, PolicyJson> {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw invalid(parts.errors[0]?.message ?? 'it cannot be parsed');
  if (parts.policy_templates.length > 0) throw invalid('templates are not supported');
  const policies = new Map<string, PolicyJson>();
  parts.policies.forEach((part, position) => {
    const parsed = policyToJson(part);
    if (parsed.type === 'failure') throw invalid(parsed.errors[0]?.message ?? 'it cannot be parsed');
    const id = `hospital/${labelOf(parsed.json) ?? position}`;
    if (policies.has(id)) throw invalid(`two policies have the id "${id}"`);
    assertPermitsOnlyUnattended(parsed.json, id);
    policies.set(id, parsed.json);
  });
  const [mistake] = policyMistakes(Object.fromEntries(policies));
  if (mistake !== undefined) throw invalid(mistake.message);
  return policies;
}

function labelOf(policy: PolicyJson): string | undefined {
  const label = policy.annotations?.id;
  if (label !== undefined && !LABEL.test(label)) throw invalid('an @id may have lower case letters, digits and hyphens, 64 at the most');
  return label;
}

function assertPermitsOnlyUnattended(policy: PolicyJson, id: string): void {
  if (policy.effect === 'permit' && actionOf(policy.action) !== 'releaseUnattended') {
    throw invalid(`"${id}" permits more than action == Action::"releaseUnattended"; only a consent permits a release`);
  }
}

/** The one action that a policy names; undefined when it names several or all. */
function actionOf(action: ActionConstraint): string | undefined {
  if (action.op !== '==' || !('entity' in action)) return undefined;
  const entity = '__entity' in action.entity ? action.entity.__entity : action.entity;
  return entity.type === 'Action' ? entity.id : undefined;
}

function invalid(why: string): ConsentError {
  return new ConsentError('POLICY_INVALID', `The hospital's policies are not usable: ${why}.`);
}
