import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StatusListStore, StoredStatusList } from '@carecord/identity';

const NOW = new Date('2026-03-01T12:00:00.000Z');

/**
 * What every {@link StatusListStore} does.
 * @param makeStore an empty store, fresh for every test
 */
export function describeStatusListStore(name: string, makeStore: () => Promise<StatusListStore>): void {
  let store: StatusListStore;
  beforeEach(async () => {
    store = await makeStore();
  });

  describe(`StatusListStore: ${name}`, () => {
    it('is empty at first, and then has one list of each authority', async () => {
      expect(await store.all()).toEqual([]);
      const [a, b] = [aList('did:example:a', 0), aList('did:example:b', 1)];
      await store.save(a);
      await store.save(b);
      expect(sorted(await store.all())).toEqual([a, b]);
    });

    it('keeps the newer of two, in whatever order they come', async () => {
      const [older, newer] = [aList('did:example:a', 0), aList('did:example:a', 1)];
      await store.save(older);
      await store.save(newer);
      expect(await store.all()).toEqual([newer]);
      await store.save(older);
      expect(await store.all()).toEqual([newer]);
    });

    it('keeps the first of two of the same instant', async () => {
      const first = aList('did:example:a', 0);
      await store.save(first);
      await store.save({ ...first, jws: { ...first.jws, payload: 'b3RoZXI' } });
      expect(await store.all()).toEqual([first]);
    });

    it('keeps the newest of many that come at once', async () => {
      const lists = [3, 1, 4, 0, 2].map((minutes) => aList('did:example:a', minutes));
      await Promise.all(lists.map((list) => store.save(list)));
      expect(await store.all()).toEqual([aList('did:example:a', 4)]);
    });
  });
}

function aList(authority: string, minutes: number): StoredStatusList {
  const signature = { protected: 'eyJhbGciOiJFZDI1NTE5In0', signature: 'c2lnbmF0dXJl' };
  return {
    authority,
    issuedAt: new Date(NOW.getTime() + minutes * 60_000),
    jws: { payload: Buffer.from(`${authority} ${minutes}`).toString('base64url'), signatures: [signature, signature] },
  };
}

function sorted(lists: readonly StoredStatusList[]): StoredStatusList[] {
  return [...lists].sort((left, right) => (left.authority < right.authority ? -1 : 1));
}
