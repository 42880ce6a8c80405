import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DidHistoryStore, RememberedDid } from '@carecord/identity';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const DID = 'did:webvh:QmSCID:a.hospital.example';

/**
 * What every {@link DidHistoryStore} does.
 * @param makeStore an empty store, fresh for every test
 */
export function describeDidHistoryStore(name: string, makeStore: () => Promise<DidHistoryStore>): void {
  let store: DidHistoryStore;
  beforeEach(async () => {
    store = await makeStore();
  });

  describe(`DidHistoryStore: ${name}`, () => {
    it('finds what was remembered of a DID, and nothing of another', async () => {
      await store.save(aVersion(1));
      expect(await store.find(DID)).toEqual(aVersion(1));
      expect(await store.find('did:webvh:QmSCID:b.hospital.example')).toBeUndefined();
    });

    it('keeps the higher of two versions, in whatever order they come', async () => {
      await store.save(aVersion(9));
      await store.save(aVersion(10));
      expect(await store.find(DID)).toEqual(aVersion(10));
      await store.save({ ...aVersion(9), seenAt: new Date(NOW.getTime() + 60_000) });
      expect(await store.find(DID)).toEqual(aVersion(10));
    });

    it('notes that a version was seen again, and not that it was seen before', async () => {
      const [earlier, later] = [new Date(NOW.getTime() - 60_000), new Date(NOW.getTime() + 60_000)];
      await store.save(aVersion(1));
      await store.save({ ...aVersion(1), history: 'with more witnesses', seenAt: later });
      expect(await store.find(DID)).toEqual({ ...aVersion(1), history: 'with more witnesses', seenAt: later });
      await store.save({ ...aVersion(1), seenAt: earlier });
      expect(await store.find(DID)).toMatchObject({ seenAt: later });
    });

    it('keeps the first of two versions of one number', async () => {
      await store.save(aVersion(2));
      await store.save({ ...aVersion(2), versionId: '2-QmFork', seenAt: new Date(NOW.getTime() + 60_000) });
      expect(await store.find(DID)).toEqual(aVersion(2));
    });

    it('keeps the highest of many that come at once', async () => {
      await Promise.all([3, 1, 5, 2, 4].map((number) => store.save(aVersion(number))));
      expect(await store.find(DID)).toEqual(aVersion(5));
    });
  });
}

function aVersion(versionNumber: number): RememberedDid {
  return { did: DID, versionNumber, versionId: `${versionNumber}-QmHash${versionNumber}`, history: `history of ${versionNumber} versions\n`, seenAt: NOW };
}
