import { canonicalJson } from '@carecord/core';
import { CREDENTIALS_V2, UNDEFINED_TERMS_V2 } from './contexts.ts';
import { isObject, isUrl, listOf } from './json-values.ts';
import type { JsonObject } from './json-values.ts';

/** What the base context of version 2.0 defines at its top, and protects. */
const BASE_TERMS = [
  'id',
  'type',
  'description',
  'digestMultibase',
  'digestSRI',
  'mediaType',
  'name',
  'VerifiableCredential',
  'EnvelopedVerifiableCredential',
  'VerifiablePresentation',
  'EnvelopedVerifiablePresentation',
  'JsonSchemaCredential',
  'JsonSchema',
  'BitstringStatusListCredential',
  'BitstringStatusList',
  'BitstringStatusListEntry',
  'DataIntegrityProof',
] as const;

/** Contexts of the W3C that give every term a meaning. */
const VOCABULARIES = new Set(['https://www.w3.org/ns/credentials/examples/v2', UNDEFINED_TERMS_V2]);

interface Term {
  readonly definition: unknown;
  readonly isProtected: boolean;
}

/** What contexts say of terms, as far as it can be known without fetching any. */
export interface KnownTerms {
  /** The terms that a later context redefines though an earlier one protects them (JSON-LD 1.1, section 4.1.11). */
  readonly redefined: readonly string[];
  /** Whether a type is an absolute URL or a term that becomes one; true as well where an unknown context may define it. */
  readonly isMapped: (type: string) => boolean;
}

/** Reads contexts in their order: those of the W3C by what is known of them, objects by what they hold, others not at all. */
export function knownTerms(contexts: readonly unknown[]): KnownTerms {
  const terms = new Map<string, Term>();
  const redefined: string[] = [];
  let hasVocabulary = false;
  let isOpen = false;
  for (const context of contexts) {
    if (context === CREDENTIALS_V2) for (const name of BASE_TERMS) terms.set(name, { definition: `base:${name}`, isProtected: true });
    else if (typeof context === 'string') {
      if (VOCABULARIES.has(context)) hasVocabulary = true;
      else isOpen = true;
    } else if (isObject(context)) {
      redefined.push(...define(terms, context));
      if ('@vocab' in context) hasVocabulary = isUrl(context['@vocab']);
      if ('@import' in context) isOpen = true;
    }
  }
  return {
    redefined,
    isMapped: (type) => {
      if (isUrl(type)) return true;
      const term = terms.get(type);
      return term === undefined ? hasVocabulary || isOpen : isDefined(term.definition, terms, hasVocabulary);
    },
  };
}

/** The terms of a context that were protected and mean something else now. */
function define(terms: Map<string, Term>, context: JsonObject): readonly string[] {
  const own = Object.entries(context).filter(([name]) => !name.startsWith('@'));
  const clashes = own.filter(([name, definition]) => terms.get(name)?.isProtected === true && canonicalJson(terms.get(name)?.definition ?? null) !== canonicalJson(definition));
  for (const [name, definition] of own) {
    const isProtected = context['@protected'] === true || (isObject(definition) && definition['@protected'] === true);
    terms.set(name, { definition, isProtected });
  }
  return clashes.map(([name]) => name);
}

/** A definition that gives an absolute URL, directly or by the prefix of another term. */
function isDefined(definition: unknown, terms: ReadonlyMap<string, Term>, hasVocabulary: boolean): boolean {
  if (isObject(definition) && !('@id' in definition)) return hasVocabulary;
  const id = isObject(definition) ? definition['@id'] : definition;
  if (typeof id !== 'string') return false;
  const [prefix = ''] = id.split(':');
  return isUrl(id) || terms.has(prefix);
}

/** The types of a value that are texts. */
export function textTypes(value: unknown): readonly string[] {
  return listOf(value).filter((type) => typeof type === 'string');
}
