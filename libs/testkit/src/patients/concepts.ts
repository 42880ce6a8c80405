import { SYSTEMS } from './clinical-codes.ts';
import type { Code } from './clinical-codes.ts';

/** A CodeableConcept of one terminology, with the display as its text. */
export function concept(system: keyof Omit<typeof SYSTEMS, 'terminology' | 'ucum'>, { code, display }: Code): Record<string, unknown> {
  return { coding: [{ system: SYSTEMS[system], code, display }], text: display };
}

/** A CodeableConcept of one of HL7's own code systems (https://terminology.hl7.org). */
export function hl7Concept(system: string, code: string, display?: string): Record<string, unknown> {
  return { coding: [{ system: SYSTEMS.terminology + system, code, ...(display === undefined ? {} : { display }) }] };
}

/** A Quantity with a UCUM unit. */
export function quantity(value: number, unit: string): Record<string, unknown> {
  return { value, unit, system: SYSTEMS.ucum, code: unit };
}
