import { describe, expect, it } from '@jest/globals';
import { observation, onlyIssueOf, patient, refusalOf, transaction } from './bundles.fixture.ts';
import { MAX_ISSUES_PER_RESOURCE } from './limits.ts';
import { prepareBundle } from './prepare-bundle.ts';

const SECOND = 'Bundle.entry[1].resource';

/** Where and how an observation is refused that stands behind a valid patient. */
function refused(elements: Record<string, unknown>): unknown[] {
  const { code, expression } = onlyIssueOf(transaction(patient(), observation(elements)));
  return [code, expression];
}

describe('a resource that is not valid R4', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['a missing required element', { status: undefined }, 'required', '.status'],
    ['an unknown element', { colour: 'blue' }, 'structure', '.colour'],
    ['an element of the wrong JSON type', { status: 1 }, 'structure', '.status'],
    ['one value where a list must be', { category: { text: 'x' } }, 'structure', '.category'],
    ['a list where one value must be', { code: [{ text: 'x' }] }, 'structure', '.code'],
    ['a date that is none', { effectiveDateTime: '2024-02-30' }, 'structure', '.effective'],
    ['an attachment that is not base64', { contained: [{ resourceType: 'Media', id: 'm', status: 'completed', content: { data: '!' }, subject: { reference: 'Patient/p1' } }], hasMember: [{ reference: '#m' }] }, 'structure', '.contained[0].content.data'],
    ['a broken invariant (obs-6)', { valueString: 'x', dataAbsentReason: { text: 'unknown' } }, 'invariant', ''],
    ['two types of one value', { valueString: 'x', valueInteger: 1 }, 'structure', '.value'],
    ['two types of one value, in a list', { component: [{ code: { text: 'x' }, valueString: 'x', valueInteger: 1 }] }, 'structure', '.component[0].value'],
    ['a type of a value beside the extension of another', { valueInteger: 1, _valueString: { id: 'x' } }, 'structure', '.value'],
    ['a code outside a required binding', { status: 'finished' }, 'code-invalid', '.status'],
    ['a code outside a required binding, deep inside', { valueQuantity: { value: 1, comparator: '~' } }, 'code-invalid', '.value.comparator'],
    ['a reference to a wrong type', { encounter: { reference: 'Practitioner/x' } }, 'structure', '.encounter'],
    ['a reference to a wrong type at an address', { encounter: { reference: 'https://a.example/fhir/Practitioner/x' } }, 'structure', '.encounter'],
    ['a reference of no form', { encounter: { reference: 'somewhere' } }, 'value', '.encounter.reference'],
    ['a reference to an unknown URN', { encounter: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000000' } }, 'not-found', '.encounter.reference'],
    ['a conditional reference', { encounter: { reference: 'Encounter?identifier=x' } }, 'not-supported', '.encounter.reference'],
  ])('is refused for %s', (_what, elements, code, place) => {
    expect(refused(elements)).toEqual([code, SECOND + place]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an empty text', { valueString: '' }, '.valueString'],
    ['a blank text', { valueString: ' ' }, '.value'],
    ['an empty list', { category: [] }, '.category'],
    ['an empty object', { code: {} }, '.code'],
    ['null', { note: null }, '.note'],
    ['null in a list', { category: [null] }, '.category[0]'],
    ['a list in a list', { category: [[{ text: 'x' }]] }, '.category[0]'],
    ['a text in place of an object', { code: 'x' }, '.code'],
    ['a number in place of a reference', { subject: 1 }, '.subject'],
    ['a number in place of an object, deep inside', { component: [{ code: { coding: [1] } }] }, '.component[0].code.coding[0]'],
  ])('is refused for %s', (_what, elements, place) => {
    const { issues } = refusalOf(transaction(patient(), observation(elements)));
    expect(issues.map(({ expression }) => expression)).toContain(SECOND + place);
  });

  it('is refused for a concept whose codings are all outside a required value set, admitted when one is inside', () => {
    const system = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
    const condition = (...codes: string[]): Record<string, unknown> => ({
      resourceType: 'Condition',
      subject: { reference: 'Patient/p1' },
      clinicalStatus: { coding: [...codes.map((code) => ({ system, code })), { system: 'https://hospital.example/own', code: 'x' }] },
    });
    expect(onlyIssueOf(transaction(condition('finished')))).toMatchObject({ code: 'code-invalid', expression: 'Bundle.entry[0].resource.clinicalStatus' });
    expect(onlyIssueOf(transaction(condition())).code).toBe('code-invalid');
    expect(prepareBundle(transaction(condition('active')))).toHaveLength(1);
  });

  it('is admitted with what is unusual but right', () => {
    const explained = { _gender: { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }] } };
    const partlyExplained = { name: [{ given: ['Ada', null], _given: [null, { id: 'middle' }] }] };
    expect(prepareBundle(transaction(patient({ gender: undefined, ...explained, ...partlyExplained })))).toHaveLength(1);
    expect(prepareBundle(transaction(observation({ effectiveDateTime: '2024', valueQuantity: { value: 1.5, unit: 'kg' } })))).toHaveLength(1);
  });

  it('is named, every one, with at most a few issues each', () => {
    const names = Array.from({ length: 50 }, () => ({ use: 'wrong' }));
    const { issues } = refusalOf(transaction(patient({ name: names }), observation(), observation({ id: 'o2', status: 'wrong' })));
    const at = (index: number): number => issues.filter(({ expression }) => expression.startsWith(`Bundle.entry[${index}]`)).length;
    expect([at(0), at(1), at(2)]).toEqual([MAX_ISSUES_PER_RESOURCE, 0, 1]);
    expect(issues.at(-1)?.diagnostics).toContain(`${50 - MAX_ISSUES_PER_RESOURCE} further issues`);
  });

  it('leads to texts without its values and without names that are no element names', () => {
    const secret = 'Zaphod Beeblebrox';
    const { issues } = refusalOf(
      transaction(
        patient({ gender: secret, birthDate: secret, [secret]: 1, name: [{ use: secret }], telecom: [{ system: secret }] }),
        patient({ id: 'p2', contained: [{ resourceType: secret, id: secret }] }),
        observation({ status: secret, encounter: { reference: secret }, effectiveDateTime: secret }),
      ),
    );
    expect(issues.length).toBeGreaterThan(5);
    expect(JSON.stringify(issues)).not.toMatch(/Zaphod|Beeblebrox/);
  });
});
