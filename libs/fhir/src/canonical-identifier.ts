/** An identifier of a patient, as FHIR has it. */
export interface Identifier {
  /** URI of who assigns it. */
  readonly system: string;
  readonly value: string;
}

/**
 * The one spelling under which an identifier is looked up, in a hospital's own database and through the locator: Unicode NFC
 * without outer white space; everything else counts, upper and lower case too
 * (https://hl7.org/fhir/R4/datatypes.html#Identifier: values are case-sensitive unless their system says otherwise).
 */
export function canonicalIdentifier({ system, value }: Identifier): Identifier {
  return { system: canonical(system), value: canonical(value) };
}

function canonical(text: string): string {
  return text.normalize('NFC').trim();
}
