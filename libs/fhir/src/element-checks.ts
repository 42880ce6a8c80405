import { crawlTypedValue, isPrimitiveType } from '@medplum/core';
import { isJsonObject, valuesAt } from './json.ts';
import { parseReference } from './reference.ts';
import type { CrawlerVisitor, InternalSchemaElement, InternalTypeSchema, TypedValueWithPath } from '@medplum/core';
import type { FhirDefinitions } from './definitions.ts';
import type { CodeSet } from './required-codes.ts';
import type { FhirIssueCode, FhirResource } from './types.ts';

/** Takes an issue; the path is the resource's own, beginning with its type. */
export type ReportIssue = (code: FhirIssueCode, path: string, diagnostics: string) => void;

const STRUCTURE_DEFINITION = 'http://hl7.org/fhir/StructureDefinition/';

/**
 * Checks, element by element, what medplum's validator leaves out or only warns of: more than one type of a choice
 * (`valueString` beside `valueQuantity`), codes outside a required binding, references to the wrong type, a primitive
 * in place of an object.
 */
export function checkElements(resource: FhirResource, definitions: FhirDefinitions, report: ReportIssue): void {
  crawlTypedValue({ type: resource.resourceType, value: resource }, new ElementVisitor(definitions, report));
}

class ElementVisitor implements CrawlerVisitor {
  constructor(
    private readonly definitions: FhirDefinitions,
    private readonly report: ReportIssue,
  ) {}

  onEnterObject(_path: string, { value, path }: TypedValueWithPath, schema: InternalTypeSchema): void {
    if (!isJsonObject(value)) return;
    for (const [name, types] of choicesOf(schema)) {
      if (types.filter((key) => Object.hasOwn(value, key) || Object.hasOwn(value, `_${key}`)).length > 1) {
        this.report('structure', `${path}.${name}`, 'An element has values of more than one type.');
      }
    }
  }

  visitProperty(_parent: TypedValueWithPath, key: string, _path: string, values: (TypedValueWithPath | TypedValueWithPath[])[], schema: InternalTypeSchema): void {
    const element = schema.elements[key];
    if (element === undefined) return;
    const bound = element.binding?.strength === 'required' ? this.definitions.requiredCodes.get(element.binding.valueSet ?? '') : undefined;
    for (const value of values.flat()) {
      if (value.value === undefined || value.value === null) continue;
      if (typeof value.value !== 'object' && !isPrimitiveType(value.type)) this.report('structure', value.path, 'An element is not an object.');
      if (bound !== undefined) this.checkCode(value, bound);
      if (value.type === 'Reference') this.checkReferenceType(value, element);
    }
  }

  private checkCode({ type, value, path }: TypedValueWithPath, bound: CodeSet): void {
    if (type === 'code') {
      // A code with an extension is a String object; one that is absent but explained is an object without text.
      const code: unknown = (value as object).valueOf();
      if (typeof code !== 'string' || [...bound.values()].some((codes) => codes.has(code))) return;
    } else if (type === 'CodeableConcept') {
      if (valuesAt(value, 'coding').some((coding) => isJsonObject(coding) && bound.get(String(coding['system']))?.has(String(coding['code'])))) return;
    } else {
      return;
    }
    this.report('code-invalid', path, 'The code is none of those that FHIR R4 requires here.');
  }

  private checkReferenceType({ value, path }: TypedValueWithPath, element: InternalSchemaElement): void {
    const [reference] = valuesAt(value, 'reference');
    const allowed = element.type.find(({ code }) => code === 'Reference')?.targetProfile?.map((profile) => profile.replace(STRUCTURE_DEFINITION, ''));
    if (typeof reference !== 'string' || allowed === undefined || allowed.length === 0 || allowed.includes('Resource')) return;
    const parsed = parseReference(reference);
    if (parsed.kind !== 'resource' || allowed.includes(parsed.resourceType)) return;
    this.report('structure', path, `The reference is to a type that is not allowed here; allowed are: ${allowed.join(', ')}.`);
  }
}

const choices = new WeakMap<InternalTypeSchema, (readonly [string, readonly string[]])[]>();

/** The choice elements of a type, each with the JSON names of its types: `value` → `valueString`, `valueQuantity`, ... */
function choicesOf(schema: InternalTypeSchema): (readonly [string, readonly string[]])[] {
  let found = choices.get(schema);
  if (found === undefined) {
    found = Object.entries(schema.elements)
      .filter(([key]) => key.endsWith('[x]'))
      .map(([key, { type }]) => {
        const name = key.slice(0, -'[x]'.length);
        return [name, type.map(({ code }) => name + code.charAt(0).toUpperCase() + code.slice(1))] as const;
      });
    choices.set(schema, found);
  }
  return found;
}
