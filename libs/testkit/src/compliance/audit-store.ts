import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { AuditEvent, AuditStore } from '@carecord/audit';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.123Z');

/**
 * What every {@link AuditStore} does.
 * @param makeStore an empty store and the runner of its transactions, fresh for every test
 */
export function describeAuditStore(name: string, makeStore: () => Promise<{ store: AuditStore; transactions: TransactionRunner }>): void {
  describe(`AuditStore: ${name}`, () => {
    let store: AuditStore;
    let transactions: TransactionRunner;
    beforeEach(async () => {
      ({ store, transactions } = await makeStore());
    });
    const insert = (...events: AuditEvent[]): Promise<void> => transactions.run((transaction) => store.insert(transaction, events));
    const head = (): ReturnType<AuditStore['lockHead']> => transactions.run((transaction) => store.lockHead(transaction));
    const sequences = (events: readonly AuditEvent[]): number[] => events.map(({ sequence }) => sequence);

    it('has no head while it is empty', async () => {
      expect(await head()).toBeUndefined();
      expect(await store.scan(1, 10)).toEqual([]);
      expect(await store.list({ limit: 10 })).toEqual([]);
    });

    it('gives back every field of an event, and leaves out what was not given', async () => {
      const bare = anEvent(1);
      const full: AuditEvent = {
        ...anEvent(2),
        actor: { kind: 'hospital', id: 'did:webvh:QmB:b.hospital.example', role: 'clinician' },
        patientId: newId(),
        requestId: newId(),
        counterparty: 'did:webvh:QmC:c.hospital.example',
        purpose: 'TREAT',
        reasonCode: 'NO_CONSENT',
        detail: { zeta: 'text', count: 3, ratio: 0.1, alpha: true },
      };
      await insert(bare, full);
      expect(await store.scan(1, 10)).toEqual([bare, full]);
      expect(await store.list({ limit: 10 })).toEqual([full, bare]);
      const [first] = await store.scan(1, 1);
      expect(Object.entries(first ?? {}).filter(([, value]) => value === null)).toEqual([]);
    });

    it('has the newest event as its head, also inside the transaction that inserted it', async () => {
      await insert(anEvent(1), anEvent(2));
      expect(await head()).toEqual({ sequence: 2, hash: filled(32, 2) });
      await transactions.run(async (transaction) => {
        await store.lockHead(transaction);
        await store.insert(transaction, [anEvent(3)]);
        expect(await store.lockHead(transaction)).toEqual({ sequence: 3, hash: filled(32, 3) });
      });
    });

    it('inserts nothing when there is nothing to insert', async () => {
      await insert();
      expect(await head()).toBeUndefined();
    });

    it('keeps nothing of a transaction that fails', async () => {
      await insert(anEvent(1));
      const failing = transactions.run(async (transaction) => {
        await store.insert(transaction, [anEvent(2)]);
        throw new Error('failed on purpose');
      });
      await expect(failing).rejects.toThrow('failed on purpose');
      expect(sequences(await store.scan(1, 10))).toEqual([1]);
      expect(await head()).toEqual({ sequence: 1, hash: filled(32, 1) });
    });

    it('shows nothing of a transaction that is still open', async () => {
      await transactions.run(async (transaction) => {
        await store.insert(transaction, [anEvent(1)]);
        expect(await store.list({ limit: 10 })).toEqual([]);
        expect(await store.scan(1, 10)).toEqual([]);
      });
      expect(sequences(await store.scan(1, 10))).toEqual([1]);
    });

    it('refuses a sequence that exists', async () => {
      await insert(anEvent(1));
      await expect(insert(anEvent(1))).rejects.toThrow();
      expect(sequences(await store.scan(1, 10))).toEqual([1]);
    });

    it('lets one transaction after the other have the head, from the first event on', async () => {
      const append = (): Promise<void> =>
        transactions.run(async (transaction) => {
          const newest = await store.lockHead(transaction);
          await store.insert(transaction, [anEvent((newest?.sequence ?? 0) + 1)]);
        });
      await Promise.all(Array.from({ length: 6 }, append));
      expect(sequences(await store.scan(1, 10))).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('scans in pages, oldest first', async () => {
      await insert(...[1, 2, 3, 4, 5].map((sequence) => anEvent(sequence)));
      expect(sequences(await store.scan(1, 2))).toEqual([1, 2]);
      expect(sequences(await store.scan(3, 2))).toEqual([3, 4]);
      expect(sequences(await store.scan(5, 2))).toEqual([5]);
      expect(await store.scan(6, 2)).toEqual([]);
    });

    it('lists what matches all conditions, newest first', async () => {
      const [patientId, requestId] = [newId(), newId()];
      await insert(
        { ...anEvent(1), patientId },
        { ...anEvent(2), patientId, requestId, type: 'access-requested' },
        { ...anEvent(3), requestId, type: 'access-decided' },
        { ...anEvent(4), patientId, type: 'access-requested' },
        anEvent(5),
      );
      expect(sequences(await store.list({ patientId, limit: 10 }))).toEqual([4, 2, 1]);
      expect(sequences(await store.list({ requestId, limit: 10 }))).toEqual([3, 2]);
      expect(sequences(await store.list({ patientId, requestId, limit: 10 }))).toEqual([2]);
      expect(sequences(await store.list({ types: ['access-requested', 'access-decided'], limit: 10 }))).toEqual([4, 3, 2]);
      expect(sequences(await store.list({ types: [], limit: 10 }))).toEqual([]);
      expect(sequences(await store.list({ patientId, before: 4, limit: 1 }))).toEqual([2]);
      expect(sequences(await store.list({ before: 3, limit: 10 }))).toEqual([2, 1]);
      expect(await store.list({ patientId: newId(), limit: 10 })).toEqual([]);
    });
  });
}

function anEvent(sequence: number): AuditEvent {
  return {
    id: newId(),
    sequence,
    recordedAt: NOW,
    type: 'timeline-read',
    outcome: 'success',
    actor: { kind: 'staff', id: 'staff-1' },
    previousHash: filled(32, sequence - 1),
    hash: filled(32, sequence),
  };
}
