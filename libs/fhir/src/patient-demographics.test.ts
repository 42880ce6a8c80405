import { describe, expect, it } from '@jest/globals';
import { patientDemographics } from './patient-demographics.ts';

const born = { birthDate: '1970-01-02', gender: 'female' };
const patient = (...name: unknown[]) => ({ resourceType: 'Patient', ...born, name });
const aino = { family: 'Järvinen', given: 'Aino', birthDate: '1970-01-02', sex: 'female' };

describe('patientDemographics', () => {
  it('is the family name and the first given one, with birth date and sex', () => {
    expect(patientDemographics(patient({ family: 'Järvinen', given: ['Aino', 'Maria'] }))).toEqual([aino]);
  });

  it('has official names first, then former ones, and no nicknames', () => {
    const names = [{ use: 'maiden', family: 'Virtanen', given: ['Aino'] }, { use: 'nickname', family: 'Järvinen', given: ['Ansku'] }, { use: 'official', family: 'Järvinen', given: ['Aino'] }];
    expect(patientDemographics(patient(...names))).toEqual([aino, { ...aino, family: 'Virtanen' }]);
  });

  it.each([
    ['a family name', patient({ given: ['Aino'] })],
    ['a given name', patient({ family: 'Järvinen' })],
    ['a name that is one', patient('Aino', { family: ['Järvinen'], given: 'Aino' }, { family: 'Järvinen', given: [{ toString: 'Aino' }] })],
    ['a birth date', { ...patient({ family: 'Järvinen', given: ['Aino'] }), birthDate: undefined }],
    ['a sex', { ...patient({ family: 'Järvinen', given: ['Aino'] }), gender: 'f' }],
  ])('is nothing without %s', (_name, resource) => {
    expect(patientDemographics(resource)).toEqual([]);
  });
});
