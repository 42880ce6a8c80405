import { describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { Transaction, TransactionRunner } from '@carecord/core';
import type { ReceivedBlockStore, SentRequest, SentRequestStore } from '@carecord/exchange';
import { filled } from './filled.ts';

export const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;
const KEY = 'did:webvh:QmOurs:b.hospital.example#recipient-2';
export const HOLDER = 'did:webvh:QmHolder:a.hospital.example';

/** What every {@link SentRequestStore} and {@link ReceivedBlockStore} does; a part of the suite of all exchange stores. */
export function describeRequesterStores(
  current: () => { readonly transactions: TransactionRunner; readonly sent: SentRequestStore; readonly blocks: ReceivedBlockStore },
): void {
  const run = <Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> => current().transactions.run(work);

  describe('sent requests', () => {
    const insert = (request: SentRequest): Promise<'inserted' | 'duplicate'> => run((transaction) => current().sent.insert(transaction, request));

    it('gives a request back as it was written, with and without what may be absent', async () => {
      const full = aSentRequest({ resourceTypes: ['Condition'], outcomeCode: 'NOT_AVAILABLE', sealedGrant: filled(5000, 9), settledAt: NOW, recipientKeyId: KEY });
      const bare = aSentRequest();
      await insert(full);
      await insert(bare);
      expect(await current().sent.find(full.requestId)).toEqual(full);
      expect(await current().sent.find(bare.requestId)).toEqual(bare);
      expect(await current().sent.find(newId())).toBeUndefined();
    });

    it('refuses a request id a second time', async () => {
      const request = aSentRequest();
      expect(await insert(request)).toBe('inserted');
      expect(await insert({ ...request, state: 'failed' })).toBe('duplicate');
      expect(await current().sent.find(request.requestId)).toEqual(request);
    });

    it('changes what stands in the expected state alone', async () => {
      const request = aSentRequest();
      await insert(request);
      const change = { state: 'released', sealedGrant: filled(64, 1), deadline: hoursAfter(24), settledAt: NOW, recipientKeyId: KEY } as const;
      const apply = (): Promise<string> => run((transaction) => current().sent.change(transaction, request.requestId, 'asked', change));
      expect(await apply()).toBe('changed');
      expect(await apply()).toBe('wrong-state');
      expect(await current().sent.find(request.requestId)).toEqual({ ...request, ...change });
    });

    it("lists a staff member's own, newest first, up to the limit", async () => {
      const staffId = newId();
      const [old, recent] = [aSentRequest({ staffId }), aSentRequest({ staffId, askedAt: hoursAfter(1) })];
      for (const request of [old, recent, aSentRequest()]) await insert(request);
      expect(await current().sent.listByStaff(staffId, 10)).toEqual([recent, old]);
      expect(await current().sent.listByStaff(staffId, 1)).toEqual([recent]);
    });

    it('expires what is due in the named states and forgets its grant', async () => {
      const due = aSentRequest({ state: 'released', sealedGrant: filled(64, 1), deadline: NOW });
      const later = aSentRequest({ state: 'released', sealedGrant: filled(64, 1), deadline: hoursAfter(1) });
      const refused = aSentRequest({ state: 'refused', deadline: NOW });
      for (const request of [due, later, refused]) await insert(request);
      expect(await run((transaction) => current().sent.expire(transaction, ['asked', 'released'], NOW))).toEqual([due.requestId]);
      expect(await current().sent.find(due.requestId)).toEqual({ ...due, state: 'expired', sealedGrant: undefined });
      expect(await current().sent.find(later.requestId)).toEqual(later);
      expect(await current().sent.find(refused.requestId)).toEqual(refused);
    });

    it('says once each which recipient keys are needed by what is not over, and by what of which none is known', async () => {
      const inUse = [
        { state: 'released', recipientKeyId: `${KEY}1` },
        { state: 'released', recipientKeyId: `${KEY}1` },
        { state: 'asked', recipientKeyId: `${KEY}1` },
        { state: 'asked' },
      ] as const;
      const notInUse = [
        { state: 'released', recipientKeyId: `${KEY}2`, deadline: hoursAfter(1) },
        { state: 'refused', recipientKeyId: `${KEY}3` },
      ] as const;
      for (const changes of [...inUse.map((use) => ({ ...use, deadline: hoursAfter(2) })), ...notInUse]) {
        await run((transaction) => current().sent.insert(transaction, aSentRequest(changes)));
      }
      const uses = await current().sent.recipientKeyUses(['asked', 'released'], hoursAfter(1));
      expect(new Set(uses)).toEqual(new Set([inUse[0], inUse[2], inUse[3]]));
      expect(uses).toHaveLength(3);
      expect(await current().sent.recipientKeyUses(['asked', 'released'], hoursAfter(2))).toEqual([]);
    });
  });

  describe('received blocks', () => {
    const save = (keepUntil: Date, ...contentIds: string[]): Promise<void> =>
      run((transaction) => current().blocks.save(transaction, contentIds.map((contentId, index) => ({ contentId, ciphertext: filled(100, index) })), keepUntil));
    const deleteExpired = (now: Date): Promise<number> => run((transaction) => current().blocks.deleteExpired(transaction, now));

    it('gives ciphertexts back in the order asked for, with gaps', async () => {
      await save(NOW, 'content-a', 'content-b');
      expect(await current().blocks.read(['content-b', 'content-x', 'content-a', 'content-b'])).toEqual([filled(100, 1), undefined, filled(100, 0), filled(100, 1)]);
      expect(await current().blocks.read([])).toEqual([]);
    });

    it('keeps the blocks that there are for longer, never for less, and says how many', async () => {
      const keep = (keepUntil: Date, ...contentIds: string[]): Promise<number> => run((transaction) => current().blocks.keep(transaction, contentIds, keepUntil));
      await save(hoursAfter(1), 'content-a', 'content-b', 'content-c');
      expect(await keep(hoursAfter(3), 'content-b', 'content-x', 'content-a')).toBe(2);
      expect(await keep(hoursAfter(2), 'content-a')).toBe(1);
      expect(await keep(hoursAfter(2))).toBe(0);
      expect(await deleteExpired(hoursAfter(2))).toBe(1);
      expect(await current().blocks.read(['content-a', 'content-b', 'content-c'])).toEqual([filled(100, 0), filled(100, 1), undefined]);
      expect(await keep(hoursAfter(3), 'content-c')).toBe(0);
    });

    it('keeps a block as long as the longest that asked for it, and deletes it then', async () => {
      await save(hoursAfter(2), 'content-a');
      await save(hoursAfter(1), 'content-a', 'content-b');
      await save(hoursAfter(1));
      expect(await deleteExpired(NOW)).toBe(0);
      expect(await deleteExpired(hoursAfter(1))).toBe(1);
      expect(await current().blocks.read(['content-a', 'content-b'])).toEqual([filled(100, 0), undefined]);
      expect(await deleteExpired(hoursAfter(2))).toBe(1);
    });
  });
}

/** A request as it is when it was sent. */
export function aSentRequest(changes: Partial<SentRequest> = {}): SentRequest {
  return {
    requestId: newId(),
    staffId: newId(),
    role: 'physician',
    holder: HOLDER,
    state: 'asked',
    purpose: 'TREAT',
    sealedReason: filled(60, 3),
    askedAt: NOW,
    deadline: hoursAfter(1),
    ...changes,
  };
}

export function hoursAfter(hours: number): Date {
  return new Date(NOW.getTime() + hours * HOUR);
}
