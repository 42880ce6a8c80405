import { isAdmittedType } from './admitted-types.ts';
import { loadDefinitions } from './definitions.ts';
import { isJsonObject } from './json.ts';
import type { IssueCollector } from './issues.ts';
import type { JsonObject } from './json.ts';
import type { FhirResource } from './types.ts';

/** An entry whose envelope is as it must be; the resource's elements have not been looked at. */
export interface BundleEntry {
  /** FHIRPath of the entry: `Bundle.entry[3]`. */
  readonly path: string;
  readonly fullUrl?: string;
  readonly resource: FhirResource;
}

/** What may stand in a bundle: all that its type gives a meaning, and descriptive elements that we need not act on. */
const BUNDLE_ELEMENTS: ReadonlySet<string> = new Set(['resourceType', 'id', 'meta', 'language', 'identifier', 'type', 'timestamp', 'link', 'entry']);
const ENTRY_ELEMENTS: ReadonlySet<string> = new Set(['fullUrl', 'resource', 'request', 'link']);
const REQUEST_ELEMENTS: ReadonlySet<string> = new Set(['method', 'url']);
const CONDITIONS: ReadonlySet<string> = new Set(['ifNoneMatch', 'ifModifiedSince', 'ifMatch', 'ifNoneExist']);

/**
 * Reads the entries of a `transaction` (https://hl7.org/fhir/R4/http.html#transaction) or a `collection`; both are
 * admitted as a whole or not at all, so a `batch`, whose entries stand alone, is refused. What would ask for something
 * that we do not do (a deletion, a condition, a signature) is an issue, never passed over.
 */
export function readEntries(bundle: unknown, issues: IssueCollector): BundleEntry[] {
  if (!isJsonObject(bundle) || bundle['resourceType'] !== 'Bundle') {
    issues.add('structure', 'Bundle', 'This is not a FHIR Bundle: its resourceType is not "Bundle".');
    return [];
  }
  const { type, entry } = bundle;
  if (type !== 'transaction' && type !== 'collection') {
    issues.add('not-supported', 'Bundle.type', 'Only bundles of type "transaction" or "collection" are admitted.');
    return [];
  }
  refuseOthers(bundle, BUNDLE_ELEMENTS, 'Bundle', issues);
  if (!Array.isArray(entry) || entry.length === 0) {
    issues.add('required', 'Bundle.entry', 'The bundle has no entries.');
    return [];
  }
  return entry.flatMap((value: unknown, index) => readEntry(value, `Bundle.entry[${index}]`, type, issues) ?? []);
}

function readEntry(entry: unknown, path: string, bundleType: 'transaction' | 'collection', issues: IssueCollector): BundleEntry | undefined {
  if (!isJsonObject(entry)) {
    issues.add('structure', path, 'An entry is not an object.');
    return undefined;
  }
  refuseOthers(entry, ENTRY_ELEMENTS, path, issues);
  const { fullUrl, request } = entry;
  if (fullUrl !== undefined && (typeof fullUrl !== 'string' || !/^[a-z][a-z0-9+.-]*:\S+$/i.test(fullUrl))) {
    issues.add('value', `${path}.fullUrl`, 'A fullUrl must be an absolute URI.');
    return undefined;
  }
  const resource = readResource(entry['resource'], `${path}.resource`, issues);
  if (bundleType === 'transaction') checkRequest(request, resource, `${path}.request`, issues);
  else if (request !== undefined) issues.add('structure', `${path}.request`, 'An entry of a collection has no request.');
  return resource === undefined ? undefined : { path, resource, ...(fullUrl === undefined ? {} : { fullUrl }) };
}

function readResource(resource: unknown, path: string, issues: IssueCollector): FhirResource | undefined {
  if (!isJsonObject(resource)) {
    issues.add('required', path, 'The entry has no resource.');
    return undefined;
  }
  const { resourceType } = resource;
  if (typeof resourceType !== 'string') {
    issues.add('required', `${path}.resourceType`, 'The resource has no resourceType.');
    return undefined;
  }
  if (isAdmittedType(resourceType)) return resource as FhirResource;
  issues.addUnknownType(
    `${path}.resourceType`,
    loadDefinitions().resourceTypes.has(resourceType)
      ? `Resources of type ${resourceType} are neither part of a patient's record nor of the directory, and are not admitted.`
      : 'The resourceType is not a type of FHIR R4.',
  );
  return undefined;
}

function checkRequest(request: unknown, resource: FhirResource | undefined, path: string, issues: IssueCollector): void {
  if (!isJsonObject(request)) {
    issues.add('required', path, 'An entry of a transaction must have a request.');
    return;
  }
  const { method, url } = request;
  for (const name of Object.keys(request)) {
    if (CONDITIONS.has(name)) issues.add('not-supported', `${path}.${name}`, 'Conditional requests are not supported: send the resource itself, with its id.');
  }
  refuseOthers(request, new Set([...REQUEST_ELEMENTS, ...CONDITIONS]), path, issues);
  if (method !== 'POST' && method !== 'PUT') {
    issues.add('not-supported', `${path}.method`, 'Only POST and PUT are supported in a bundle.');
    return;
  }
  if (resource === undefined) return;
  const expected = method === 'POST' ? resource.resourceType : `${resource.resourceType}/${String(resource.id)}`;
  if (url !== expected) {
    issues.add('value', `${path}.url`, method === 'POST' ? "The url of a POST must be the resource's type." : "The url of a PUT must be the resource's type and id: Type/id.");
  }
}

function refuseOthers(value: JsonObject, known: ReadonlySet<string>, path: string, issues: IssueCollector): void {
  if (Object.keys(value).some((name) => !known.has(name))) {
    issues.add('not-supported', path, `Only these elements are understood here: ${[...known].join(', ')}.`);
  }
}
