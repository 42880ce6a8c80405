import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { RewrapJob, RewrapJobStore } from '@carecord/records';

const NOW = new Date('2026-03-01T12:00:00.123Z');
const LATER = new Date('2026-03-02T12:00:00.000Z');

/**
 * What every {@link RewrapJobStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeRewrapJobStore(name: string, makeStore: () => Promise<{ store: RewrapJobStore; transactions: TransactionRunner }>): void {
  describe(`RewrapJobStore: ${name}`, () => {
    let store: RewrapJobStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const insert = (job: RewrapJob): Promise<boolean> => transactions.run((transaction) => store.insert(transaction, job));
    const update = (job: RewrapJob): Promise<void> => transactions.run((transaction) => store.update(transaction, job));

    it('keeps a job as it is given, and shows it to nobody before it is committed', async () => {
      const job = { ...aJob('epoch', NOW), target: '2', cursor: 'last', done: 3, total: 9 };
      await transactions.run(async (transaction) => {
        expect(await store.insert(transaction, job)).toBe(true);
        expect(await store.lock(transaction, job.id)).toEqual(job);
        expect(await store.running()).toEqual([]);
      });
      expect(await store.running()).toEqual([job]);
      expect(await store.list(10)).toEqual([job]);
    });

    it('writes what changes, and gives everything back', async () => {
      const job = aJob('root', NOW);
      await insert(job);
      const ended: RewrapJob = { ...job, state: 'failed', target: 'root-2', cursor: '7', done: 4, total: 5, updatedAt: LATER, finishedAt: LATER, errorCode: 'KEY_TAMPERED' };
      await update({ ...ended, level: 'patient', startedAt: LATER });
      expect(await store.list(10)).toEqual([ended]);
      await update({ ...ended, cursor: undefined, finishedAt: undefined, errorCode: undefined });
      expect(await store.list(10)).toEqual([{ ...ended, cursor: undefined, finishedAt: undefined, errorCode: undefined }]);
    });

    it('has one running job a level: rivals at once are told', async () => {
      const answers = await Promise.all([insert(aJob('root', NOW)), insert(aJob('root', NOW)), insert(aJob('epoch', NOW)), insert(aJob('root', NOW))]);
      expect(answers.filter((added) => added)).toHaveLength(2);
      const running = await store.running();
      expect(running.map(({ level }) => level).sort()).toEqual(['epoch', 'root']);
      const ended = running.find(({ level }) => level === 'root') as RewrapJob;
      await update({ ...ended, state: 'finished', finishedAt: LATER });
      expect(await insert(aJob('root', LATER))).toBe(true);
    });

    it('lists the newest first, and those that are running the oldest first', async () => {
      const [root, epoch, patient] = [aJob('root', NOW), aJob('epoch', LATER), aJob('patient', new Date(LATER.getTime() + 1))];
      for (const job of [epoch, root, patient]) await insert(job);
      await update({ ...epoch, state: 'finished' });
      expect((await store.running()).map(({ id }) => id)).toEqual([root.id, patient.id]);
      expect((await store.list(2)).map(({ id }) => id)).toEqual([patient.id, epoch.id]);
    });

    it('locks: of two who count at once, each sees what the other has counted', async () => {
      const job = aJob('patient', NOW);
      await insert(job);
      const count = (): Promise<void> =>
        transactions.run(async (transaction) => {
          const locked = (await store.lock(transaction, job.id)) as RewrapJob;
          await store.update(transaction, { ...locked, done: locked.done + 1 });
        });
      await Promise.all([count(), count(), count(), count()]);
      expect(await store.list(1)).toMatchObject([{ done: 4 }]);
    });

    it('has no job that nobody added, and keeps none of a transaction that fails', async () => {
      const job = aJob('root', NOW);
      const failing = transactions.run(async (transaction) => {
        await store.insert(transaction, job);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      await transactions.run(async (transaction) => {
        expect(await store.lock(transaction, job.id)).toBeUndefined();
      });
      await expect(update(job)).rejects.toThrow();
      expect(await store.list(10)).toEqual([]);
    });
  });
}

function aJob(level: RewrapJob['level'], startedAt: Date): RewrapJob {
  const empty = { cursor: undefined, done: 0, total: 0, finishedAt: undefined, errorCode: undefined };
  return { id: newId(), level, state: 'running', target: '', ...empty, startedAt, updatedAt: startedAt };
}
