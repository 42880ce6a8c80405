import { newId } from '@carecord/core';
import type { BundleEntry } from './bundle-entries.ts';
import type { IssueCollector } from './issues.ts';
import type { FhirResource } from './types.ts';

/** An entry with its resource's final id. */
export interface IdentifiedEntry extends BundleEntry {
  readonly id: string;
}

/** The `Type/id` to which references to a bundle's full URLs are resolved. */
export type FullUrlLinks = ReadonlyMap<string, string>;

/** https://hl7.org/fhir/R4/datatypes.html#id */
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** A URN's scheme, namespace and UUID are compared without regard to case (RFC 8141, section 3.1; RFC 9562, section 4). */
export function fullUrlKey(fullUrl: string): string {
  return /^urn:/i.test(fullUrl) ? fullUrl.toLowerCase() : fullUrl;
}

/**
 * Gives every entry its id: the resource's own, else that of its `urn:uuid:` or `.../Type/id` fullUrl, else a fresh one.
 * An entry that repeats another's full URL or `Type/id` is an issue.
 */
export function identify(entries: readonly BundleEntry[], issues: IssueCollector): { entries: IdentifiedEntry[]; links: FullUrlLinks } {
  const identified: IdentifiedEntry[] = [];
  const links = new Map<string, string>();
  const names = new Set<string>();
  for (const entry of entries) {
    const id = identityOf(entry, issues);
    if (id === undefined) continue;
    const name = `${entry.resource.resourceType}/${id}`;
    if (names.has(name)) issues.add('duplicate', `${entry.path}.resource.id`, 'Another entry has the same resource type and id.');
    names.add(name);
    identified.push({ ...entry, id });
    if (entry.fullUrl === undefined) continue;
    const key = fullUrlKey(entry.fullUrl);
    if (links.has(key)) issues.add('duplicate', `${entry.path}.fullUrl`, 'Another entry has the same fullUrl.');
    links.set(key, name);
  }
  return { entries: identified, links };
}

function identityOf({ path, fullUrl, resource }: BundleEntry, issues: IssueCollector): string | undefined {
  const { id } = resource as { readonly id?: unknown };
  if (id !== undefined && (typeof id !== 'string' || !ID.test(id))) {
    issues.add('value', `${path}.resource.id`, 'An id is 1 to 64 letters, digits, hyphens and dots.');
    return undefined;
  }
  const identity = id ?? idOfFullUrl(fullUrl, resource) ?? newId();
  if (!ID.test(identity) || contradicts(fullUrl, resource, identity)) {
    issues.add('value', `${path}.fullUrl`, "The fullUrl does not end in the resource's type and id.");
    return undefined;
  }
  return identity;
}

function idOfFullUrl(fullUrl: string | undefined, resource: FhirResource): string | undefined {
  if (fullUrl === undefined) return undefined;
  if (/^urn:uuid:/i.test(fullUrl)) return fullUrl.slice('urn:uuid:'.length);
  const [resourceType, id] = fullUrl.split('/').slice(-2);
  return resourceType === resource.resourceType ? id : undefined;
}

/** A fullUrl that is an address must be that of the resource (https://hl7.org/fhir/R4/bundle.html#bundle-unique). */
function contradicts(fullUrl: string | undefined, resource: FhirResource, id: string): boolean {
  return fullUrl !== undefined && /^https?:/i.test(fullUrl) && !fullUrl.endsWith(`/${resource.resourceType}/${id}`);
}
