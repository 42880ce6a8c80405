import { getAllDataTypes } from '@medplum/core';
import { describe, expect, it } from '@jest/globals';
import { clinicalDate, clinicalInstant } from './clinical-date.ts';
import { CLINICAL_DATE_ELEMENTS } from './clinical-date-table.ts';
import { loadDefinitions } from './definitions.ts';
import { FhirError } from './fhir-error.ts';
import { observation, patient, refusalOf, transaction } from './bundles.fixture.ts';
import { operationOutcome } from './operation-outcome.ts';
import { patientIdentifiers } from './patient-identifiers.ts';
import { prepareBundle } from './prepare-bundle.ts';

describe('clinicalDate', () => {
  it('is when it happened, before when it was recorded', () => {
    expect(clinicalDate({ resourceType: 'Observation', issued: '2024-05-02T00:00:00Z', effectivePeriod: { start: '2024-05-01' } })).toBe('2024-05-01');
    expect(clinicalDate({ resourceType: 'Observation', issued: '2024-05-02T00:00:00Z' })).toBe('2024-05-02T00:00:00Z');
  });

  it('is not there where the type has none, the element is missing or is not a date', () => {
    expect(clinicalDate({ resourceType: 'Organization', name: 'A' })).toBeUndefined();
    expect(clinicalDate({ resourceType: 'Encounter', period: { end: '2024' } })).toBeUndefined();
    expect(clinicalDate({ resourceType: 'Condition', onsetString: 'long ago', onsetDateTime: 7 })).toBeUndefined();
  });

  it('has a table that names only elements that R4 has, each a date', () => {
    loadDefinitions();
    const types = getAllDataTypes();
    const typesAt = (path: string): string[] => {
      let found: string[] = [];
      let holder: string | undefined;
      for (const name of path.split('.')) {
        const elements = Object.entries(types[holder ?? name]?.elements ?? {});
        if (holder !== undefined) found = elements.find(([key]) => key === name || (key.endsWith('[x]') && name.startsWith(key.slice(0, -3))))?.[1].type.map(({ code }) => code) ?? [];
        holder = holder === undefined ? name : (found.find((code) => name.endsWith(code)) ?? found[0]);
      }
      return found;
    };
    const paths = Object.entries(CLINICAL_DATE_ELEMENTS).flatMap(([type, elements]) => elements.map((element) => `${type}.${element}`));
    expect(paths.filter((path) => !typesAt(path).some((code) => ['date', 'dateTime', 'instant'].includes(code)))).toEqual([]);
  });

  it('compares across time zones and precisions', () => {
    expect(clinicalInstant('2024-05-01T23:00:00-04:00')).toBeGreaterThan(clinicalInstant('2024-05-02T01:00:00Z'));
    expect(clinicalInstant('2024')).toBe(clinicalInstant('2024-01-01'));
  });

  it('stands beside the prepared resource', () => {
    expect(prepareBundle(transaction(observation({ effectiveDateTime: '2024-05' })))[0]?.clinicalDate).toBe('2024-05');
    expect(prepareBundle(transaction(patient()))[0]).not.toHaveProperty('clinicalDate');
  });
});

describe('patientIdentifiers', () => {
  const typed = (code: string, system = 'http://terminology.hl7.org/CodeSystem/v2-0203'): unknown => ({ coding: [{ system: 'https://own.example', code: 'own' }, { system, code }] });
  const identifiersOf = (identifier: unknown): unknown => patientIdentifiers({ resourceType: 'Patient', identifier });

  it('are those with system and value, with their type of table 0203', () => {
    expect(
      identifiersOf([
        { system: 'https://a.example', value: '1', type: typed('NI') },
        { system: 'https://b.example', value: '2', type: typed('MR', 'http://hl7.org/fhir/v2/0203') },
        { system: 'https://c.example', value: '3', type: { text: 'MR' } },
      ]),
    ).toEqual([
      { system: 'https://a.example', value: '1', type: 'NI' },
      { system: 'https://b.example', value: '2', type: 'MR' },
      { system: 'https://c.example', value: '3' },
    ]);
  });

  it('are not those that lack one, and none where there are none', () => {
    expect(identifiersOf([{ value: '1' }, { system: 'https://a.example' }, 'x', null])).toEqual([]);
    expect(patientIdentifiers({ resourceType: 'Patient' })).toEqual([]);
  });
});

describe('operationOutcome', () => {
  it('is a valid OperationOutcome of the issues', () => {
    const error = refusalOf(transaction(patient({ gender: 'wrong' })));
    expect(error).toBeInstanceOf(FhirError);
    expect(operationOutcome(error)).toEqual({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: 'code-invalid',
          expression: ['Bundle.entry[0].resource.gender'],
          diagnostics: 'The code is none of those that FHIR R4 requires here.',
        },
      ],
    });
  });
});
