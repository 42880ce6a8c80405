import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TransactionRunner } from '@carecord/core';
import type { CountedUse, GuardianStore, StoredAdmissions, StoredCeremony, StoredKey } from '@carecord/locator';
import { filled } from './filled.ts';

const NAME = { epoch: 1, version: 3 };
const key = (epoch: number, version: number, mark = version): StoredKey => ({ epoch, version, statement: filled(40, mark) });
const ceremony = (change: Partial<StoredCeremony> = {}): StoredCeremony => ({ ...NAME, attempt: 0, phase: 'dealing', sealed: filled(64, 1), ...change });
const use = (amount: number, change: Partial<CountedUse> = {}): CountedUse => ({ period: '2026-11-30', subject: 'hospital did:a', amount, limit: 10, ...change });

/**
 * What every {@link GuardianStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeGuardianStore(name: string, makeStore: () => Promise<{ store: GuardianStore; transactions: TransactionRunner }>): void {
  describe(`GuardianStore: ${name}`, () => {
    let store: GuardianStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const saveKey = (saved: StoredKey): Promise<boolean> => transactions.run((transaction) => store.saveKey(transaction, saved));
    const count = (...uses: CountedUse[]): Promise<CountedUse | undefined> => transactions.run((transaction) => store.count(transaction, uses));

    describe('keys', () => {
      it('keeps the highest version of each epoch, newest epoch first', async () => {
        expect(await saveKey(key(1, 2))).toBe(true);
        expect(await saveKey(key(2, 5))).toBe(true);
        expect(await saveKey(key(1, 4))).toBe(true);
        expect(await store.keys()).toEqual([key(2, 5), key(1, 4)]);
      });

      it('refuses an older one and another one of the same version', async () => {
        await saveKey(key(1, 4));
        expect(await saveKey(key(1, 3))).toBe(false);
        expect(await saveKey(key(1, 4, 99))).toBe(false);
        expect(await store.keys()).toEqual([key(1, 4)]);
      });

      it('replaces the statement of this very version alone', async () => {
        await saveKey(key(1, 4));
        await transactions.run((transaction) => store.updateKey(transaction, key(1, 4, 99)));
        await transactions.run((transaction) => store.updateKey(transaction, key(1, 5, 98)));
        await transactions.run((transaction) => store.updateKey(transaction, key(2, 4, 97)));
        expect(await store.keys()).toEqual([key(1, 4, 99)]);
      });

      it('forgets an epoch with its shares', async () => {
        await saveKey(key(1, 4));
        await saveKey(key(2, 4));
        await transactions.run(async (transaction) => {
          await store.saveShare(transaction, { epoch: 1, version: 4, sealed: filled(60, 1) });
          await store.saveShare(transaction, { epoch: 2, version: 4, sealed: filled(60, 2) });
        });
        await transactions.run((transaction) => store.removeEpoch(transaction, 1));
        expect(await store.keys()).toEqual([key(2, 4)]);
        expect(await store.shares()).toEqual([{ epoch: 2, version: 4 }]);
      });
    });

    describe('shares', () => {
      it('are kept once, and removed', async () => {
        const share = { ...NAME, sealed: filled(60, 7) };
        await transactions.run((transaction) => store.saveShare(transaction, share));
        expect(await store.share(NAME)).toEqual(share);
        expect(await store.share({ epoch: 1, version: 4 })).toBeUndefined();
        await expect(transactions.run((transaction) => store.saveShare(transaction, { ...share, sealed: filled(60, 8) }))).rejects.toThrow();
        expect(await store.share(NAME)).toEqual(share);
        await transactions.run((transaction) => store.removeShare(transaction, NAME));
        expect(await store.share(NAME)).toBeUndefined();
        expect(await store.shares()).toEqual([]);
      });
    });

    describe('ceremonies', () => {
      it('begin once', async () => {
        expect(await transactions.run((transaction) => store.beginCeremony(transaction, ceremony()))).toBe(true);
        expect(await transactions.run((transaction) => store.beginCeremony(transaction, ceremony({ sealed: filled(64, 9) })))).toBe(false);
        expect(await store.ceremony(NAME)).toEqual(ceremony());
        expect(await store.ceremonies()).toEqual([ceremony()]);
      });

      it('move on from where they are alone: of two that move one, the second is told', async () => {
        await transactions.run((transaction) => store.beginCeremony(transaction, ceremony()));
        const echoed = ceremony({ phase: 'echoed', sealed: filled(64, 2) });
        const move = (to: StoredCeremony, from: StoredCeremony): Promise<boolean> => transactions.run((transaction) => store.replaceCeremony(transaction, to, from));
        expect(await move(echoed, ceremony())).toBe(true);
        expect(await move(ceremony({ attempt: 1 }), ceremony())).toBe(false);
        expect(await move(ceremony({ attempt: 1 }), ceremony({ attempt: 1, phase: 'echoed' }))).toBe(false);
        expect(await move({ ...echoed, epoch: 2 }, echoed)).toBe(false);
        expect(await store.ceremonies()).toEqual([echoed]);
        await transactions.run((transaction) => store.removeCeremony(transaction, NAME));
        expect(await store.ceremony(NAME)).toBeUndefined();
      });
    });

    describe('counts', () => {
      it('grow up to their limit, and not beyond', async () => {
        expect(await count(use(7))).toBeUndefined();
        expect(await count(use(4))).toEqual(use(4));
        expect(await count(use(3))).toBeUndefined();
        expect(await count(use(1))).toEqual(use(1));
        expect(await count(use(1, { subject: 'hospital did:b' }), use(10, { period: 'epoch-1' }))).toBeUndefined();
      });

      it('grow together or not at all', async () => {
        const other = use(1, { subject: 'clinician did:a x', limit: 0 });
        expect(await count(use(10), other)).toEqual(other);
        expect(await count(use(10))).toBeUndefined();
      });

      it('refuse what is more than the limit at once', async () => {
        expect(await count(use(11))).toEqual(use(11));
      });

      it('are not what a transaction that fails has counted', async () => {
        await expect(
          transactions.run(async (transaction) => {
            await store.count(transaction, [use(10)]);
            throw new Error('failed');
          }),
        ).rejects.toThrow('failed');
        expect(await count(use(10))).toBeUndefined();
      });

      it('stay right when many count at once', async () => {
        const refused = (await Promise.all(Array.from({ length: 14 }, () => count(use(1))))).filter((exceeded) => exceeded !== undefined);
        expect(refused).toHaveLength(4);
      });

      it('of days that are over are forgotten, those of epochs are not', async () => {
        await count(use(10, { period: '2026-11-29' }), use(10), use(10, { period: 'epoch-1' }));
        expect(await transactions.run((transaction) => store.removeCountsBefore(transaction, '2026-11-30'))).toBe(1);
        expect(await count(use(10, { period: '2026-11-29' }))).toBeUndefined();
        expect(await count(use(1))).toEqual(use(1));
        expect(await count(use(1, { period: 'epoch-1' }))).toEqual(use(1, { period: 'epoch-1' }));
      });
    });

    describe('admissions', () => {
      const admissions: StoredAdmissions = {
        hospital: 'did:a',
        admitted: 12,
        auditSequence: 40,
        statedAt: new Date('2026-11-30T10:00:00.000Z'),
        credited: 10,
        allowance: 7.5,
        allowedAt: new Date('2026-11-30T11:00:00.000Z'),
      };

      it('are kept and replaced', async () => {
        const [found, again] = await transactions.run(async (transaction) => {
          const before = await store.admissions(transaction, 'did:a');
          await store.saveAdmissions(transaction, admissions);
          return [before, await store.admissions(transaction, 'did:a')];
        });
        expect(found).toBeUndefined();
        expect(again).toEqual(admissions);
        const next = { ...admissions, admitted: 20, credited: 17, allowance: 0.25 };
        await transactions.run((transaction) => store.saveAdmissions(transaction, next));
        expect(await transactions.run((transaction) => store.admissions(transaction, 'did:a'))).toEqual(next);
        expect(await transactions.run((transaction) => store.admissions(transaction, 'did:b'))).toBeUndefined();
      });
    });
  });
}
