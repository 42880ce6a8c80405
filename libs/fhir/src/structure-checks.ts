import { isAdmittedType } from './admitted-types.ts';
import { isJsonObject, propertyPath } from './json.ts';
import type { IssueCollector } from './issues.ts';
import type { ResolvedEntry } from './resolve-references.ts';

/**
 * What FHIR's JSON forbids everywhere (https://hl7.org/fhir/R4/json.html) and the validator lets through in places:
 * empty objects, lists and texts, lists in lists. Contained resources must be of types that we know how to assign.
 */
export function checkStructure({ path, resource }: ResolvedEntry, issues: IssueCollector): void {
  checkValue(resource, `${path}.resource`, issues);
  const { contained } = resource;
  if (!Array.isArray(contained)) return;
  contained.forEach((inner: unknown, index) => {
    const admitted = isJsonObject(inner) && typeof inner['resourceType'] === 'string' && isAdmittedType(inner['resourceType']);
    if (!admitted) issues.addUnknownType(`${path}.resource.contained[${index}].resourceType`, 'The contained resource is of no type that is admitted.');
  });
}

function checkValue(value: unknown, path: string, issues: IssueCollector): void {
  if (value === '') issues.add('value', path, 'An element is an empty text: leave it out instead.');
  if (Array.isArray(value)) {
    if (value.length === 0) issues.add('structure', path, 'An element is an empty list: leave it out instead.');
    value.forEach((item: unknown, index) => {
      if (Array.isArray(item)) issues.add('structure', `${path}[${index}]`, 'A list stands directly inside a list.');
      checkValue(item, `${path}[${index}]`, issues);
    });
  } else if (isJsonObject(value)) {
    const properties = Object.entries(value);
    if (properties.length === 0) issues.add('structure', path, 'An element is an empty object: leave it out instead.');
    for (const [name, child] of properties) checkValue(child, propertyPath(path, name), issues);
  }
}
