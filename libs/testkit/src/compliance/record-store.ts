import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { Transaction, TransactionRunner } from '@carecord/core';
import type { ClaimedRecord, PatientClaim, RecordClaim, RecordStore, StoredManifest, StoredPatient, StoredVersion, StoredVersionHeader } from '@carecord/records';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.123Z');
const LATER = new Date('2026-03-02T12:00:00.000Z');

/**
 * What every {@link RecordStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeRecordStore(name: string, makeStore: () => Promise<{ store: RecordStore; transactions: TransactionRunner }>): void {
  describe(`RecordStore: ${name}`, () => {
    let store: RecordStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const run = <Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> => transactions.run(work);
    const claimPatients = (...claims: PatientClaim[]): Promise<StoredPatient[]> => run((transaction) => store.claimPatients(transaction, claims));
    const claimRecords = (...claims: RecordClaim[]): Promise<ClaimedRecord[]> => run((transaction) => store.claimRecords(transaction, claims));
    const insertVersions = (...versions: StoredVersion[]): Promise<void> => run((transaction) => store.insertVersions(transaction, versions));
    const aPatient = async (seed: number, createdAt = NOW): Promise<string> => {
      const id = newId();
      await claimPatients({ logicalToken: token(seed), create: { id, listing: 'listed', createdAt } });
      return id;
    };
    const failing = (work: (transaction: Transaction) => Promise<unknown>): Promise<void> =>
      expect(
        run(async (transaction) => {
          await work(transaction);
          throw new Error('failed on purpose');
        }),
      ).rejects.toThrow('failed on purpose');

    describe('patients', () => {
      it('creates what is new, keeps what is known, leaves out what may not be created', async () => {
        const known = await aPatient(1);
        const created = { id: newId(), listing: 'unlisted', createdAt: LATER } as const;
        const claimed = await claimPatients(
          { logicalToken: token(1), create: { ...created, id: newId() } },
          { logicalToken: token(2), create: created },
          { logicalToken: token(3) },
        );
        const expected = [
          { id: known, logicalToken: token(1), listing: 'listed', createdAt: NOW },
          { ...created, logicalToken: token(2) },
        ];
        expect(claimed).toHaveLength(2);
        expect(claimed).toEqual(expect.arrayContaining(expected));
        expect(await store.findPatients([known, created.id, newId()])).toEqual(expect.arrayContaining(expected));
      });

      it('claims a known patient without creating', async () => {
        const id = await aPatient(1);
        expect(await claimPatients({ logicalToken: token(1) })).toEqual([{ id, logicalToken: token(1), listing: 'listed', createdAt: NOW }]);
        expect(await claimPatients()).toEqual([]);
      });

      it('gives rivals who create the same patients at once the same rows, in whatever order they ask', async () => {
        const claims = (): PatientClaim[] =>
          [1, 2, 3].map((seed) => ({ logicalToken: token(seed), create: { id: newId(), listing: 'listed', createdAt: NOW } }));
        const answers = await Promise.all([claimPatients(...claims()), claimPatients(...claims().reverse()), claimPatients(...claims())]);
        const ids = answers.map((patients) => patients.map(({ id }) => id).sort());
        expect(ids[1]).toEqual(ids[0]);
        expect(ids[2]).toEqual(ids[0]);
        expect(new Set(ids[0]).size).toBe(3);
      });

      it('keeps the sealed hospitals of a listing until there is another one', async () => {
        const id = await aPatient(1);
        const set = (listing: 'named' | 'unlisted', sealedHospitals?: Uint8Array): Promise<void> =>
          transactions.run((transaction) => store.setListing(transaction, id, listing, sealedHospitals));
        await set('named', filled(60, 4));
        expect(await store.findPatients([id])).toMatchObject([{ id, listing: 'named', sealedHospitals: filled(60, 4) }]);
        const locked = await transactions.run((transaction) => store.lockPatients(transaction, [id]));
        expect(locked).toMatchObject([{ sealedHospitals: filled(60, 4) }]);
        expect(await claimPatients({ logicalToken: token(1) })).toMatchObject([{ sealedHospitals: filled(60, 4) }]);
        await set('unlisted');
        expect((await store.findPatients([id]))[0]).not.toHaveProperty('sealedHospitals');
      });

      it('changes the listing of the locked patient alone', async () => {
        const [id, other] = [await aPatient(1), await aPatient(2)];
        await run(async (transaction) => {
          expect(await store.lockPatients(transaction, [id, newId()])).toMatchObject([{ id, listing: 'listed' }]);
          await store.setListing(transaction, id, 'unlisted');
          expect(await store.lockPatients(transaction, [id])).toMatchObject([{ id, listing: 'unlisted' }]);
          expect(await store.findPatients([id])).toMatchObject([{ id, listing: 'listed' }]);
        });
        expect(await store.findPatients([id])).toMatchObject([{ listing: 'unlisted' }]);
        expect(await store.findPatients([other])).toMatchObject([{ listing: 'listed' }]);
      });

      it('lets two transactions that lock the same patients in opposite order both finish', async () => {
        const [first, second] = [await aPatient(1), await aPatient(2)];
        const lock = (...ids: string[]): Promise<number> => run(async (transaction) => (await store.lockPatients(transaction, ids)).length);
        expect(await Promise.all([lock(first, second), lock(second, first), lock(first, second), lock(second, first)])).toEqual([2, 2, 2, 2]);
      });

      it('keeps no patient of a transaction that fails', async () => {
        const id = newId();
        await failing((transaction) => store.claimPatients(transaction, [{ logicalToken: token(1), create: { id, listing: 'listed', createdAt: NOW } }]));
        expect(await store.findPatients([id])).toEqual([]);
        expect(await claimPatients({ logicalToken: token(1) })).toEqual([]);
      });
    });

    describe('identifier tokens', () => {
      const replace = (patientId: string, ...tokens: Uint8Array[]): Promise<void> =>
        run((transaction) => store.replaceIdentifierTokens(transaction, [{ patientId, tokens }]));

      it('finds all patients with the token, the oldest first', async () => {
        const [young, old, other] = [await aPatient(1, LATER), await aPatient(2, NOW), await aPatient(3)];
        await run((transaction) =>
          store.replaceIdentifierTokens(transaction, [
            { patientId: young, tokens: [token(101), token(102)] },
            { patientId: old, tokens: [token(101)] },
            { patientId: other, tokens: [token(103)] },
          ]),
        );
        expect(await store.findPatientIds(token(101))).toEqual([old, young]);
        expect(await store.findPatientIds(token(102))).toEqual([young]);
        expect(await store.findPatientIds(token(199))).toEqual([]);
      });

      it('replaces a patient’s tokens, also by none', async () => {
        const [id, other] = [await aPatient(1), await aPatient(2)];
        await replace(id, token(101), token(102));
        await replace(other, token(101));
        await replace(id, token(102), token(103));
        expect(await store.findPatientIds(token(101))).toEqual([other]);
        expect(await store.findPatientIds(token(102))).toEqual([id]);
        expect(await store.findPatientIds(token(103))).toEqual([id]);
        await replace(id);
        expect(await store.findPatientIds(token(103))).toEqual([]);
      });

      it('keeps the tokens from before when a transaction fails', async () => {
        const id = await aPatient(1);
        await replace(id, token(101));
        await failing((transaction) => store.replaceIdentifierTokens(transaction, [{ patientId: id, tokens: [token(102)] }]));
        expect(await store.findPatientIds(token(101))).toEqual([id]);
        expect(await store.findPatientIds(token(102))).toEqual([]);
      });
    });

    describe('records and versions', () => {
      it('counts the versions of a record: new 1, then one more with every claim', async () => {
        const patientId = await aPatient(1);
        const [claim, directory] = [aClaim(1, patientId), aClaim(2)];
        const first = await claimRecords(claim, directory);
        expect(first).toHaveLength(2);
        expect(first).toEqual(expect.arrayContaining([{ ...claim, versionNumber: 1 }, { ...directory, versionNumber: 1 }]));
        expect(await claimRecords({ ...claim, id: newId() })).toEqual([{ ...claim, versionNumber: 2 }]);
        expect(await claimRecords({ ...directory, id: newId() })).toEqual([{ ...directory, versionNumber: 2 }]);
        expect(await claimRecords()).toEqual([]);
      });

      it('leaves a known record with its owner and type, whoever claims it', async () => {
        const [patientId, other] = [await aPatient(1), await aPatient(2)];
        const claim = aClaim(1, patientId);
        await claimRecords(claim);
        expect(await claimRecords({ ...aClaim(1, other), resourceType: 'Condition' })).toEqual([{ ...claim, versionNumber: 2 }]);
        expect(await claimRecords(aClaim(1))).toEqual([{ ...claim, versionNumber: 3 }]);
      });

      it('gives rivals distinct version numbers of the same record', async () => {
        const patientId = await aPatient(1);
        const claims = (): RecordClaim[] => [aClaim(1, patientId), aClaim(2, patientId)];
        const answers = await Promise.all([claimRecords(...claims()), claimRecords(...claims().reverse()), claimRecords(...claims())]);
        const numbers = answers.flat().map(({ logicalToken, versionNumber }) => `${String(logicalToken[0])}:${versionNumber}`);
        expect(numbers.sort()).toEqual(['1:1', '1:2', '1:3', '2:1', '2:2', '2:3']);
      });

      it('does not count the claim of a transaction that fails', async () => {
        const claim = aClaim(1);
        await claimRecords(claim);
        await failing((transaction) => store.claimRecords(transaction, [claim, aClaim(2)]));
        expect(await claimRecords(claim)).toMatchObject([{ versionNumber: 2 }]);
        expect(await claimRecords(aClaim(2))).toMatchObject([{ versionNumber: 1 }]);
      });

      it('gives back versions as they were stored, with and without their bytes', async () => {
        const patientId = await aPatient(1);
        const [record, directory] = await claimRecords(aClaim(1, patientId), aClaim(2)).then(byToken);
        const versions = [aVersion(record, 'content-1'), aVersion(directory, 'content-2')];
        await insertVersions(...versions);
        await insertVersions();
        const ids = ['content-2', 'content-1', 'content-9'];
        const found = await store.findVersions(ids);
        expect(found).toHaveLength(2);
        expect(found).toEqual(expect.arrayContaining(versions));
        const headers = await store.findVersionHeaders(ids);
        expect(headers).toHaveLength(2);
        expect(headers).toEqual(expect.arrayContaining(versions.map(headerOf)));
        expect(await store.findVersions([])).toEqual([]);
        expect(await store.findVersionHeaders([])).toEqual([]);
      });

      it('keeps a large version, and a thousand small ones in one statement', async () => {
        const [record] = await claimRecords(aClaim(1));
        const large = { ...aVersion(record, 'large'), ciphertext: new Uint8Array(10 * 1024 * 1024).fill(7) };
        const claimed = await claimRecords(...Array.from({ length: 1_000 }, (_, index) => ({ ...aClaim(0), logicalToken: wideToken(index) })));
        const small = claimed.map((claim, index) => aVersion(claim, `small-${index}`));
        await insertVersions(large, ...small);
        const [found] = await store.findVersions(['large']);
        expect(found !== undefined && Buffer.compare(found.ciphertext, large.ciphertext)).toBe(0);
        expect(await store.findVersions(small.map(({ contentId }) => contentId))).toHaveLength(1_000);
      });

      it('refuses a version number or a content id that exists', async () => {
        const [record, other] = await claimRecords(aClaim(1), aClaim(2)).then(byToken);
        await insertVersions(aVersion(record, 'content-1'));
        await expect(insertVersions(aVersion(other, 'content-1'))).rejects.toThrow();
        await expect(insertVersions(aVersion(record, 'content-2'))).rejects.toThrow();
        expect(await store.findVersions(['content-1', 'content-2'])).toEqual([aVersion(record, 'content-1')]);
      });

      it('keeps and shows no version of a transaction that fails', async () => {
        const [record] = await claimRecords(aClaim(1));
        await failing(async (transaction) => {
          await store.insertVersions(transaction, [aVersion(record, 'content-1')]);
          expect(await store.findVersions(['content-1'])).toEqual([]);
        });
        expect(await store.findVersions(['content-1'])).toEqual([]);
      });

      it('finds the newest versions of directory records alone', async () => {
        const patientId = await aPatient(1);
        const [owned, first] = await claimRecords(aClaim(1, patientId), aClaim(2)).then(byToken);
        await insertVersions(aVersion(owned, 'owned'), aVersion(first, 'first'));
        const [second] = await claimRecords(aClaim(2));
        await insertVersions(aVersion(second, 'second'));
        const expected = [{ ...aVersion(second, 'second'), logicalToken: token(2) }];
        expect(await store.findDirectoryVersions([token(1), token(2), token(3)])).toEqual(expected);
        expect(await store.findDirectoryVersions([])).toEqual([]);
      });
    });

    describe('data keys', () => {
      it('are found of one patient’s versions alone, and replaced without touching anything else', async () => {
        const [patientId, other] = [await aPatient(1), await aPatient(2)];
        const [first, foreign, directory] = await claimRecords(aClaim(1, patientId), aClaim(2, other), aClaim(3)).then(byToken);
        const [second] = await claimRecords(aClaim(1, patientId));
        const versions = [aVersion(first, 'first'), aVersion(second, 'second'), aVersion(foreign, 'foreign'), aVersion(directory, 'directory')];
        await insertVersions(...versions);
        const [replaced, kept] = [new Uint8Array(61).fill(201), versions[1] as StoredVersion];
        await run(async (transaction) => {
          const found = await store.findPatientVersions(transaction, patientId);
          expect(found).toHaveLength(2);
          expect(found).toEqual(expect.arrayContaining(versions.slice(0, 2).map(headerOf)));
          await store.replaceVersionKeys(transaction, [{ contentId: 'first', wrappedDataKey: replaced }, { contentId: 'unknown', wrappedDataKey: replaced }]);
          await store.replaceVersionKeys(transaction, []);
          expect(await store.findPatientVersions(transaction, patientId)).toContainEqual({ ...headerOf(versions[0] as StoredVersion), wrappedDataKey: replaced });
          expect(await store.findPatientVersions(transaction, newId())).toEqual([]);
        });
        expect(await store.findVersions(['first', 'second'])).toEqual(expect.arrayContaining([{ ...versions[0], wrappedDataKey: replaced }, kept]));
        expect(await store.findVersions(['foreign', 'directory'])).toEqual(expect.arrayContaining(versions.slice(2)));
      });

      it('of manifests are replaced without touching anything else', async () => {
        const [patientId, other] = [await aPatient(1), await aPatient(2)];
        await run((transaction) => store.putManifests(transaction, [aManifest(patientId, 1), aManifest(other, 1)]));
        const replaced = new Uint8Array(61).fill(201);
        await run((transaction) => store.replaceManifestKey(transaction, patientId, replaced));
        await run((transaction) => store.replaceManifestKey(transaction, newId(), replaced));
        await failing((transaction) => store.replaceManifestKey(transaction, other, replaced));
        expect(await store.findManifests([patientId])).toEqual([{ ...aManifest(patientId, 1), wrappedDataKey: replaced }]);
        expect(await store.findManifests([other])).toEqual([aManifest(other, 1)]);
      });
    });

    describe('manifests', () => {
      const put = (...manifests: StoredManifest[]): Promise<void> => run((transaction) => store.putManifests(transaction, manifests));

      it('keeps the newest manifest of each patient', async () => {
        const [one, two, none] = [await aPatient(1), await aPatient(2), await aPatient(3)];
        await put(aManifest(one, 1), aManifest(two, 1));
        await put(aManifest(one, 2));
        await put();
        const found = await store.findManifests([one, two, none]);
        expect(found).toHaveLength(2);
        expect(found).toEqual(expect.arrayContaining([aManifest(one, 2), aManifest(two, 1)]));
        expect(await store.findManifests([])).toEqual([]);
      });

      it('shows a manifest to its own transaction before anybody else sees it', async () => {
        const id = await aPatient(1);
        await put(aManifest(id, 1));
        await run(async (transaction) => {
          await store.putManifests(transaction, [aManifest(id, 2)]);
          expect(await store.findManifests([id], transaction)).toEqual([aManifest(id, 2)]);
          expect(await store.findManifests([id])).toEqual([aManifest(id, 1)]);
        });
        await failing((transaction) => store.putManifests(transaction, [aManifest(id, 3)]));
        expect(await store.findManifests([id])).toEqual([aManifest(id, 2)]);
      });
    });
  });
}

function aClaim(seed: number, patientId?: string): RecordClaim {
  return { id: newId(), logicalToken: token(seed), resourceType: 'Observation', ...(patientId === undefined ? {} : { patientId }) };
}

function aVersion(record: ClaimedRecord | undefined, contentId: string): StoredVersion {
  if (record === undefined) throw new Error('No record was claimed.');
  const { id: recordId, versionNumber, resourceType, patientId } = record;
  const owner = patientId === undefined ? {} : { patientId };
  const [ciphertext, wrappedDataKey] = [Uint8Array.of(0, 255, versionNumber), new Uint8Array(61).fill(versionNumber)];
  return { recordId, versionNumber, resourceType, ...owner, contentId, ciphertext, wrappedDataKey, recordedAt: NOW };
}

function headerOf({ recordId, versionNumber, resourceType, patientId, contentId, wrappedDataKey, recordedAt }: StoredVersion): StoredVersionHeader {
  const owner = patientId === undefined ? {} : { patientId };
  return { recordId, versionNumber, resourceType, ...owner, contentId, wrappedDataKey, recordedAt };
}

function aManifest(patientId: string, sequence: number): StoredManifest {
  const [ciphertext, wrappedDataKey] = [Uint8Array.of(0, 255, sequence), new Uint8Array(61).fill(sequence)];
  return { patientId, sequence, contentId: `manifest-${patientId}-${sequence}`, ciphertext, wrappedDataKey, recordedAt: NOW };
}

function byToken(records: readonly ClaimedRecord[]): ClaimedRecord[] {
  return records.toSorted((left, right) => (left.logicalToken[0] ?? 0) - (right.logicalToken[0] ?? 0));
}

function token(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

/** One of many: no two indices give the same. */
function wideToken(index: number): Uint8Array {
  return new Uint8Array(32).fill(200).fill(index % 256, 0, 1).fill(index >> 8, 1, 2);
}
