import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TransactionRunner } from '@carecord/core';
import type { MembershipDecision, MembershipStore, StoredMembership } from '@carecord/storage';

const NOW = new Date('2026-03-01T08:00:00Z');
const MINUTE = 60_000;

/** What every {@link MembershipStore} does. */
export function describeMembershipStore(name: string, make: () => Promise<{ readonly store: MembershipStore; readonly transactions: TransactionRunner }>): void {
  describe(`MembershipStore: ${name}`, () => {
    let store: MembershipStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await make());
    });

    const application = (did: string, minute = 0): Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'> => ({
      did,
      name: `Hospital ${did}`,
      history: `${did} 1\n`,
      appliedAt: new Date(NOW.getTime() + minute * MINUTE),
    });
    const apply = (did: string, minute = 0): Promise<StoredMembership> => transactions.run((transaction) => store.apply(transaction, application(did, minute)));
    const decide = (did: string, state: MembershipDecision['state'], more: Partial<MembershipDecision> = {}): Promise<StoredMembership> =>
      transactions.run((transaction) => store.decide(transaction, did, { state, decidedAt: NOW, ...more }));

    it('keeps an application as pending, and gives back what stands when it comes again', async () => {
      const pending = { did: 'did:a', name: 'Hospital did:a', state: 'pending', history: 'did:a 1\n', appliedAt: NOW };
      expect(await apply('did:a')).toMatchObject(pending);
      await decide('did:a', 'admitted', { decidedBy: 'somebody' });
      expect(await apply('did:a', 5)).toMatchObject({ ...pending, state: 'admitted', decidedBy: 'somebody', decidedAt: NOW });
      expect(await store.find('did:a')).toMatchObject({ state: 'admitted', statusIndex: 0 });
      expect(await store.find('did:b')).toBeUndefined();
    });

    it('keeps one application of two that come at once', async () => {
      const [one, other] = await Promise.all([apply('did:a', 1), apply('did:a', 2)]);
      expect(one).toEqual(other);
    });

    it('gives each admitted hospital a place of its own, and the same one for ever', async () => {
      for (const did of ['did:a', 'did:b', 'did:c']) await apply(did);
      const admitted = await Promise.all(['did:a', 'did:b', 'did:c'].map((did) => decide(did, 'admitted')));
      expect(admitted.map(({ statusIndex }) => statusIndex).sort()).toEqual([0, 1, 2]);
      const [first] = admitted;
      await decide('did:a', 'suspended');
      expect(await decide('did:a', 'admitted')).toMatchObject({ statusIndex: first?.statusIndex });
      await decide('did:a', 'revoked', { reasonCode: 'CLOSED' });
      expect(await store.find('did:a')).toMatchObject({ statusIndex: first?.statusIndex, reasonCode: 'CLOSED' });
    });

    it('tells the status of every place', async () => {
      for (const did of ['did:a', 'did:b', 'did:c', 'did:d']) await apply(did);
      for (const did of ['did:a', 'did:b', 'did:c']) await decide(did, 'admitted');
      await decide('did:b', 'suspended');
      await decide('did:c', 'revoked');
      await decide('did:d', 'refused');
      expect(await store.statuses()).toEqual([
        { index: 0, revoked: false, suspended: false },
        { index: 1, revoked: false, suspended: true },
        { index: 2, revoked: true, suspended: false },
      ]);
    });

    it('makes a refused application pending again, and no other', async () => {
      await apply('did:a');
      await apply('did:b');
      await decide('did:a', 'refused', { reasonCode: 'UNKNOWN' });
      await decide('did:b', 'admitted');
      for (const did of ['did:a', 'did:b']) await transactions.run((transaction) => store.applyAgain(transaction, { ...application(did, 7), name: 'Renamed' }));
      expect(await store.find('did:a')).toMatchObject({ state: 'pending', name: 'Renamed', appliedAt: new Date(NOW.getTime() + 7 * MINUTE), reasonCode: undefined, decidedAt: undefined });
      expect(await store.find('did:b')).toMatchObject({ state: 'admitted', name: 'Hospital did:b' });
    });

    it('replaces a history', async () => {
      await apply('did:a');
      await transactions.run((transaction) => store.saveHistory(transaction, 'did:a', 'did:a 1\ndid:a 2\n'));
      expect((await store.find('did:a'))?.history).toBe('did:a 1\ndid:a 2\n');
    });

    it('lists by the time of the application, a page at a time, and counts', async () => {
      await apply('did:b', 1);
      await apply('did:a', 2);
      await apply('did:c', 0);
      await decide('did:a', 'admitted');
      const dids = (rows: readonly StoredMembership[]): string[] => rows.map(({ did }) => did);
      expect(dids(await store.list({ offset: 0, limit: 10 }))).toEqual(['did:c', 'did:b', 'did:a']);
      expect(dids(await store.list({ offset: 1, limit: 1 }))).toEqual(['did:b']);
      expect(dids(await store.list({ states: ['pending'], offset: 0, limit: 10 }))).toEqual(['did:c', 'did:b']);
      expect([await store.count('pending'), await store.count('admitted'), await store.count('revoked')]).toEqual([2, 1, 0]);
    });

    it('leaves everything as it was when the transaction fails', async () => {
      await apply('did:a');
      const failing = transactions.run(async (transaction) => {
        await store.decide(transaction, 'did:a', { state: 'admitted', decidedAt: NOW });
        expect(await store.find('did:a', transaction)).toMatchObject({ state: 'admitted' });
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(await store.find('did:a')).toMatchObject({ state: 'pending', statusIndex: undefined });
    });
  });
}
