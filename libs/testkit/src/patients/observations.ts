import { BLOOD_PRESSURE, BLOOD_PRESSURE_COMPONENTS, BODY_MEASUREMENTS, LABORATORY_REPORT, LABORATORY_TESTS, VITAL_SIGNS } from './clinical-codes.ts';
import { concept, hl7Concept, quantity } from './concepts.ts';
import type { EntryReference } from './bundle-builder.ts';
import type { Measurement } from './clinical-codes.ts';
import type { Visit } from './visit.ts';

/** What every observation of a visit has. */
function common(visit: Visit, category: 'vital-signs' | 'laboratory', code: Record<string, unknown>): Record<string, unknown> {
  return {
    status: 'final',
    category: [hl7Concept('observation-category', category)],
    code,
    subject: visit.patient,
    encounter: visit.encounter,
    effectiveDateTime: visit.start,
    issued: visit.end,
    performer: [visit.practitioner],
  };
}

/** A value as this person has it: in the spread of the healthy, or where one of the person's conditions moves it. */
function measure({ random, person }: Visit, { code, spread, digits }: Measurement): number {
  const moved = person.chronic.map(({ moves }) => moves[code]).find((range) => range !== undefined);
  const [least, most] = moved ?? spread;
  return random.decimal(least, most, digits);
}

function withInterpretation(value: number, { unit, low, high }: Measurement): Record<string, unknown> {
  const [code, display] = value < low ? ['L', 'Low'] : value > high ? ['H', 'High'] : ['N', 'Normal'];
  return {
    valueQuantity: quantity(value, unit),
    interpretation: [hl7Concept('v3-ObservationInterpretation', code, display)],
    referenceRange: [{ low: quantity(low, unit), high: quantity(high, unit) }],
  };
}

/** Adds heart and respiratory rate, temperature, oxygen saturation, blood pressure, height, weight and body mass index. */
export function addVitalSigns(visit: Visit): void {
  const { builder, person } = visit;
  for (const sign of VITAL_SIGNS) {
    builder.add('Observation', { ...common(visit, 'vital-signs', concept('loinc', sign)), ...withInterpretation(measure(visit, sign), sign) });
  }
  builder.add('Observation', {
    ...common(visit, 'vital-signs', concept('loinc', BLOOD_PRESSURE)),
    component: BLOOD_PRESSURE_COMPONENTS.map((part) => ({ code: concept('loinc', part), ...withInterpretation(measure(visit, part), part) })),
  });
  const weight = Number((person.weightInKilograms + visit.random.decimal(-2, 2, 1)).toFixed(1));
  const massIndex = Number((weight / (person.heightInCentimetres / 100) ** 2).toFixed(1));
  for (const [measurement, value] of [
    [BODY_MEASUREMENTS.height, person.heightInCentimetres],
    [BODY_MEASUREMENTS.weight, weight],
    [BODY_MEASUREMENTS.massIndex, massIndex],
  ] as const) {
    builder.add('Observation', { ...common(visit, 'vital-signs', concept('loinc', measurement)), valueQuantity: quantity(value, measurement.unit) });
  }
}

/** Adds some laboratory results, always those that the person's conditions move, and the report that lists them. */
export function addLaboratoryResults(visit: Visit): void {
  const { builder, random, person } = visit;
  const watched = LABORATORY_TESTS.filter(({ code }) => person.chronic.some(({ moves }) => moves[code] !== undefined));
  const others = random.sample(LABORATORY_TESTS.filter((test) => !watched.includes(test)), random.integer(3, 5));
  const results: EntryReference[] = [...watched, ...others].map((test) =>
    builder.add('Observation', { ...common(visit, 'laboratory', concept('loinc', test)), ...withInterpretation(measure(visit, test), test) }, { display: test.display }),
  );
  builder.add('DiagnosticReport', {
    status: 'final',
    category: [hl7Concept('v2-0074', 'LAB', 'Laboratory')],
    code: concept('loinc', LABORATORY_REPORT),
    subject: visit.patient,
    encounter: visit.encounter,
    effectiveDateTime: visit.start,
    issued: visit.end,
    performer: [visit.staff.organization],
    result: results,
    conclusion: watched.length === 0 ? 'No finding that needs treatment.' : 'Known condition, values as expected; control in three months.',
  });
}
