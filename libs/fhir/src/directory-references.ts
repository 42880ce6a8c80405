import { DIRECTORY_TYPES } from './compartment-table.ts';
import { isJsonObject } from './json.ts';
import { parseReference } from './reference.ts';

/** The directory resources of this hospital that a value refers to anywhere, as `Type/id`, each once, in order. */
export function directoryReferences(value: unknown): string[] {
  const found = new Set<string>();
  collect(value, found);
  return [...found];
}

function collect(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (isJsonObject(value)) {
    for (const [name, child] of Object.entries(value)) {
      if (name === 'reference' && typeof child === 'string') addReference(child, found);
      else collect(child, found);
    }
  }
}

function addReference(reference: string, found: Set<string>): void {
  const target = directoryReference(reference);
  if (target !== undefined) found.add(target);
}

/** The directory resource of this hospital that a reference names, as `Type/id`. */
export function directoryReference(reference: string): string | undefined {
  const parsed = parseReference(reference);
  const isOurs = parsed.kind === 'resource' && parsed.server === undefined && DIRECTORY_TYPES.has(parsed.resourceType);
  return isOurs ? `${parsed.resourceType}/${parsed.id}` : undefined;
}
