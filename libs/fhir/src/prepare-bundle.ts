import { readEntries } from './bundle-entries.ts';
import { requireWithinLimits } from './bundle-limits.ts';
import { clinicalDate } from './clinical-date.ts';
import { directoryReferences } from './directory-references.ts';
import { identify } from './identities.ts';
import { IssueCollector } from './issues.ts';
import { findOwners } from './owner.ts';
import { resolveReferences } from './resolve-references.ts';
import { validateEntry } from './validation.ts';
import type { ResolvedEntry } from './resolve-references.ts';
import type { PreparedResource, ResourceOwner } from './types.ts';

/**
 * Makes a FHIR R4 bundle ready to be sealed: limits, entries, ids, references, validation, whose each resource is.
 * The bundle itself is left as it is; resources are copied. All or nothing.
 * @param bundle parsed JSON: a `transaction` (POST and PUT) or a `collection`
 * @returns one prepared resource an entry, in the bundle's order
 * @throws FhirError with every bad resource named (see its codes)
 */
export function prepareBundle(bundle: unknown): PreparedResource[] {
  requireWithinLimits(bundle);
  const issues = new IssueCollector();
  const { entries, links } = identify(readEntries(bundle, issues), issues);
  const resolved = entries.map((entry) => resolveReferences(entry, links, issues));
  for (const entry of resolved) validateEntry(entry, issues);
  const owners = findOwners(resolved, issues);
  issues.throwIfAny();
  return resolved.flatMap((entry) => {
    const owner = owners.get(entry);
    return owner === undefined ? [] : prepared(entry, owner);
  });
}

function prepared({ resource }: ResolvedEntry, owner: ResourceOwner): PreparedResource {
  const date = clinicalDate(resource);
  return { resource, owner, directoryReferences: directoryReferences(resource), ...(date === undefined ? {} : { clinicalDate: date }) };
}
