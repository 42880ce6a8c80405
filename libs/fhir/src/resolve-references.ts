import { fullUrlKey } from './identities.ts';
import { isJsonObject, propertyPath } from './json.ts';
import { parseReference } from './reference.ts';
import type { FullUrlLinks, IdentifiedEntry } from './identities.ts';
import type { IssueCollector } from './issues.ts';
import type { FhirResource } from './types.ts';

/** An entry whose resource has its id and names other entries as `Type/id`. */
export interface ResolvedEntry {
  readonly path: string;
  readonly resource: FhirResource & { id: string };
}

/**
 * Copies the entry's resource with every link to another entry's fullUrl turned into `Type/id`
 * (https://hl7.org/fhir/R4/http.html#trules): in references, in urls of attachments, in links of the narrative.
 * A reference to a URN that is no entry's, and a conditional one, cannot be resolved and are issues.
 */
export function resolveReferences(entry: IdentifiedEntry, links: FullUrlLinks, issues: IssueCollector): ResolvedEntry {
  const resolver = new Resolver(links, issues);
  const { resourceType, ...elements } = entry.resource;
  const resolved = resolver.copy({ ...elements, id: entry.id }, `${entry.path}.resource`) as { id: string };
  return { path: entry.path, resource: { resourceType, ...resolved } };
}

class Resolver {
  constructor(
    private readonly links: FullUrlLinks,
    private readonly issues: IssueCollector,
  ) {}

  copy(value: unknown, path: string, name?: string): unknown {
    if (Array.isArray(value)) return value.map((item: unknown, index) => this.copy(item, `${path}[${index}]`));
    if (isJsonObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, this.copy(child, propertyPath(path, key), key)]));
    }
    if (typeof value !== 'string') return value;
    if (name === 'reference') return this.resolveReference(value, path);
    if (name === 'url') return this.resolveUrn(value) ?? value;
    return name === 'div' ? this.resolveNarrative(value) : value;
  }

  private resolveReference(reference: string, path: string): string {
    const target = this.links.get(fullUrlKey(reference));
    if (target !== undefined) return target;
    const { kind } = parseReference(reference);
    if (kind === 'urn') this.issues.add('not-found', path, 'The reference is to a URN that is the fullUrl of no entry of this bundle.');
    if (kind === 'conditional') this.issues.add('not-supported', path, 'Conditional references are not supported: refer to an id or to an entry of this bundle.');
    if (kind === 'malformed') this.issues.add('value', path, 'The reference is not of the form Type/id, #id or an absolute URI.');
    return reference;
  }

  private resolveNarrative(xhtml: string): string {
    return xhtml.replaceAll(/\b(href|src)="(urn:[^"\s]+)"/gi, (link: string, attribute: string, urn: string) => {
      const target = this.resolveUrn(urn);
      return target === undefined ? link : `${attribute}="${target}"`;
    });
  }

  private resolveUrn(text: string): string | undefined {
    return /^urn:/i.test(text) ? this.links.get(fullUrlKey(text)) : undefined;
  }
}
