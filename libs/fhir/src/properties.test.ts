import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FhirError } from './fhir-error.ts';
import { observation, patient, transaction } from './bundles.fixture.ts';
import { prepareBundle } from './prepare-bundle.ts';

/** The issues of a bundle, none if it is admitted; any other error fails the test. */
function issuesOf(bundle: unknown): readonly unknown[] {
  try {
    prepareBundle(bundle);
    return [];
  } catch (error) {
    if (error instanceof FhirError) return error.issues;
    throw error;
  }
}

const CANARY = 'Qx7canaryZ';
const ELEMENTS = ['status', 'code', 'subject', 'component', 'contained', 'extension', 'valueQuantity', 'valueString', 'note', 'text', 'id', 'meta', 'performer', 'effectivePeriod'];

describe('prepareBundle, whatever it is given', () => {
  it('throws nothing but FhirError for any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(issuesOf(value))), { numRuns: 200 });
    fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(issuesOf({ resourceType: 'Bundle', type: 'collection', entry: [value] }))), { numRuns: 200 });
  });

  it('throws nothing but FhirError, and repeats no value, when elements of a resource are replaced by any JSON', () => {
    const { tie } = fc.letrec((self) => ({
      tie: fc.oneof({ depthSize: 'small' }, fc.constantFrom(CANARY, '', 0, null, true), fc.array(self('tie'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('coding', 'reference', 'value', 'system', 'resourceType', 'url', 'start', 'text'), self('tie'))),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...ELEMENTS), tie), (elements) => {
        expect(JSON.stringify(issuesOf(transaction(patient(), observation(elements))))).not.toContain(CANARY);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same again for what it has prepared', () => {
    const urn = fc.uuid().map((uuid) => `urn:uuid:${uuid}`);
    fc.assert(
      fc.property(urn, fc.uniqueArray(urn, { maxLength: 5 }), fc.string({ minLength: 1 }).filter((text) => /^[ -~]*\S[ -~]*$/.test(text)), (patientUrn, urns, text) => {
        const observations = urns.filter((other) => other !== patientUrn).map((fullUrl) => ({ fullUrl, resource: observation({ id: undefined, subject: { reference: patientUrn }, valueString: text }) }));
        const bundle = { resourceType: 'Bundle', type: 'collection', entry: [...observations, { fullUrl: patientUrn, resource: patient({ id: undefined }) }] };
        const given: unknown = JSON.parse(JSON.stringify(bundle));
        const first = prepareBundle(given);
        const again = prepareBundle({ resourceType: 'Bundle', type: 'collection', entry: first.map(({ resource }) => ({ resource })) });
        expect(again).toEqual(first);
        expect(first.every(({ owner }) => owner.kind === 'patient' && owner.patientId === patientUrn.slice(9))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
