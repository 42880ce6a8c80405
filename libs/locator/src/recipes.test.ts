import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalName, canonicalNameParts } from './canonical-name.ts';
import { MAX_INPUTS } from './guardians/limits.ts';
import { patientInputs, queryInputs, RECIPES, strengthOf } from './recipes.ts';
import type { LocateQuery } from './recipes.ts';

const ssn = { system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-12-3456' };
const aino = { family: 'Järvinen', given: 'Aino', birthDate: '1970-01-02', sex: 'female' } as const;
const hex = (query: LocateQuery): string[] => queryInputs(query).map(({ recipe, input }) => `${recipe} ${Buffer.from(input).toString('hex')}`);
const common = (one: LocateQuery, other: LocateQuery): string[] => hex(one).filter((input) => hex(other).includes(input)).map((input) => input.split(' ')[0] ?? '');

describe('an identifier', () => {
  it('is the same for the same identifier, outer blanks and Unicode form aside', () => {
    expect(hex({ system: ` ${ssn.system}`, value: `${ssn.value}\n` })).toEqual(hex(ssn));
    expect(hex({ ...ssn, value: 'Mu\u0308ller' })).toEqual(hex({ ...ssn, value: 'Müller' }));
  });

  it('is another for another system, another value, and another split of the two', () => {
    const others = [{ ...ssn, value: '999-12-3457' }, { ...ssn, system: 'urn:x' }, { system: `${ssn.system}9`, value: '99-12-3456' }, { ...ssn, value: '999123456' }];
    for (const other of others) expect(hex(other)).not.toEqual(hex(ssn));
  });

  it.each([
    ['no system', { ...ssn, system: ' ' }],
    ['no value', { ...ssn, value: '' }],
    ['a value that is too long', { ...ssn, value: '9'.repeat(513) }],
  ])('is refused with %s', (_name, identifier) => {
    expect(() => queryInputs(identifier)).toThrow(expect.objectContaining({ code: 'IDENTIFIER_INVALID' }));
  });
});

describe('a name with birth date and sex', () => {
  it('gives as many inputs for everybody, each of its own recipe', () => {
    expect(queryInputs(aino).map(({ recipe }) => recipe)).toEqual(['name-birthdate-sex/1', 'name-parts-birthdate-sex/1']);
    expect(queryInputs({ ...aino, family: 'X' })).toHaveLength(2);
    expect(new Set(hex(aino)).size).toBe(2);
  });

  it.each([
    ['accents, case and blanks', { ...aino, family: ' JARVINEN ', given: 'aino' }],
    ['letters written out', { ...aino, family: 'Jaervinen' }],
    ['a further given name', { ...aino, given: 'Ai-no' }],
  ])('is the same in spite of %s', (_name, other) => {
    expect(common(aino, other)).toContain('name-birthdate-sex/1');
  });

  it('is found by one recipe when family and given name are exchanged, or two words change places', () => {
    expect(common(aino, { ...aino, family: aino.given, given: aino.family })).toEqual(['name-parts-birthdate-sex/1']);
    expect(common({ ...aino, family: 'García Márquez' }, { ...aino, family: 'Márquez-Garcia' })).toEqual(['name-parts-birthdate-sex/1']);
    expect(common({ ...aino, family: 'Van der Berg' }, { ...aino, family: 'Vanderberg' })).toEqual(['name-birthdate-sex/1']);
  });

  it.each([
    ['birth date', { ...aino, birthDate: '1970-02-01' }],
    ['sex', { ...aino, sex: 'male' }],
    ['given name', { ...aino, given: 'Aini' }],
    ['given name of the same initial', { ...aino, given: 'Anna' }],
    ['family name', { ...aino, family: 'Järvi' }],
  ] as const)('is another for another %s', (_name, other) => {
    expect(common(aino, other)).toEqual([]);
  });

  it.each([
    ['no family name', { ...aino, family: ' - ' }],
    ['no given name', { ...aino, given: '' }],
    ['a year of birth alone', { ...aino, birthDate: '1970' }],
    ['a day that does not exist', { ...aino, birthDate: '1970-02-30' }],
    ['an unknown sex', { ...aino, sex: 'unknown' }],
    ['a name that is too long', { ...aino, family: 'x'.repeat(513) }],
  ] as const)('is refused with %s', (_name, query) => {
    expect(() => queryInputs(query)).toThrow(expect.objectContaining({ code: 'DEMOGRAPHICS_INVALID' }));
    expect(patientInputs({ identifiers: [], demographics: [query] })).toEqual([]);
  });
});

describe('what a patient can be found by', () => {
  it('leaves out medical record numbers, unusable and repeated ones', () => {
    const list = [{ system: 'urn:a', value: '1', type: 'MR' }, ssn, { ...ssn, value: ` ${ssn.value}` }, { system: '', value: 'x' }];
    expect(patientInputs({ identifiers: list })).toEqual(queryInputs(ssn));
  });

  it('is eight identifiers and two names at the most: twelve inputs', () => {
    const identifiers = Array.from({ length: 12 }, (_, index) => ({ system: 'urn:a', value: String(index) }));
    const demographics = ['One', 'Two', 'Three'].map((family) => ({ ...aino, family }));
    const inputs = patientInputs({ identifiers, demographics });
    expect(inputs).toHaveLength(MAX_INPUTS);
    expect(inputs.filter(({ recipe }) => recipe === 'identifier/1')).toHaveLength(8);
    expect(inputs.slice(8)).toEqual(demographics.slice(0, 2).flatMap((name) => queryInputs(name)));
  });

  it('is relied on by its recipe', () => {
    expect(RECIPES.map(strengthOf)).toEqual(['identifier', 'demographics', 'demographics']);
  });
});

describe('canonicalName', () => {
  it.each([
    ['Müller', 'muller'], ['Mueller', 'muller'], ['MULLER', 'muller'], ['Groß', 'gross'], ['Åse', 'ase'], ['Aase', 'ase'], ['Bjørn', 'bjorn'], ['Bjoern', 'bjorn'],
    ['Æðelþryð', 'adelthryd'], ['Œuvre', 'ouvre'], ['Łukasz', 'lukasz'], ["O'Brien", 'obrien'], ['O’Brien', 'obrien'], ['Anna-Maria  Luisa', 'annamarialuisa'],
    ['ﬁnn', 'finn'], ['Ιωάννης', 'ιωαννησ'], ['Йозеф', 'иозеф'], ['田中', '田中'], ['कीर्ति', 'कीर्ति'], ['مُحَمَّد', 'محمد'], ['İpek', 'ipek'], ['Ipek', 'ipek'], [' . ', ''],
  ])('%s', (name, canonical) => {
    expect(canonicalName(name)).toBe(canonical);
  });

  it('is the same for its own result, in any case and Unicode form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const canonical = canonicalName(name);
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const) expect(canonicalName(name.normalize(form))).toBe(canonical);
        expect(canonicalNameParts(name).join('').length).toBeGreaterThanOrEqual(canonical.length);
      }),
    );
  });
});
