import { canonicalJsonBytes, toHex } from '@carecord/core';
import { canonicalIdentifier } from '@carecord/fhir';
import type { Demographics, Identifier } from '@carecord/fhir';
import { canonicalName, canonicalNameParts } from './canonical-name.ts';
import { MAX_INPUTS } from './guardians/limits.ts';
import { LocatorError } from './locator-error.ts';

/**
 * What a patient can be found by, each with the version of its rules: what two hospitals make of the same patient is only
 * equal when both follow the same ones, so a change of the rules is a new recipe.
 * - `identifier/1`: system and value of one identifier that means something outside the hospital
 * - `name-birthdate-sex/1`: family name and first given name, each written together; full birth date; administrative sex
 * - `name-parts-birthdate-sex/1`: the same with the words of both names in any order: for family and given name exchanged, and for
 *   double names in another order. It fits hardly anybody else, as all the words count; a recipe with initials only would
 *   fit strangers (of those born on one day in a large country, several share a frequent family name and an initial).
 */
export const RECIPES = ['identifier/1', 'name-birthdate-sex/1', 'name-parts-birthdate-sex/1'] as const;

/** One of {@link RECIPES}. */
export type Recipe = (typeof RECIPES)[number];

/** What a guardian evaluates, blinded. */
export interface RecipeInput {
  readonly recipe: Recipe;
  readonly input: Uint8Array;
}

/** An identifier with its type (v2-0203 code), as `patientIdentifiers` gives it. */
export interface TypedIdentifier extends Identifier {
  readonly type?: string;
}

/** What is known of a patient that others can know as well. */
export interface Person {
  readonly identifiers: readonly TypedIdentifier[];
  /** One for each name; none where name, birth date or sex are missing. @default none */
  readonly demographics?: readonly Demographics[];
}

/** What somebody is looked for by. */
export type LocateQuery = Identifier | Demographics;

/** Identifiers of one patient that are made locatable: two countries' national numbers, insurances, a passport and a licence. */
const MAX_IDENTIFIERS = 8;
/** Names of one patient that are made locatable: the present one and one before. */
const MAX_NAMES = 2;
/** Longer systems and values are no identifiers that two hospitals would share. */
const MAX_CHARACTERS = 512;
/** Medical record numbers (v2-0203) mean nothing outside the hospital that assigned them. */
const LOCAL_TYPE = 'MR';
const BIRTH_DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The inputs by which other hospitals can know a patient: each once, {@link MAX_INPUTS} at the most. What cannot be used is left
 * out: a patient without a birth date is found by identifiers alone.
 */
export function patientInputs({ identifiers, demographics = [] }: Person): RecipeInput[] {
  const shared = identifiers.filter(({ type }) => type !== LOCAL_TYPE).map(canonicalIdentifier).filter(isUsable);
  const byIdentifier = unique(shared.map(identifierInput)).slice(0, MAX_IDENTIFIERS);
  const names = demographics.filter(isComplete).slice(0, MAX_NAMES);
  return unique([...byIdentifier, ...names.flatMap(demographicInputs)]).slice(0, MAX_INPUTS);
}

/**
 * The inputs that somebody is looked for by: as many for everybody who is looked for in the same way.
 * @throws LocatorError `IDENTIFIER_INVALID` or `DEMOGRAPHICS_INVALID`
 */
export function queryInputs(query: LocateQuery): RecipeInput[] {
  if (!('family' in query)) {
    const identifier = canonicalIdentifier(query);
    if (!isUsable(identifier)) throw new LocatorError('IDENTIFIER_INVALID', `An identifier needs a system and a value of 1 to ${MAX_CHARACTERS} characters.`);
    return [identifierInput(identifier)];
  }
  if (!isComplete(query)) throw new LocatorError('DEMOGRAPHICS_INVALID', 'A search by name needs a family and a given name, a full birth date, and a sex that is known.');
  return demographicInputs(query);
}

/** How far a match by a recipe can be relied on: names and birth dates are shared by strangers. */
export function strengthOf(recipe: Recipe): 'identifier' | 'demographics' {
  return recipe === 'identifier/1' ? 'identifier' : 'demographics';
}

function identifierInput(identifier: Identifier): RecipeInput {
  const { system, value } = canonicalIdentifier(identifier);
  return { recipe: 'identifier/1', input: canonicalJsonBytes(['carecord/v1/locator/identifier', system, value]) };
}

function demographicInputs({ family, given, birthDate, sex }: Demographics): RecipeInput[] {
  const parts = [...canonicalNameParts(family), ...canonicalNameParts(given)].sort();
  return [
    inputOf('name-birthdate-sex/1', [canonicalName(family), canonicalName(given), birthDate, sex]),
    inputOf('name-parts-birthdate-sex/1', [parts, birthDate, sex]),
  ];
}

function inputOf(recipe: Recipe, content: readonly (string | string[])[]): RecipeInput {
  return { recipe, input: canonicalJsonBytes(['carecord/v1/locator/recipe', recipe, ...content]) };
}

function isUsable({ system, value }: Identifier): boolean {
  return [system, value].every((text) => text.length > 0 && text.length <= MAX_CHARACTERS);
}

function isComplete({ family, given, birthDate, sex }: Demographics): boolean {
  const named = [family, given].every((name) => name.length <= MAX_CHARACTERS && canonicalName(name) !== '');
  return named && isDate(birthDate) && sex !== 'unknown';
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00.000Z`);
  return BIRTH_DATE.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function unique(inputs: readonly RecipeInput[]): RecipeInput[] {
  return [...new Map(inputs.map((one) => [toHex(one.input), one])).values()];
}
