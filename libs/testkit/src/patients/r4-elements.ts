import { tryGetDataType } from '@medplum/core';
import { loadDefinitions } from '@carecord/fhir';
import type { InternalSchemaElement } from '@medplum/core';

/** An element of an R4 type in one of its JSON forms (`valueString` is one form of `value[x]`). */
export interface ElementForm {
  readonly name: string;
  readonly type: string;
  readonly element: InternalSchemaElement;
}

/** The primitive types that hold what somebody wrote; codes, dates and addresses of terminologies hold none. */
const TEXT_TYPES: ReadonlySet<string> = new Set(['string', 'markdown', 'xhtml', 'base64Binary', 'uri', 'url', 'canonical']);

/** Elements of these types that hold no text of anybody: names of things, links between resources, digests. */
const NO_TEXT: ReadonlySet<string> = new Set(['reference', 'id', 'hash', 'system', 'type', 'implicitRules', 'versionId', 'profile']);

/** The forms of all elements of an R4 type, by element; the forms of a choice stand together. */
export function elementForms(type: string): ElementForm[][] {
  loadDefinitions();
  return Object.entries(tryGetDataType(type)?.elements ?? {}).map(([key, element]) =>
    element.type.map(({ code }) => ({
      name: key.endsWith('[x]') ? key.slice(0, -'[x]'.length) + code.charAt(0).toUpperCase() + code.slice(1) : key,
      type: code,
      element,
    })),
  );
}

/** Whether this form of an element is a primitive in which any text may stand. */
export function isFreeText({ name, type }: Pick<ElementForm, 'name' | 'type'>): boolean {
  return TEXT_TYPES.has(type) && !NO_TEXT.has(name);
}

/** A text as a value of a free-text type. */
export function asFreeText(type: string, text: string): string {
  if (type === 'xhtml') return `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>`;
  if (type === 'base64Binary') return Buffer.from(text).toString('base64');
  return type === 'uri' || type === 'url' || type === 'canonical' ? `https://text.example/${text}` : text;
}
