import { didSchema } from '@carecord/identity';
import { readPeriod } from './period.ts';
import type { HalfOpenPeriod } from './period.ts';
import { isPurposeOfUse } from '@carecord/fhir';
import type { PurposeOfUse } from '@carecord/fhir';
import { isResourceType } from './resource-types.ts';
import { ACT_REASON_SYSTEM, PARTICIPATION_TYPE_SYSTEM, RESOURCE_TYPE_SYSTEM, URI_IDENTIFIER_SYSTEM } from './terminology.ts';

/** When a provision applies: all that is there must hold; in a list one suffices. Absent means any. */
export interface Conditions {
  readonly recipients?: readonly string[];
  readonly purposes?: readonly PurposeOfUse[];
  readonly resourceTypes?: readonly string[];
  readonly period?: HalfOpenPeriod;
}

/** A provision's conditions as far as we understand them, and the names of the elements that we do not. */
export interface ReadConditions {
  readonly conditions: Conditions;
  /** Empty: understood completely. */
  readonly notUnderstood: readonly string[];
}

// Plain extensions may be ignored (FHIR R4, 2.4.0); modifier extensions may not, and are not in this list.
const READ_ELEMENTS = ['id', 'extension', 'type', 'provision', 'actor', 'purpose', 'class', 'period'];
/** Entries of one list at the most: more than there are resource types helps nobody. */
const MAX_LIST = 200;
/** Roles that mean "who receives": information recipient and primary information recipient. */
const RECIPIENT_ROLES = ['IRCP', 'PRCP'];

/**
 * Reads who, what for, what and when of a FHIR R4 Consent provision. `type` and nested `provision`s are the compiler's.
 * Whatever is not listed here makes the provision not understood, an element that R4 does not have as much as a modifier.
 */
export function readConditions(provision: Readonly<Record<string, unknown>>): ReadConditions {
  const { actor, purpose, class: classes, period } = provision;
  const notUnderstood = Object.keys(provision).filter((element) => !READ_ELEMENTS.includes(element));
  const understand = <Value>(name: string, element: unknown, read: (element: unknown) => Value | undefined): Value | undefined => {
    const value = element === undefined ? undefined : read(element);
    if (element !== undefined && value === undefined) notUnderstood.push(name);
    return value;
  };
  const conditions: Conditions = {
    recipients: understand('actor', actor, (list) => readList(list, readRecipient)),
    purposes: understand('purpose', purpose, (list) => readList(list, readPurpose)),
    resourceTypes: understand('class', classes, (list) => readList(list, readResourceType)),
    period: understand('period', period, readPeriod),
  };
  return { conditions, notUnderstood };
}

/** All entries or nothing: one that is not understood makes the list not understood. */
function readList<Value>(list: unknown, read: (entry: unknown) => Value | undefined): Value[] | undefined {
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_LIST) return undefined;
  const values = list.map(read).filter((value) => value !== undefined);
  return values.length === list.length ? values : undefined;
}

function readPurpose(coding: unknown): PurposeOfUse | undefined {
  const code = readCode(coding, ACT_REASON_SYSTEM);
  return isPurposeOfUse(code) ? code : undefined;
}

function readResourceType(coding: unknown): string | undefined {
  const code = readCode(coding, RESOURCE_TYPE_SYSTEM);
  return code !== undefined && isResourceType(code) ? code : undefined;
}

/** The organisation that an actor names by its DID; a practitioner or device would be narrower than what we can hold to. */
function readRecipient(actor: unknown): string | undefined {
  const { role, reference } = only(actor, ['id', 'extension', 'role', 'reference']) ?? {};
  const roleCodings = only(role, ['coding', 'text'])?.coding;
  const roleCodes = readList(roleCodings, (coding) => readCode(coding, PARTICIPATION_TYPE_SYSTEM));
  if (roleCodes === undefined || !roleCodes.every((code) => RECIPIENT_ROLES.includes(code))) return undefined;
  const named = only(reference, ['reference', 'type', 'identifier', 'display']);
  if (named === undefined || (named.type !== undefined && named.type !== 'Organization')) return undefined;
  if (named.reference !== undefined && !(typeof named.reference === 'string' && named.reference.startsWith('Organization/'))) return undefined;
  const identifier = only(named.identifier, ['use', 'type', 'system', 'value']);
  if (identifier?.system !== URI_IDENTIFIER_SYSTEM || !['official', 'usual', undefined].includes(identifier.use as string | undefined)) return undefined;
  return didSchema.safeParse(identifier.value).data;
}

/** The code of a Coding of this system. */
export function readCode(coding: unknown, system: string): string | undefined {
  const read = only(coding, ['system', 'version', 'code', 'display', 'userSelected']);
  return read?.system === system && typeof read.code === 'string' ? read.code : undefined;
}

/** The value when it is an object with no other than these elements. */
export function only(value: unknown, elements: readonly string[]): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.keys(value).every((element) => elements.includes(element)) ? (value as Record<string, unknown>) : undefined;
}
