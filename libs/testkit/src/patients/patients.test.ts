import { describe, expect, it } from '@jest/globals';
import { patientIdentifiers, prepareBundle } from '@carecord/fhir';
import { canaryBundle } from './canary-bundle.ts';
import { generatePatients } from './generate-patients.ts';
import { patientOfSize } from './patient-of-size.ts';
import { elementForms, isFreeText } from './r4-elements.ts';
import { NATIONAL_IDENTIFIER_SYSTEM } from './types.ts';
import type { TransactionBundle } from './types.ts';

const HOSPITALS = ['A', 'B', 'C'].map((letter) => ({ name: `Hospital ${letter}`, domain: `${letter.toLowerCase()}.hospital.example` }));
const TYPES = ['Patient', 'Encounter', 'Condition', 'Observation', 'MedicationRequest', 'Immunization', 'Procedure', 'DocumentReference', 'DiagnosticReport', 'Organization', 'Practitioner'];

function generate(seed: number, count = 20): ReturnType<typeof generatePatients> {
  return generatePatients({ seed, count, hospitals: HOSPITALS });
}

function typesOf(bundle: TransactionBundle): string[] {
  return bundle.entry.map(({ resource }) => resource.resourceType);
}

/** All strings of a value, those of attachments decoded. */
function textsOf(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return [name === 'data' ? Buffer.from(value, 'base64').toString() : value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, child]) => textsOf(child, key)) : [];
}

describe('generatePatients', () => {
  it('gives the same bytes for the same seed, others for another', () => {
    expect(JSON.stringify(generate(7))).toBe(JSON.stringify(generate(7)));
    expect(JSON.stringify(generate(7))).not.toBe(JSON.stringify(generate(8)));
  });

  it('writes bundles that are admitted, each of one patient, with every kind of record', () => {
    for (const { bundles } of generate(1)) {
      for (const { bundle } of bundles) {
        const prepared = prepareBundle(bundle);
        expect(prepared).toHaveLength(bundle.entry.length);
        expect(new Set(prepared.flatMap(({ owner }) => (owner.kind === 'patient' ? owner.patientId : []))).size).toBe(1);
        expect(typesOf(bundle)).toEqual(expect.arrayContaining(TYPES));
      }
    }
    expect(generate(1).some(({ bundles }) => bundles.some(({ bundle }) => typesOf(bundle).includes('AllergyIntolerance')))).toBe(true);
  });

  it('treats every patient at several hospitals, under one national identifier and a record number of each', () => {
    const patients = generate(2);
    for (const { nationalId, bundles } of patients) {
      expect(new Set(bundles.map(({ hospital }) => hospital)).size).toBe(bundles.length);
      expect(bundles.length).toBeGreaterThan(1);
      for (const { hospital, bundle } of bundles) {
        const record = bundle.entry.find(({ resource }) => resource.resourceType === 'Patient')?.resource;
        expect(patientIdentifiers(record ?? { resourceType: 'Patient' })).toEqual([
          { system: NATIONAL_IDENTIFIER_SYSTEM, value: nationalId.value, type: 'NI' },
          { system: `https://${HOSPITALS[hospital]?.domain}/record-number`, value: expect.any(String), type: 'MR' },
        ]);
      }
    }
    expect(new Set(patients.map(({ nationalId }) => nationalId.value)).size).toBe(patients.length);
  });

  it('names the same organisation and practitioners in all records of a hospital', () => {
    const idsOf = (type: string): Set<string> =>
      new Set(generate(3).flatMap(({ bundles }) => bundles.filter(({ hospital }) => hospital === 0).flatMap(({ bundle }) => bundle.entry.flatMap(({ resource }) => (resource.resourceType === type ? resource.id : [])))));
    expect([idsOf('Organization').size, idsOf('Practitioner').size]).toEqual([1, 3]);
  });

  it('visits one hospital where there is only one', () => {
    expect(generatePatients({ seed: 1, count: 3, hospitals: HOSPITALS.slice(0, 1) }).map(({ bundles }) => bundles.length)).toEqual([1, 1, 1]);
  });

  it('attaches a letter that can be read, and a PDF', () => {
    const document = generate(4, 1)[0]?.bundles[0]?.bundle.entry.find(({ resource }) => resource.resourceType === 'DocumentReference')?.resource;
    const [text, pdf] = (document?.['content'] as { attachment: { data: string; size: number } }[]).map(({ attachment }) => attachment);
    expect(Buffer.from(text?.data ?? '', 'base64').toString()).toContain('Discharge letter of');
    expect(Buffer.from(pdf?.data ?? '', 'base64').toString('latin1')).toMatch(/^%PDF-1\.4\n[^]*startxref\n\d+\n%%EOF\n$/);
    expect(pdf?.size).toBe(Buffer.from(pdf?.data ?? '', 'base64').length);
  });

  it('replaces every text where canaries are asked for, and is admitted still', () => {
    const paths: string[] = [];
    const canary = (path: string): string => `canary${paths.push(path)}x`;
    const [patient] = generatePatients({ seed: 5, count: 1, hospitals: HOSPITALS, canary });
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain('patients[0].bundles[0].entry[4].resource.name[0].family');
    for (const { bundle } of patient?.bundles ?? []) {
      expect(prepareBundle(bundle)).toHaveLength(bundle.entry.length);
      expect(JSON.stringify(bundle)).not.toContain('Hospital');
      expect(JSON.stringify(bundle)).toContain(`"value":"${patient?.nationalId.value}"`);
    }
  });
});

describe('canaryBundle', () => {
  const { bundle, canaries, nationalId } = canaryBundle(1);

  it('is admitted, under the national identifier', () => {
    const [patient] = prepareBundle(bundle);
    expect(patientIdentifiers(patient?.resource ?? { resourceType: 'Patient' })[0]).toEqual({ ...nationalId, type: 'NI' });
  });

  it('holds each canary once, and only what it lists', () => {
    const found = textsOf(bundle).flatMap((text) => text.match(/cnry[0-9a-f]{24}/g) ?? []);
    expect(found.sort()).toEqual([...canaries].sort());
    expect(new Set(canaries).size).toBe(canaries.length);
  });

  it('has one in every text element of its resource types, and in those of the usual datatypes', () => {
    const missing = bundle.entry.flatMap(({ resource }) =>
      elementForms(resource.resourceType)
        .filter((forms) => forms.some((form) => isFreeText(form) && form.name !== 'implicitRules'))
        .filter((forms) => !forms.some(({ name }) => textsOf(resource[name], name).some((text) => text.includes('cnry'))))
        .map((forms) => `${resource.resourceType}.${forms[0]?.name ?? ''}`),
    );
    expect(missing).toEqual([]);
    const patient = bundle.entry[0]?.resource as Record<string, Record<string, unknown>[]>;
    expect(Object.keys(patient['name']?.[0] ?? {}).sort()).toEqual(['family', 'given', 'prefix', 'suffix', 'text']);
    expect(Object.keys(patient['address']?.[0] ?? {}).sort()).toEqual(['city', 'country', 'district', 'line', 'postalCode', 'state', 'text']);
    expect(textsOf(patient['contact']).length).toBeGreaterThan(15);
    expect(textsOf(patient['text'])).toContainEqual(expect.stringContaining('cnry'));
  });

  it('has other canaries for another seed, the same for the same', () => {
    expect(canaryBundle(1)).toEqual({ bundle, canaries, nationalId });
    expect(canaryBundle(2).canaries.filter((canary) => canaries.includes(canary))).toEqual([]);
  });
});

describe('patientOfSize', () => {
  it.each([1, 2, 17, 100, 1_000])('has %i resources of the patient, and is admitted', (resources) => {
    const { bundle, nationalId } = patientOfSize(resources);
    const own = prepareBundle(bundle).filter(({ owner }) => owner.kind === 'patient');
    expect(own).toHaveLength(resources);
    expect(bundle.entry).toHaveLength(resources + 4);
    expect(patientIdentifiers(own[0]?.resource ?? { resourceType: 'Patient' })[0]?.value).toBe(nationalId.value);
  });
});
