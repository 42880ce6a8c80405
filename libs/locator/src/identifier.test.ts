import { describe, expect, it } from '@jest/globals';
import { identifierInput, locatableInputs, MAX_IDENTIFIERS } from './identifier.ts';

const ssn = { system: 'http://hl7.org/fhir/sid/us-ssn', value: '999-12-3456' };

describe('identifierInput', () => {
  it('is the same for the same identifier, outer blanks and Unicode form aside', () => {
    expect(identifierInput({ system: ` ${ssn.system}`, value: `${ssn.value}\n` })).toEqual(identifierInput(ssn));
    expect(identifierInput({ ...ssn, value: 'Mu\u0308ller' })).toEqual(identifierInput({ ...ssn, value: 'Müller' }));
  });

  it('is another for another system, another value, and another split of the two', () => {
    const others = [{ ...ssn, value: '999-12-3457' }, { ...ssn, system: 'urn:x' }, { system: `${ssn.system}9`, value: '99-12-3456' }, { ...ssn, value: '999123456' }];
    for (const other of others) expect(identifierInput(other)).not.toEqual(identifierInput(ssn));
  });

  it.each([
    ['no system', { ...ssn, system: ' ' }],
    ['no value', { ...ssn, value: '' }],
    ['a value that is too long', { ...ssn, value: '9'.repeat(513) }],
  ])('refuses %s', (_name, identifier) => {
    expect(() => identifierInput(identifier)).toThrow(expect.objectContaining({ code: 'IDENTIFIER_INVALID' }));
  });
});

describe('locatableInputs', () => {
  it('leaves out medical record numbers, unusable and repeated ones', () => {
    const list = [{ system: 'urn:a', value: '1', type: 'MR' }, ssn, { ...ssn, value: ` ${ssn.value}` }, { system: '', value: 'x' }];
    expect(locatableInputs(list)).toEqual([identifierInput(ssn)]);
  });

  it('takes eight at the most', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ system: 'urn:a', value: String(index) }));
    expect(locatableInputs(many)).toEqual(many.slice(0, MAX_IDENTIFIERS).map(identifierInput));
  });
});
