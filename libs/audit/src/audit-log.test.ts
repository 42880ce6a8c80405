import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock, MemoryAuditStore, MemoryTransactions } from '@carecord/testkit';
import { AUDIT_EVENT_TYPES, AuditLog, GENESIS_HASH, hashEvent, MAX_AUDIT_LIST } from './index.ts';
import type { AuditEntry, AuditEvent } from './index.ts';

const PATIENT = '01900000-0000-7000-8000-000000000001';
const ENTRY: AuditEntry = { type: 'timeline-read', outcome: 'success', actor: { kind: 'staff', id: 'staff-1', role: 'clinician' }, patientId: PATIENT };

describe('AuditLog', () => {
  let store: MemoryAuditStore;
  let transactions: MemoryTransactions;
  let clock: ManualClock;
  let log: AuditLog;
  beforeEach(() => {
    store = new MemoryAuditStore();
    transactions = new MemoryTransactions();
    clock = new ManualClock();
    log = new AuditLog(store, clock);
  });
  const append = (entry: AuditEntry = ENTRY): Promise<AuditEvent> => transactions.run((transaction) => log.append(transaction, entry));
  const appendMany = async (count: number): Promise<void> => {
    await transactions.run((transaction) => log.appendAll(transaction, Array.from({ length: count }, () => ENTRY)));
  };

  it('chains events from the genesis hash on', async () => {
    const first = await append();
    clock.advance(1_000);
    const second = await append({ ...ENTRY, type: 'records-read' });
    expect(first).toMatchObject({ ...ENTRY, sequence: 1, previousHash: GENESIS_HASH, recordedAt: new Date('2026-01-01T00:00:00.000Z') });
    expect(second).toMatchObject({ type: 'records-read', sequence: 2, previousHash: first.hash, recordedAt: new Date('2026-01-01T00:00:01.000Z') });
    expect(await log.list({ limit: 10 })).toEqual([second, first]);
    expect(await log.verify()).toEqual({ entries: 2 });
  });

  it('verifies an empty log, and one of several pages', async () => {
    expect(await log.verify()).toEqual({ entries: 0 });
    await appendMany(2_001);
    expect(await log.verify()).toEqual({ entries: 2_001 });
  });

  it('keeps the order of concurrent appends whole', async () => {
    await Promise.all(Array.from({ length: 10 }, () => append()));
    expect(await log.verify()).toEqual({ entries: 10 });
  });

  it('keeps nothing of a transaction that fails', async () => {
    await append();
    const failing = transactions.run(async (transaction) => {
      await log.append(transaction, ENTRY);
      throw new Error('failed on purpose');
    });
    await expect(failing).rejects.toThrow('failed on purpose');
    await append();
    expect(await log.verify()).toEqual({ entries: 2 });
  });

  it.each<[string, (event: AuditEvent) => AuditEvent]>([
    ['the type', (event) => ({ ...event, type: 'sign-out' })],
    ['the outcome', (event) => ({ ...event, outcome: 'refused' })],
    ['the actor', (event) => ({ ...event, actor: { ...event.actor, id: 'staff-2' } })],
    ['the role', (event) => ({ ...event, actor: { kind: event.actor.kind, id: event.actor.id } })],
    ['the patient', (event) => ({ ...event, patientId: undefined })],
    ['the purpose', (event) => ({ ...event, purpose: 'TREAT' })],
    ['the detail', (event) => ({ ...event, detail: { forged: true } })],
    ['the time', (event) => ({ ...event, recordedAt: new Date(event.recordedAt.getTime() + 1) })],
    ['the id', (event) => ({ ...event, id: '01900000-0000-7000-8000-00000000ffff' })],
    ['the hash', (event) => ({ ...event, hash: GENESIS_HASH })],
    ['a field into something that cannot be hashed', (event) => ({ ...event, recordedAt: new Date(Number.NaN) })],
  ])('names the event of which an intruder changed %s', async (_, change) => {
    await appendMany(5);
    store.tamper((events) => events.map((event) => (event.sequence === 3 ? change(event) : event)));
    await expect(log.verify()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', sequence: 3 });
  });

  it('names the next event when an intruder recomputed the hash of the changed one', async () => {
    await appendMany(5);
    store.tamper((events) => events.map((event) => (event.sequence === 3 ? rehashed({ ...event, outcome: 'failure' }) : event)));
    await expect(log.verify()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', sequence: 4 });
  });

  it('names the event that an intruder removed', async () => {
    await appendMany(5);
    store.tamper((events) => events.filter(({ sequence }) => sequence !== 2));
    await expect(log.verify()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', sequence: 2 });
  });

  it('names the first of two events that changed places', async () => {
    await appendMany(5);
    store.tamper((events) => events.map((event) => (event.sequence === 2 ? { ...event, sequence: 3 } : event.sequence === 3 ? { ...event, sequence: 2 } : event)));
    await expect(log.verify()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', sequence: 2 });
  });

  it.each<[string, unknown]>([
    ['type', { ...ENTRY, type: 'something-else' }],
    ['outcome', { ...ENTRY, outcome: 'maybe' }],
    ['actor.kind', { ...ENTRY, actor: { kind: 'ghost', id: 'x' } }],
    ['actor.id', { ...ENTRY, actor: { kind: 'staff', id: '' } }],
    ['patientId', { ...ENTRY, patientId: 'Peter Smith' }],
    ['reasonCode', { ...ENTRY, reasonCode: 'x'.repeat(513) }],
    ['purpose', { ...ENTRY, purpose: 'a\u0000b' }],
    ['requestId', { ...ENTRY, requestId: '\ud800' }],
    ['detail', { ...ENTRY, detail: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 1])) }],
    ['detail.nested', { ...ENTRY, detail: { nested: {} } }],
    ['detail.ratio', { ...ENTRY, detail: { ratio: Number.NaN } }],
    ['', { ...ENTRY, patientName: 'Peter Smith' }],
  ])('refuses an entry that is wrong at "%s", without its value', async (where, entry) => {
    const refused = append(entry as AuditEntry);
    await expect(refused).rejects.toMatchObject({ code: 'AUDIT_ENTRY_INVALID', message: `An audit entry is not acceptable at "${where}".` });
    expect(await log.verify()).toEqual({ entries: 0 });
  });

  it.each([0, -1, 1.5, MAX_AUDIT_LIST + 1])('refuses to list %d events', async (limit) => {
    await expect(log.list({ limit })).rejects.toMatchObject({ code: 'AUDIT_FILTER_INVALID' });
  });

  it('lists page by page', async () => {
    await appendMany(5);
    const first = await log.list({ patientId: PATIENT, limit: 3 });
    const second = await log.list({ patientId: PATIENT, limit: 3, before: first.at(-1)?.sequence });
    expect([...first, ...second].map(({ sequence }) => sequence)).toEqual([5, 4, 3, 2, 1]);
  });

  it('hashes a detail alike whatever the order of its members', () => {
    const event = anEvent();
    expect(hashEvent({ ...event, detail: { a: 1, b: 'x' } })).toEqual(hashEvent({ ...event, detail: { b: 'x', a: 1 } }));
    expect(hashEvent({ ...event, detail: { a: 1 } })).not.toEqual(hashEvent({ ...event, detail: { a: 2 } }));
    expect(hashEvent({ ...event, detail: {} })).not.toEqual(hashEvent(event));
  });

  it('verifies whatever it accepted, and finds any one change of a byte of a hash', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((value) => /^[^\p{Cc}\p{Cs}]*$/u.test(value));
    const entries = fc.array(
      fc.record(
        {
          type: fc.constantFrom(...AUDIT_EVENT_TYPES),
          outcome: fc.constantFrom('success' as const, 'refused' as const, 'failure' as const),
          actor: fc.record({ kind: fc.constantFrom('staff' as const, 'hospital' as const, 'system' as const), id: text }),
          patientId: fc.uuid(),
          purpose: text,
          detail: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
        },
        { requiredKeys: ['type', 'outcome', 'actor'] },
      ),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), fc.nat(31), fc.integer({ min: 1, max: 255 }), async (given, which, byte, mask) => {
        const [localStore, localTransactions] = [new MemoryAuditStore(), new MemoryTransactions()];
        const local = new AuditLog(localStore, clock);
        await localTransactions.run((transaction) => local.appendAll(transaction, given));
        expect(await local.verify()).toEqual({ entries: given.length });
        const sequence = (which % given.length) + 1;
        localStore.tamper((events) => events.map((event) => (event.sequence === sequence ? { ...event, hash: flipped(event.hash, byte, mask) } : event)));
        await expect(local.verify()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN', sequence });
      }),
      { numRuns: 50 },
    );
  });
});

function anEvent(): AuditEvent {
  const event = { ...ENTRY, id: PATIENT, sequence: 3, recordedAt: new Date(0), previousHash: GENESIS_HASH };
  return { ...event, hash: hashEvent(event) };
}

function rehashed(event: AuditEvent): AuditEvent {
  return { ...event, hash: hashEvent(event) };
}

function flipped(bytes: Uint8Array, index: number, mask: number): Uint8Array {
  return bytes.with(index, (bytes[index] ?? 0) ^ mask);
}
