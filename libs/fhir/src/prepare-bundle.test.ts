import { describe, expect, it } from '@jest/globals';
import { observation, patient, transaction } from './bundles.fixture.ts';
import { prepareBundle } from './prepare-bundle.ts';

const PATIENT_URN = 'urn:uuid:6f9a3a0e-3c53-4f0e-9c55-0d5b0e7b8a11';
const BINARY_URN = 'urn:uuid:1d4f6f52-9d0c-4b0e-8b7a-6a4d64a3f001';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function entry(fullUrl: string | undefined, resource: Record<string, unknown>): Record<string, unknown> {
  return { ...(fullUrl === undefined ? {} : { fullUrl }), resource, request: { method: 'POST', url: resource['resourceType'] } };
}

function bundle(...entries: Record<string, unknown>[]): Record<string, unknown> {
  return { resourceType: 'Bundle', type: 'transaction', entry: entries };
}

describe('prepareBundle', () => {
  it('keeps the ids and values of resources, in their order', () => {
    const prepared = prepareBundle(transaction(patient(), observation()));
    expect(prepared.map(({ resource }) => resource)).toEqual([patient(), observation()]);
    expect(prepared.map(({ owner }) => owner)).toEqual([
      { kind: 'patient', patientId: 'p1' },
      { kind: 'patient', patientId: 'p1' },
    ]);
  });

  it('takes the id of a urn:uuid fullUrl and resolves references to it, in any case of letters', () => {
    const prepared = prepareBundle(
      bundle(entry(PATIENT_URN, patient({ id: undefined })), entry(undefined, observation({ subject: { reference: PATIENT_URN.toUpperCase().replace('URN:UUID', 'urn:uuid') } }))),
    );
    const id = PATIENT_URN.slice('urn:uuid:'.length);
    expect(prepared[0]?.resource.id).toBe(id);
    expect(prepared[1]?.resource['subject']).toEqual({ reference: `Patient/${id}` });
    expect(prepared[1]?.owner).toEqual({ kind: 'patient', patientId: id });
  });

  it('resolves to the id of the resource where it has its own', () => {
    const prepared = prepareBundle(bundle(entry(PATIENT_URN, patient()), entry(undefined, observation({ subject: { reference: PATIENT_URN } }))));
    expect(prepared[1]?.resource['subject']).toEqual({ reference: 'Patient/p1' });
  });

  it('gives a fresh uuid where there is neither id nor fullUrl', () => {
    const [first, second] = prepareBundle(transaction(patient({ id: undefined }), patient({ id: undefined })));
    expect(first?.resource.id).toMatch(UUID);
    expect(second?.resource.id).toMatch(UUID);
    expect(first?.resource.id).not.toBe(second?.resource.id);
  });

  it('resolves links of attachments, of the narrative and of contained resources', () => {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${PATIENT_URN}">x</a></div>`;
    const [, , document] = prepareBundle(
      bundle(
        entry(PATIENT_URN, patient()),
        entry(BINARY_URN, { resourceType: 'Binary', id: 'b1', contentType: 'text/plain', data: 'QUJD', securityContext: { reference: PATIENT_URN } }),
        entry(undefined, {
          resourceType: 'DocumentReference',
          status: 'current',
          text: { status: 'generated', div },
          contained: [observation({ id: 'inner', subject: { reference: PATIENT_URN } })],
          subject: { reference: PATIENT_URN },
          context: { related: [{ reference: '#inner' }] },
          content: [{ attachment: { url: BINARY_URN } }, { attachment: { url: 'urn:uuid:1d4f6f52-9d0c-4b0e-8b7a-000000000000' } }],
        }),
      ),
    );
    expect(document?.resource['text']).toEqual({ status: 'generated', div: div.replace(PATIENT_URN, 'Patient/p1') });
    expect(document?.resource['content']).toEqual([{ attachment: { url: 'Binary/b1' } }, { attachment: { url: 'urn:uuid:1d4f6f52-9d0c-4b0e-8b7a-000000000000' } }]);
    expect(document?.resource['contained']).toEqual([observation({ id: 'inner' })]);
  });

  it('resolves the full URLs of a collection that was exported from a server', () => {
    const prepared = prepareBundle({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl: 'https://fhir.hospital.example/Patient/p1', resource: patient({ id: undefined }) },
        { fullUrl: 'https://fhir.hospital.example/Observation/o1', resource: observation({ subject: { reference: 'https://fhir.hospital.example/Patient/p1' } }) },
      ],
    });
    expect(prepared.map(({ resource }) => resource)).toMatchObject([{ id: 'p1' }, { subject: { reference: 'Patient/p1' } }]);
  });

  it('takes a PUT to the id of the resource', () => {
    expect(prepareBundle(bundle({ resource: patient(), request: { method: 'PUT', url: 'Patient/p1' } }))).toHaveLength(1);
  });

  it('leaves references to what is elsewhere as they are', () => {
    const elsewhere = { reference: 'https://other.example/fhir/Practitioner/x' };
    const [prepared] = prepareBundle(transaction(observation({ performer: [elsewhere, { reference: 'Practitioner/y/_history/2' }] })));
    expect(prepared?.resource['performer']).toEqual([elsewhere, { reference: 'Practitioner/y/_history/2' }]);
    expect(prepared?.directoryReferences).toEqual(['Practitioner/y']);
  });

  it('names the directory resources that a resource refers to, each once', () => {
    const [prepared] = prepareBundle(
      transaction(observation({ performer: [{ reference: 'Practitioner/a' }, { reference: 'Organization/b' }, { reference: 'Practitioner/a' }], encounter: { reference: 'Encounter/e' } })),
    );
    expect(prepared?.directoryReferences).toEqual(['Practitioner/a', 'Organization/b']);
  });

  it('does not change the bundle that it is given', () => {
    const given = bundle(entry(PATIENT_URN, patient()), entry(undefined, observation({ subject: { reference: PATIENT_URN } })));
    const before = structuredClone(given);
    prepareBundle(given);
    expect(given).toEqual(before);
  });
});
