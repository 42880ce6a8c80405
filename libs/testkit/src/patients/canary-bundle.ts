import { canaryResource } from './canary-resource.ts';
import { hl7Concept } from './concepts.ts';
import { SeededRandom } from './random.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import type { NationalIdentifier, TransactionBundle } from './types.ts';

/** The types that a canary bundle holds: those of generated patients and some more; the first of a choice of targets counts. */
const RESOURCE_TYPES = [
  'Patient', 'Organization', 'Practitioner', 'PractitionerRole', 'Location', 'RelatedPerson', 'Encounter', 'Condition', 'Observation', 'MedicationRequest',
  'AllergyIntolerance', 'Immunization', 'Procedure', 'DiagnosticReport', 'ServiceRequest', 'CarePlan', 'Communication', 'DocumentReference', 'Binary',
] as const;

/** Long enough that no other bytes are one by chance, also when a base64 alignment cuts off an end. */
const CANARY_HEX_DIGITS = 24;

/** A bundle full of canaries, all of them, and how to find its patient. */
export interface CanaryBundle {
  readonly bundle: TransactionBundle;
  /** Each occurs in the bundle's texts exactly once, but for the national identifier (attachments hold theirs in base64). */
  readonly canaries: string[];
  readonly nationalId: NationalIdentifier;
}

/**
 * A bundle of one patient in which every element that may hold a text holds a canary of its own: to search databases,
 * logs and the network for afterwards.
 * @param seed the same seed gives the same canaries
 */
export function canaryBundle(seed: number): CanaryBundle {
  const random = new SeededRandom(`canary ${seed}`);
  const canaries: string[] = [];
  const next = (): string => {
    const canary = `cnry${random.hex(CANARY_HEX_DIGITS)}`;
    canaries.push(canary);
    return canary;
  };
  const ids = new Map<string, string>(RESOURCE_TYPES.map((type) => [type, random.uuid()]));
  const source = { next, fullUrlOf: (type: string) => (ids.has(type) ? `urn:uuid:${ids.get(type)}` : undefined) };
  const nationalId = { system: NATIONAL_IDENTIFIER_SYSTEM, value: next() };
  const entry = RESOURCE_TYPES.map((resourceType) => {
    const id = ids.get(resourceType) ?? random.uuid();
    const resource = { ...canaryResource(resourceType, source), resourceType, id };
    return { fullUrl: `urn:uuid:${id}`, resource, request: { method: 'POST' as const, url: resourceType } };
  });
  const patient = entry[0]?.resource as { identifier?: unknown[] } | undefined;
  patient?.identifier?.unshift({ type: hl7Concept('v2-0203', 'NI'), ...nationalId });
  return { bundle: { resourceType: 'Bundle', type: 'transaction', entry }, canaries, nationalId };
}
