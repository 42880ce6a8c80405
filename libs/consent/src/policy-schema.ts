import { PURPOSES_OF_USE } from '@carecord/fhir';
import { RESOURCE_TYPES } from './resource-types.ts';

const quoted = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

/**
 * The Cedar schema of every policy, compiled from a consent or written by a hospital. Purposes and record types are
 * enumerated, so that a misspelt one in a policy is an error and not a rule that never matches.
 *
 * - `release`: records of this type may be given out. Consents permit it; hospital policies can only forbid it.
 * - `releaseUnattended`: without a person at the holder looking at the request. Hospital policies permit it.
 */
export const POLICY_SCHEMA = `
entity Hospital;
entity RecordType enum [${quoted(RESOURCE_TYPES)}];
entity Purpose enum [${quoted(PURPOSES_OF_USE)}];
type Circumstances = {
  purpose: Purpose,
  role: String,
  now: datetime,
  holder: Hospital,
};
action release, releaseUnattended appliesTo {
  principal: Hospital,
  resource: RecordType,
  context: Circumstances,
};
`;

/** The actions of the schema. */
export type ReleaseAction = 'release' | 'releaseUnattended';

/** Which requests a hospital answers without a person when it has no policies of its own: treatment, and no other purpose. */
export const DEFAULT_HOSPITAL_POLICIES = `
@id("unattended-treatment")
permit (principal, action == Action::"releaseUnattended", resource)
when { [Purpose::"TREAT", Purpose::"ETREAT"].contains(context.purpose) };
`;
