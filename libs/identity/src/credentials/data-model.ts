import { nestsDeeperThan } from '../json-depth.ts';
import { knownTerms, textTypes } from './context-terms.ts';
import { CREDENTIALS_V2 } from './contexts.ts';
import { isNonEmptyObject, isObject, isTypes, isUrl, listOf, parseDateTimeStamp } from './json-values.ts';
import type { JsonObject } from './json-values.ts';

/** Claims are nested some levels deep; what is much deeper is meant to exhaust a stack. */
const MAX_DEPTH = 64;

/** One way in which a value is no credential: where (`credentialSubject[0].id`) and what, without the value. */
export interface DataModelProblem {
  readonly path: string;
  readonly detail: string;
}

type Check = (value: unknown, path: string) => DataModelProblem[];

const problem = (path: string, detail: string): DataModelProblem[] => [{ path, detail }];
const unless = (holds: boolean, path: string, detail: string): DataModelProblem[] => (holds ? [] : problem(path, detail));

/**
 * What Verifiable Credentials Data Model 2.0 demands of a credential before it is secured, as far as it can be told without
 * processing JSON-LD: types are looked up in contexts that are known, and in no others.
 * @returns every problem; none for a credential
 */
export function credentialProblems(value: unknown): readonly DataModelProblem[] {
  if (!isObject(value)) return problem('', 'A credential is a JSON object.');
  if (nestsDeeperThan(value, MAX_DEPTH)) return problem('', `A credential is nested at most ${MAX_DEPTH} levels deep here.`);
  return [
    ...checkContext(value['@context'], '@context'),
    ...optional(value, 'id', checkUrl),
    ...checkType(value['type'], 'type', 'VerifiableCredential'),
    ...checkTerms(value),
    ...optional(value, 'name', checkLanguageValue),
    ...optional(value, 'description', checkLanguageValue),
    ...checkIssuer(value['issuer'], 'issuer'),
    ...checkValidity(value),
    ...checkSubjects(value['credentialSubject'], 'credentialSubject'),
    ...optional(value, 'credentialStatus', each(typed(false))),
    ...optional(value, 'credentialSchema', each(typed(true))),
    ...optional(value, 'refreshService', each(typed(false))),
    ...optional(value, 'termsOfUse', each(typed(false))),
    ...optional(value, 'evidence', each(typed(false))),
    ...optional(value, 'renderMethod', each(typed(false))),
    ...optional(value, 'proof', each(typed(false))),
    ...optional(value, 'relatedResource', checkRelatedResources),
  ];
}

/** Section 4.12: an object that stands for a credential secured by an envelope. */
export function envelopeProblems(value: unknown): readonly DataModelProblem[] {
  if (!isObject(value)) return problem('', 'An enveloped credential is a JSON object.');
  return [
    ...checkContext(value['@context'], '@context'),
    ...checkType(value['type'], 'type', 'EnvelopedVerifiableCredential'),
    ...unless(typeof value['id'] === 'string' && value['id'].startsWith('data:'), 'id', 'The id of an enveloped credential is a data: URL.'),
  ];
}

/** Who issued it: the URL, or that of the object. */
export function issuerOf(credential: JsonObject): string | undefined {
  const { issuer } = credential;
  const id = isObject(issuer) ? issuer['id'] : issuer;
  return typeof id === 'string' ? id : undefined;
}

/** Section 4.3: an ordered set of which the first is the base context and the others are URLs or objects. */
function checkContext(value: unknown, path: string): DataModelProblem[] {
  if (!Array.isArray(value)) return problem(path, 'There must be an ordered set of contexts.');
  return [
    ...unless(value[0] === CREDENTIALS_V2, `${path}[0]`, `The first context must be ${CREDENTIALS_V2}.`),
    ...value.slice(1).flatMap((entry, at) => unless(isUrl(entry) || isObject(entry), `${path}[${at + 1}]`, 'A context is a URL or an object.')),
  ];
}

/** Section 4.5. */
function checkType(value: unknown, path: string, required: string): DataModelProblem[] {
  if (!isTypes(value)) return problem(path, 'There must be a type: terms or absolute URLs.');
  return unless(listOf(value).includes(required), path, `One type must be ${required}.`);
}

/** Sections 4.5 and 5.2.1: types mean something, and what the base context says means what it says. */
function checkTerms(credential: JsonObject): DataModelProblem[] {
  const { redefined, isMapped } = knownTerms(listOf(credential['@context']));
  return [
    ...unless(redefined.length === 0, '@context', 'A context does not redefine a term that an earlier one protects.'),
    ...unless(textTypes(credential['type']).every((type) => isMapped(type)), 'type', 'A type is an absolute URL, or a term that a context maps to one.'),
  ];
}

/** Section 4.4: one URL. */
const checkUrl: Check = (value, path) => unless(isUrl(value), path, 'An id is a single URL.');

/** Section 11.1: a text, or texts with language and direction. */
const checkLanguageValue: Check = (value, path) => {
  const members = new Set(['@value', '@language', '@direction']);
  const isOne = (entry: unknown): boolean =>
    typeof entry === 'string' ||
    (isObject(entry) && typeof entry['@value'] === 'string' && Object.entries(entry).every(([name, member]) => members.has(name) && typeof member === 'string'));
  return unless(listOf(value).every(isOne), path, 'A name or description is a text, or an object with @value, @language and @direction.');
};

/** Section 4.7. */
const checkIssuer: Check = (value, path) => {
  if (!isObject(value)) return unless(isUrl(value), path, 'There must be an issuer: a URL, or an object with one as its id.');
  return [
    ...unless(isUrl(value['id']), `${path}.id`, 'An issuer that is an object has a URL as its id.'),
    ...optional(value, 'name', checkLanguageValue, path),
    ...optional(value, 'description', checkLanguageValue, path),
  ];
};

/** Section 4.9. */
function checkValidity(credential: JsonObject): DataModelProblem[] {
  const times = (['validFrom', 'validUntil'] as const).map((name) => ({ name, value: credential[name], time: parseDateTimeStamp(credential[name]) }));
  const wrong = times.flatMap(({ name, value, time }) => unless(value === undefined || time !== undefined, name, 'A time is an XML Schema dateTimeStamp, with its time zone.'));
  const [from, until] = times.map(({ time }) => time);
  const inOrder = from === undefined || until === undefined || from <= until;
  return [...wrong, ...unless(inOrder, 'validUntil', 'A credential does not end before it begins.')];
}

/** Section 4.8. */
const checkSubjects: Check = (value, path) => {
  const subjects = listOf(value);
  if (subjects.length === 0) return problem(path, 'There must be a credentialSubject.');
  return subjects.flatMap((subject, at) => {
    const place = Array.isArray(value) ? `${path}[${at}]` : path;
    if (!isNonEmptyObject(subject)) return problem(place, 'A credentialSubject is an object with at least one claim.');
    return [...optional(subject, 'id', checkUrl, place), ...optional(subject, 'name', checkLanguageValue, place), ...optional(subject, 'description', checkLanguageValue, place)];
  });
};

/** Sections 4.10, 4.11, 5.4 to 5.6: an object with a type, whose id is a URL, and is needed where `withId` says so. */
function typed(withId: boolean): Check {
  return (value, path) => {
    if (!isObject(value)) return problem(path, 'This is an object with a type.');
    return [
      ...unless(isTypes(value['type']), `${path}.type`, 'There must be a type: terms or absolute URLs.'),
      ...(withId ? checkUrl(value['id'], `${path}.id`) : optional(value, 'id', checkUrl, path)),
    ];
  };
}

/** Section 5.3: each once, with a hash by which it can be told from another. */
const checkRelatedResources: Check = (value, path) => {
  const resources = listOf(value);
  const ids = resources.flatMap((resource) => (isObject(resource) ? [resource['id']] : []));
  return [
    ...unless(new Set(ids).size === ids.length, path, 'Each related resource stands there once.'),
    ...resources.flatMap((resource, at) => {
      const place = Array.isArray(value) ? `${path}[${at}]` : path;
      if (!isObject(resource)) return problem(place, 'A related resource is an object.');
      return [
        ...checkUrl(resource['id'], `${place}.id`),
        ...unless(isDigest(resource['digestSRI'], resource['digestMultibase']), place, 'A related resource has a digestSRI or a digestMultibase.'),
      ];
    }),
  ];
};

function isDigest(sri: unknown, multibase: unknown): boolean {
  const validSri = sri === undefined || (typeof sri === 'string' && /^sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}$/.test(sri));
  const validMultibase = multibase === undefined || (typeof multibase === 'string' && /^[uz][A-Za-z0-9_-]+$/.test(multibase));
  return validSri && validMultibase && (sri !== undefined || multibase !== undefined);
}

function optional(object: JsonObject, name: string, check: Check, within = ''): DataModelProblem[] {
  const value = object[name];
  return name in object ? check(value, within === '' ? name : `${within}.${name}`) : [];
}

function each(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return check(value, path);
    return value.length === 0 ? problem(path, 'A list that is there is not empty.') : value.flatMap((entry, at) => check(entry, `${path}[${at}]`));
  };
}
