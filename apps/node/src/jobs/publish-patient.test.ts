import { describe, expect, it } from '@jest/globals';
import { newId, silentLogger, UNLISTED } from '@carecord/core';
import type { PatientListing } from '@carecord/core';
import type { PatientReference, Person, PublishedPatient } from '@carecord/locator';
import { RecordsError } from '@carecord/records';
import { ManualClock } from '@carecord/testkit';
import { PatientPublisher } from './publish-patient.ts';
import type { PublishDependencies } from './publish-patient.ts';

const PATIENT = {
  resourceType: 'Patient',
  id: 'p',
  identifier: [{ system: 'urn:x', value: '1' }],
  name: [{ family: 'Virtanen', given: ['Aino'] }],
  birthDate: '1970-01-02',
  gender: 'female',
};
const PERSON: Person = {
  identifiers: [{ system: 'urn:x', value: '1' }],
  demographics: [{ family: 'Virtanen', given: 'Aino', birthDate: '1970-01-02', sex: 'female' }],
};
const LISTED: PatientListing = { listing: 'listed', hospitals: [] };

/** A publisher over what a test knows, with what it did. */
function fixture(changes: { records?: Partial<PublishDependencies['records']>; consent?: PublishDependencies['consent']; locator?: Partial<PublishDependencies['locator']> } = {}) {
  const did = { published: [] as { patientId: string; person: Person; listing: PatientListing | undefined }[], together: [] as PublishedPatient[][], references: [] as PatientReference[], forgotten: [] as string[] };
  const publisher = new PatientPublisher({
    records: {
      readPatient: () => Promise.resolve(PATIENT),
      namedListing: () => Promise.resolve(LISTED),
      consents: () => Promise.resolve([]),
      manifests: (ids) => Promise.resolve(ids.map((patientId) => ({ patientId, contentId: `of ${patientId}` }))),
      ...changes.records,
    },
    consent: changes.consent ?? { listing: (set) => set },
    locator: {
      publishPatient: (patientId, person, listing) => {
        did.published.push({ patientId, person, listing });
        return Promise.resolve();
      },
      publishPatients: (patients) => {
        did.together.push([...patients]);
        return Promise.resolve(patients.map(({ patientId }) => ({ patientId })));
      },
      ...changes.locator,
    },
    references: {
      publish: (patients) => {
        did.references.push(...patients);
        return Promise.resolve(patients.map(({ patientId }) => ({ patientId })));
      },
      forget: (ids) => {
        did.forgotten.push(...ids);
        return Promise.resolve();
      },
    },
    clock: new ManualClock(),
    logger: silentLogger,
  });
  return { publisher, did };
}

const unknown = (): Promise<never> => Promise.reject(new RecordsError('UNKNOWN_PATIENT', 'Not here.'));

describe('publishing a patient', () => {
  it('says by what and to whom it is to be found, and where its manifest is', async () => {
    const { publisher, did } = fixture();
    await publisher.handle({ patientId: 'one' });
    expect(did.published).toEqual([{ patientId: 'one', person: PERSON, listing: LISTED }]);
    expect(did.references).toEqual([{ patientId: 'one', contentId: 'of one' }]);
  });

  it('lets the consents have the last word about the listing', async () => {
    const consents = [{ resourceType: 'Consent' }];
    const named: PatientListing = { listing: 'named', hospitals: [{ did: 'did:x:b' }] };
    const { publisher, did } = fixture({
      records: { consents: () => Promise.resolve(consents) },
      consent: { listing: (set, given) => (set === LISTED && given === consents ? named : UNLISTED) },
    });
    await publisher.publish('one');
    expect(did.published[0]?.listing).toEqual(named);
  });

  it('goes one after the other, each with the listing as it is then: a slow older one does not come last', async () => {
    let listing = LISTED;
    const written: (PatientListing | undefined)[] = [];
    let releaseFirst: () => void = () => undefined;
    const firstIsSlow = new Promise<void>((resolve) => (releaseFirst = resolve));
    const { publisher } = fixture({
      records: { namedListing: () => Promise.resolve(listing) },
      locator: {
        publishPatient: async (_patientId, _person, wanted) => {
          if (written.length === 0) await firstIsSlow;
          written.push(wanted);
        },
        publishPatients: (patients) => {
          written.push(patients[0]?.listing);
          return Promise.resolve([]);
        },
      },
    });
    const first = publisher.publish('one');
    await new Promise((resolve) => setImmediate(resolve));
    listing = UNLISTED;
    const second = publisher.publishPointers(['two', 'one'], []);
    const third = publisher.publishPointers(['one', 'two'], []);
    releaseFirst();
    await Promise.all([first, second, third]);
    // The first has seen that the listing is another one now.
    expect(written).toEqual([LISTED, UNLISTED, UNLISTED, UNLISTED]);
  });

  it.each([
    ['one', (publisher: PatientPublisher) => publisher.publish('one')],
    ['many', (publisher: PatientPublisher) => publisher.publishPointers(['one', 'two'], ['dummy'])],
  ])('takes back what another replica has taken back while it was being written: %s', async (_what, publish) => {
    let listing = LISTED;
    const stands = new Map<string, PatientListing | undefined>();
    let reachSlow: () => void = () => undefined;
    let releaseSlow: () => void = () => undefined;
    const slowIsReached = new Promise<void>((resolve) => (reachSlow = resolve));
    const slowGoesOn = new Promise<void>((resolve) => (releaseSlow = resolve));
    const records = { namedListing: () => Promise.resolve(listing) };
    const write = async (wait: boolean, patientId: string, wanted: PatientListing | undefined): Promise<void> => {
      if (wait && wanted === LISTED) {
        reachSlow();
        await slowGoesOn;
      }
      stands.set(patientId, wanted);
    };
    const replica = (wait: boolean): PatientPublisher =>
      fixture({
        records,
        locator: {
          publishPatient: (patientId, _person, wanted) => write(wait, patientId, wanted),
          publishPatients: async (patients) => {
            for (const { patientId, listing: wanted } of patients) await write(wait, patientId, wanted);
            return patients.map(({ patientId }) => ({ patientId }));
          },
        },
      }).publisher;
    const slow = publish(replica(true));
    await slowIsReached;
    listing = UNLISTED;
    await replica(false).publish('one');
    releaseSlow();
    await slow;
    expect(stands.get('one')).toEqual(UNLISTED);
  });

  it('takes back what is published of a patient whom the hospital does not have any more', async () => {
    const { publisher, did } = fixture({ records: { readPatient: unknown, namedListing: unknown, consents: unknown, manifests: () => Promise.resolve([]) } });
    await publisher.publish('gone');
    expect(did.published).toEqual([{ patientId: 'gone', person: { identifiers: [] }, listing: UNLISTED }]);
    expect(did.forgotten).toEqual(['gone']);
  });

  it('publishes the others when one of many cannot be read', async () => {
    const bad = newId();
    const { publisher, did } = fixture({ records: { readPatient: (id) => (id === bad ? Promise.reject(new RecordsError('CIPHERTEXT_TAMPERED', 'No.')) : Promise.resolve(PATIENT)) } });
    const outcomes = await publisher.publishPointers(['one', bad, 'two'], ['dummy']);
    expect(did.together.map((patients) => patients.map(({ patientId }) => patientId))).toEqual([['one', 'two']]);
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([{ patientId: bad, error: expect.any(Error) }]);
    expect(outcomes).toHaveLength(3);
  });
});
