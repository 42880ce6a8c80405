import { canonicalJsonBytes, toHex } from '@carecord/core';
import { canonicalIdentifier } from '@carecord/fhir';
import type { Identifier } from '@carecord/fhir';
import { LocatorError } from './locator-error.ts';

/** An identifier with its type (v2-0203 code), as `patientIdentifiers` gives it. */
export interface TypedIdentifier extends Identifier {
  readonly type?: string;
}

/** Identifiers of one patient that are made locatable: each costs a guardian's evaluation and up to four DHT slots. */
export const MAX_IDENTIFIERS = 8;
/** Longer systems and values are no identifiers that two hospitals would share. */
const MAX_CHARACTERS = 512;
/** Medical record numbers (v2-0203) mean nothing outside the hospital that assigned them. */
const LOCAL_TYPE = 'MR';

/**
 * The bytes of an identifier that all hospitals agree on: what is blinded. Unicode form and outer blanks do not count,
 * everything else does.
 * @throws LocatorError `IDENTIFIER_INVALID`
 */
export function identifierInput(identifier: Identifier): Uint8Array {
  const { system, value } = canonicalIdentifier(identifier);
  if (!isUsable(system) || !isUsable(value)) {
    throw new LocatorError('IDENTIFIER_INVALID', `An identifier needs a system and a value of 1 to ${MAX_CHARACTERS} characters.`);
  }
  return canonicalJsonBytes(['carecord/v1/locator/identifier', system, value]);
}

/** The inputs of those identifiers by which other hospitals can know the patient: each once, {@link MAX_IDENTIFIERS} at the most. */
export function locatableInputs(identifiers: readonly TypedIdentifier[]): Uint8Array[] {
  const shared = identifiers.filter(({ type }) => type !== LOCAL_TYPE).map(canonicalIdentifier).filter(({ system, value }) => isUsable(system) && isUsable(value));
  const inputs = new Map(shared.map(identifierInput).map((input) => [toHex(input), input]));
  return [...inputs.values()].slice(0, MAX_IDENTIFIERS);
}

function isUsable(text: string): boolean {
  return text.length > 0 && text.length <= MAX_CHARACTERS;
}
