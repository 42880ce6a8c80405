import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { errorCodeOf } from '@carecord/core';
import { REWRAP_LEVELS } from '../index.ts';
import type { RewrapJob, RewrapLevel } from '../index.ts';
import { ACTOR, RewrappedHospital } from './rewrapping.fixture.ts';
import type { RewrappingStores } from './rewrapping.fixture.ts';

/**
 * For the tests beside and those of the storage: what re-wrapping does over any stores, made empty for every test.
 * @param options `deathStride`: dies at every so many calls. @default 1, every one
 */
export function describeRewrapping(name: string, makeStores: () => Promise<RewrappingStores>, { deathStride = 1 }: { readonly deathStride?: number } = {}): void {
  describe(`Re-wrapping: ${name}`, () => {
    let hospital: RewrappedHospital;
    beforeEach(async () => {
      hospital = await RewrappedHospital.open(await makeStores());
      for (let index = 0; index < 3; index += 1) await hospital.admitPatient();
    });
    const newestJob = async (): Promise<RewrapJob> => (await hospital.rewrapping.jobs())[0] as RewrapJob;
    const ids = (): string[] => [...hospital.expected.keys()].sort();

    describe.each(REWRAP_LEVELS)('of level %s', (level) => {
      it('leaves everything readable, with ciphertexts and content ids as they were', async () => {
        const versions = await Promise.all(ids().map((id) => hospital.records.releasable(id)));
        const manifests = await Promise.all(ids().map((id) => hospital.records.manifest(id)));
        const contentIds = versions.flat().map(({ contentId }) => contentId);
        const blocks = await hospital.records.readBlocks(contentIds);
        await hospital.rewrap(level);
        expect(await hospital.unreadable()).toEqual([]);
        expect(await hospital.records.readBlocks(contentIds)).toEqual(blocks);
        expect(await Promise.all(ids().map((id) => hospital.records.manifest(id)))).toEqual(manifests);
        expect(await Promise.all(ids().map((id) => hospital.records.releasable(id)))).toEqual(versions);
      });

      it('shows its progress, ends, and is told in the audit log', async () => {
        const begun = await hospital.rewrapping.start(level, ACTOR);
        expect(begun).toMatchObject({ level, state: 'running', done: 0, cursor: undefined, finishedAt: undefined });
        expect(begun.total).toBe(level === 'root' ? 2 : 3);
        expect(await hospital.rewrapping.jobs()).toEqual([begun]);
        await hospital.rewrapping.run();
        const job = await newestJob();
        expect(job).toMatchObject({ id: begun.id, state: 'finished', done: begun.total, total: begun.total, errorCode: undefined });
        expect(job.finishedAt).toEqual(hospital.clock.now());
        expect(await hospital.audit.list({ types: ['keys-rewrapped'], limit: 10 })).toMatchObject([
          { actor: { kind: 'system' }, outcome: 'success', detail: { level, phase: 'ended', done: begun.total } },
          { actor: ACTOR, outcome: 'success', detail: { level, phase: 'begun' } },
        ]);
        await hospital.rewrapping.run();
        expect(await newestJob()).toEqual(job);
      });

      it('runs once at a time, also when two begin at once', async () => {
        const answers = await Promise.allSettled([1, 2, 3].map(() => hospital.rewrapping.start(level, ACTOR)));
        expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
        for (const answer of answers) if (answer.status === 'rejected') expect(errorCodeOf(answer.reason)).toBe('REWRAP_RUNNING');
        await expect(hospital.rewrapping.start(level, ACTOR)).rejects.toMatchObject({ code: 'REWRAP_RUNNING' });
        await hospital.rewrapping.run();
        await expect(hospital.rewrap(level)).resolves.toBeUndefined();
        expect(await hospital.rewrapping.jobs()).toHaveLength(2);
        expect(await hospital.unreadable()).toEqual([]);
      });

      it('goes on where it stopped, wherever the process dies', async () => {
        hospital.faults.arm(Number.POSITIVE_INFINITY);
        await hospital.rewrap(level);
        const calls = hospital.faults.calls;
        expect(calls).toBeGreaterThan(5);
        for (let failAt = 1; failAt <= calls; failAt += deathStride) {
          hospital.faults.arm(failAt);
          await expect(hospital.rewrap(level)).rejects.toThrow('died on purpose');
          expect(await hospital.unreadable()).toEqual([]);
          hospital.faults.arm(Number.POSITIVE_INFINITY);
          if ((await newestJob()).state === 'running') await hospital.rewrapping.run();
          else await hospital.rewrap(level);
          expect(await newestJob()).toMatchObject({ state: 'finished', done: level === 'root' ? 2 : 3 });
          expect(await hospital.unreadable()).toEqual([]);
          expect(await hospital.place.keys.epochs()).toHaveLength(1);
        }
      });

      it('goes on beside admissions and readers, with several processes at the same job', async () => {
        await hospital.rewrapping.start(level, ACTOR);
        const [first] = ids() as [string];
        const running = [hospital.rewrapping.run(), hospital.rewrapping.run()];
        const working = [hospital.admitPatient(), hospital.admitVersions(first), hospital.unreadable(), hospital.admitPatient(), hospital.unreadable()];
        const [, , wrong, , wrongToo] = await Promise.all(working);
        await Promise.all(running);
        expect([wrong, wrongToo]).toEqual([[], []]);
        expect(await newestJob()).toMatchObject({ state: 'finished' });
        expect(await hospital.unreadable()).toEqual([]);
        expect(await hospital.place.keys.epochs()).toHaveLength(1);
        expect(new Set((await hospital.storedKeys()).map(({ patientId }) => patientId)).size).toBe(5);
      });

      it('stops between two batches when it is told to, and waits for a key holder that does not answer', async () => {
        await hospital.rewrapping.start(level, ACTOR);
        await hospital.rewrapping.run(AbortSignal.abort());
        expect(await newestJob()).toMatchObject({ state: 'running', done: 0 });
        hospital.holder.setReachable(false);
        await expect(hospital.rewrapping.run()).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
        expect(await newestJob()).toMatchObject({ state: 'running', errorCode: undefined });
        hospital.holder.setReachable(true);
        await hospital.rewrapping.run();
        expect(await newestJob()).toMatchObject({ state: 'finished' });
        expect(await hospital.unreadable()).toEqual([]);
      });
    });

    it('of all levels at once leaves everything readable', async () => {
      await Promise.all(REWRAP_LEVELS.map((level) => hospital.rewrapping.start(level, ACTOR)));
      const working = [hospital.admitPatient(), ...ids().map((id) => hospital.admitVersions(id)), hospital.unreadable()];
      await Promise.all([hospital.rewrapping.run(), hospital.rewrapping.run(), ...working]);
      await hospital.rewrapping.run();
      expect((await hospital.rewrapping.jobs()).map(({ state }) => state)).toEqual(['finished', 'finished', 'finished']);
      expect(await hospital.unreadable()).toEqual([]);
    });

    it('of one level that fails again and again does not keep the others from ending', async () => {
      await hospital.rewrapping.start('patient', ACTOR);
      await hospital.rewrapping.start('epoch', ACTOR);
      const broken = jest.spyOn(hospital.place.stores, 'findPatientVersions').mockRejectedValue(new Error('failed on purpose'));
      await expect(hospital.rewrapping.run()).rejects.toThrow('failed on purpose');
      const states = async (): Promise<string[]> => (await hospital.rewrapping.jobs()).map(({ level, state }) => `${level} ${state}`).sort();
      expect(await states()).toEqual(['epoch finished', 'patient running']);
      broken.mockRestore();
      await hospital.rewrapping.run();
      expect(await states()).toEqual(['epoch finished', 'patient finished']);
      expect(await hospital.unreadable()).toEqual([]);
    });

    it('root: old root keys are destroyed when nothing lies under them, and open nothing from then on', async () => {
      const backup = await hospital.storedKeys();
      const [patientId] = ids() as [string];
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual([]);
      await hospital.rewrapping.start('root', ACTOR);
      await expect(hospital.rewrapping.destroyOldRootKeys(ACTOR)).rejects.toMatchObject({ code: 'ROOT_KEY_IN_USE' });
      expect(await hospital.rewrapping.rootKeys()).toEqual([
        { id: 'root-1', isCurrent: false, isUsed: true },
        { id: 'root-2', isCurrent: true, isUsed: false },
      ]);
      await hospital.rewrapping.run();
      expect(new Set((await hospital.storedKeys()).map(({ epoch }) => epoch.rootKeyId))).toEqual(new Set(['root-2']));
      // Until then a backup of the wrapped keys is as good as the keys.
      await expect(hospital.recordsWithKeys(backup).readPatient(patientId)).resolves.toMatchObject({ resourceType: 'Patient' });
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual(['root-1']);
      await expect(hospital.recordsWithKeys(backup).readPatient(patientId)).rejects.toMatchObject({ code: 'KEY_TAMPERED' });
      expect(await hospital.rewrapping.rootKeys()).toEqual([{ id: 'root-2', isCurrent: true, isUsed: true }]);
      expect(await hospital.audit.list({ types: ['root-keys-destroyed'], limit: 10 })).toMatchObject([
        { actor: ACTOR, detail: { rootKey: 'root-1', phase: 'ended' } },
        { actor: ACTOR, detail: { rootKey: 'root-1', phase: 'begun' } },
      ]);
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual([]);
      expect(await hospital.unreadable()).toEqual([]);
    });

    it('root: a root key that is gone is in the audit log, also when the process dies before it has written that down', async () => {
      await hospital.rewrap('root');
      const destroy = hospital.holder.destroyRootKey.bind(hospital.holder);
      jest.spyOn(hospital.holder, 'destroyRootKey').mockImplementationOnce(async (id) => {
        await destroy(id);
        throw new Error('The process died on purpose.');
      });
      await expect(hospital.rewrapping.destroyOldRootKeys(ACTOR)).rejects.toThrow('died on purpose');
      expect((await hospital.rewrapping.rootKeys()).map(({ id }) => id)).toEqual(['root-2']);
      expect(await hospital.audit.list({ types: ['root-keys-destroyed'], limit: 10 })).toMatchObject([{ actor: ACTOR, detail: { rootKey: 'root-1', phase: 'begun' } }]);
    });

    it('root: a key of the node alone keeps an old root key, too', async () => {
      await hospital.holder.createRootKey();
      const { keys, transactions } = hospital.place;
      await hospital.rewrap('epoch');
      expect((await keys.epochs()).map(({ rootKeyId }) => rootKeyId)).toEqual(['root-2']);
      await expect(hospital.rewrapping.destroyOldRootKeys(ACTOR)).rejects.toMatchObject({ code: 'ROOT_KEY_IN_USE' });
      await hospital.ring.rewrapUnderNewestRoot();
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual(['root-1']);
      await transactions.run(async (transaction) => {
        expect(await hospital.ring.rootKeysInUse(transaction)).toEqual(['root-2']);
      });
    });

    it('root: takes the newest root key when nothing lies under it yet, else makes one', async () => {
      await hospital.holder.createRootKey();
      expect(await hospital.rewrapping.start('root', ACTOR)).toMatchObject({ target: 'root-2' });
      await hospital.rewrapping.run();
      expect(await hospital.rewrapping.start('root', ACTOR)).toMatchObject({ target: 'root-3' });
      await hospital.rewrapping.run();
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual(['root-1', 'root-2']);
      expect(await hospital.unreadable()).toEqual([]);
    });

    it('root: a key of the node that does not open is left as it is, the others are done, and the job says so', async () => {
      const { nodeKeys, transactions } = hospital.place;
      const [damaged] = await nodeKeys.list();
      if (damaged?.wrapped === undefined) throw new Error('There is no key.');
      const wrapped = { ...damaged.wrapped, ciphertext: damaged.wrapped.ciphertext.with(20, (damaged.wrapped.ciphertext[20] ?? 0) ^ 1) };
      await transactions.run((transaction) => nodeKeys.update(transaction, [{ ...damaged, wrapped }]));
      await hospital.rewrap('root');
      expect(await newestJob()).toMatchObject({ state: 'failed', done: 1, total: 2, errorCode: 'KEY_TAMPERED' });
      await expect(hospital.rewrapping.destroyOldRootKeys(ACTOR)).rejects.toMatchObject({ code: 'ROOT_KEY_IN_USE' });
      await transactions.run((transaction) => nodeKeys.update(transaction, [damaged]));
      await hospital.rewrap('root');
      expect(await newestJob()).toMatchObject({ state: 'finished' });
      expect(await hospital.rewrapping.destroyOldRootKeys(ACTOR)).toEqual(['root-1', 'root-2']);
      expect(await hospital.unreadable()).toEqual([]);
    });

    it('root: makes no second root key of a number when the key holder is older than the database', async () => {
      await hospital.rewrap('root');
      const ids = jest.spyOn(hospital.holder, 'rootKeyIds').mockResolvedValue(['root-1']);
      const create = jest.spyOn(hospital.holder, 'createRootKey');
      await expect(hospital.rewrapping.start('root', ACTOR)).rejects.toMatchObject({ code: 'ROOT_KEY_UNKNOWN', message: expect.stringContaining('root-2') });
      expect([create.mock.calls.length, (await hospital.rewrapping.jobs()).length]).toEqual([0, 1]);
      ids.mockRestore();
      await hospital.rewrap('root');
      expect((await hospital.rewrapping.rootKeys()).at(-1)).toMatchObject({ id: 'root-3', isUsed: true });
    });

    it('epoch: new patients lie under the new epoch at once, and the old one is gone afterwards', async () => {
      const backup = await hospital.storedKeys();
      expect(await hospital.rewrapping.start('epoch', ACTOR)).toMatchObject({ target: '2' });
      const added = await hospital.admitPatient();
      expect(await hospital.place.keys.findPatientKeys([added])).toMatchObject([{ epochNumber: 2, number: 1 }]);
      expect((await hospital.place.keys.epochs()).map(({ number }) => number)).toEqual([1, 2]);
      await hospital.rewrapping.run();
      const [epoch] = await hospital.place.keys.epochs();
      expect(epoch?.number).toBe(2);
      const after = await hospital.storedKeys();
      expect(after.every(({ epochNumber }) => epochNumber === 2)).toBe(true);
      expect(after.find(({ patientId }) => patientId === backup[0]?.patientId)?.createdAt).toEqual(backup[0]?.createdAt);
      // What lay under the old epoch key does not open under the new one, nor under its number.
      const restored = backup.map((key) => ({ ...key, epochNumber: 2, epoch: epoch as NonNullable<typeof epoch> }));
      await expect(hospital.recordsWithKeys(restored).readPatient(ids()[0] as string)).rejects.toMatchObject({ code: 'KEY_TAMPERED' });
    });

    it('patient: the key before opens nothing that is stored now', async () => {
      const backup = await hospital.storedKeys();
      await hospital.rewrap('patient');
      const after = await hospital.storedKeys();
      expect(after.map(({ number }) => number)).toEqual([2, 2, 2]);
      for (const patientId of ids()) {
        await expect(hospital.recordsWithKeys(backup).readPatient(patientId)).rejects.toMatchObject({ code: 'KEY_TAMPERED' });
      }
      // Nor does the new key with the number of the one before, or in another patient's place.
      const renumbered = after.map((key) => ({ ...key, number: 1 }));
      await expect(hospital.recordsWithKeys(renumbered).readPatient(ids()[0] as string)).rejects.toMatchObject({ code: 'KEY_TAMPERED' });
    });

    it.each<RewrapLevel>(['epoch', 'patient'])('%s: a key that does not open is left as it is, the others are done, and the job says so', async (level) => {
      const [damaged] = await hospital.storedKeys();
      if (damaged === undefined) throw new Error('There is no key.');
      const wrappedKey = damaged.wrappedKey.with(20, (damaged.wrappedKey[20] ?? 0) ^ 1);
      await hospital.place.transactions.run((transaction) => hospital.place.keys.replacePatientKeys(transaction, [{ ...damaged, wrappedKey }]));
      await hospital.rewrap(level);
      expect(await newestJob()).toMatchObject({ state: 'failed', done: 2, total: 3, errorCode: 'KEY_TAMPERED' });
      expect(await hospital.place.keys.findPatientKeys([damaged.patientId])).toMatchObject([{ epochNumber: 1, number: 1, wrappedKey }]);
      expect(await hospital.audit.list({ types: ['keys-rewrapped'], limit: 1 })).toMatchObject([{ outcome: 'failure', reasonCode: 'KEY_TAMPERED' }]);
      hospital.expected.delete(damaged.patientId);
      expect(await hospital.unreadable()).toEqual([]);
      // Whoever mends the key can go on: its epoch is still there.
      await hospital.place.transactions.run((transaction) => hospital.place.keys.replacePatientKeys(transaction, [damaged]));
      await hospital.rewrap(level);
      expect(await newestJob()).toMatchObject({ state: 'finished' });
      await expect(hospital.records.readPatient(damaged.patientId)).resolves.toBeDefined();
    });
  });
}
