/** An object of JSON, in contrast to a list or a primitive. */
export type JsonObject = Record<string, unknown>;

/** Whether the value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The shape of a FHIR element's name in JSON; anything else is a text that somebody wrote. */
const ELEMENT_NAME = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

/** The FHIRPath of an object's property; of the object itself where the property's name is none that FHIR could have. */
export function propertyPath(path: string, name: string): string {
  return ELEMENT_NAME.test(name) ? `${path}.${name}` : path;
}

/** The values at a path of element names (`participant.actor`), looking into lists on the way. */
export function valuesAt(value: unknown, elements: string): unknown[] {
  let values: unknown[] = [value];
  for (const name of elements.split('.')) {
    values = values.flatMap((parent) => (isJsonObject(parent) && Object.hasOwn(parent, name) ? parent[name] : []));
  }
  return values;
}
