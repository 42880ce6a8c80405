import { valuesAt } from './json.ts';
import type { FhirResource } from './types.ts';

/**
 * What a `Reference.reference` says (https://hl7.org/fhir/R4/references.html#literal).
 * `resource`: `Type/id`, with the server's address in front if it has one; `contained`: `#id`; `urn`: a name inside a
 * bundle; `conditional`: `Type?search`; `other`: an absolute address of unknown form; `malformed`: none of these.
 */
export type ParsedReference =
  | { readonly kind: 'resource'; readonly resourceType: string; readonly id: string; readonly server?: string }
  | { readonly kind: 'contained' | 'urn' | 'conditional' | 'other' | 'malformed' };

const RESOURCE = /^(?:(https?:\/\/[^\s?#]+)\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

/** Reads a literal reference. */
export function parseReference(reference: string): ParsedReference {
  const match = RESOURCE.exec(reference);
  if (match?.[2] !== undefined && match[3] !== undefined) {
    return { kind: 'resource', resourceType: match[2], id: match[3], ...(match[1] === undefined ? {} : { server: match[1] }) };
  }
  if (reference.startsWith('#')) return { kind: 'contained' };
  if (/^urn:/i.test(reference)) return { kind: 'urn' };
  if (/^[A-Z][A-Za-z]+\?/.test(reference)) return { kind: 'conditional' };
  return { kind: /^[a-z][a-z0-9+.-]*:\S+$/i.test(reference) ? 'other' : 'malformed' };
}

/** The literal references at the given element paths of a resource and of what it contains. */
export function referencesAt(resource: FhirResource, elementsOf: (resourceType: string) => readonly string[]): string[] {
  return [resource, ...valuesAt(resource, 'contained')].flatMap((holder) => {
    const [resourceType] = valuesAt(holder, 'resourceType');
    if (typeof resourceType !== 'string') return [];
    return elementsOf(resourceType).flatMap((elements) => valuesAt(holder, `${elements}.reference`).filter((value) => typeof value === 'string'));
  });
}
