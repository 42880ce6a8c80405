import { DIRECTORY_TYPES, FURTHER_PATIENT_ELEMENTS, INDIRECT_ELEMENTS, PATIENT_ELEMENTS } from './compartment-table.ts';
import { directoryReference } from './directory-references.ts';
import { parseReference, referencesAt } from './reference.ts';
import type { IssueCollector } from './issues.ts';
import type { ResolvedEntry } from './resolve-references.ts';
import type { FhirResource, ResourceOwner } from './types.ts';

const DIRECTORY: ResourceOwner = { kind: 'directory' };

/**
 * Finds whose key seals each resource, by the R4 patient compartment. A resource of a clinical type that belongs to no
 * patient or to two cannot be kept under one patient's key and is an issue.
 * @returns the owner of every entry for which one was found
 */
export function findOwners(entries: readonly ResolvedEntry[], issues: IssueCollector): Map<ResolvedEntry, ResourceOwner> {
  const patients = new Map<string, ReadonlySet<string>>();
  for (const { resource } of entries) patients.set(`${resource.resourceType}/${resource.id}`, patientsNamedBy(resource));
  const owners = new Map<ResolvedEntry, ResourceOwner>();
  for (const entry of entries) {
    const owner = ownerOf(entry, patients, issues);
    if (owner !== undefined) owners.set(entry, owner);
  }
  return owners;
}

function ownerOf({ path, resource }: ResolvedEntry, patients: ReadonlyMap<string, ReadonlySet<string>>, issues: IssueCollector): ResourceOwner | undefined {
  const { resourceType, id } = resource;
  if (resourceType === 'Patient') return { kind: 'patient', patientId: id };
  const named = new Set(patients.get(`${resourceType}/${id}`));
  const targets = referencesAt(resource, (type) => INDIRECT_ELEMENTS[type] ?? []);
  for (const target of targets) for (const patient of patients.get(target) ?? []) named.add(patient);
  const [patientId, ...others] = named;
  if (others.length > 0) {
    issues.add('business-rule', `${path}.resource`, 'The resource belongs to more than one patient.');
    return undefined;
  }
  if (patientId === undefined) {
    if (DIRECTORY_TYPES.has(resourceType) || (resourceType === 'Provenance' && targets.length > 0 && targets.every((target) => directoryReference(target) !== undefined))) return DIRECTORY;
    issues.add('business-rule', `${path}.resource`, "The resource belongs to no patient: none of its type's patient elements refers to Patient/id.");
    return undefined;
  }
  if (patientId.includes('/')) {
    issues.add('business-rule', `${path}.resource`, "The resource belongs to a patient of another server: refer to Patient/id.");
    return undefined;
  }
  return { kind: 'patient', patientId };
}

/** The patients that the compartment's elements name: their ids, or whole addresses for those of other servers. */
function patientsNamedBy(resource: FhirResource): ReadonlySet<string> {
  const named = new Set<string>();
  if (resource.resourceType === 'Patient') named.add(String(resource.id));
  for (const reference of referencesAt(resource, (type) => [...(PATIENT_ELEMENTS[type] ?? []), ...(FURTHER_PATIENT_ELEMENTS[type] ?? [])])) {
    const parsed = parseReference(reference);
    if (parsed.kind === 'resource' && parsed.resourceType === 'Patient') named.add(parsed.server === undefined ? parsed.id : reference);
  }
  return named;
}
