import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { DhtValueStore, NewValue, PutOutcome, StoredValue, ValueBatch, ValueSource } from '@carecord/network';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;
const at = (hours: number): Date => new Date(NOW.getTime() + hours * HOUR);
const OWN: ValueSource = { did: 'did:example:self', role: 'own' };
const CAP = { values: 1_000, bytes: 1_000_000 };

/** What a test says of a value; the rest is filled in. */
type Value = Partial<NewValue> & { readonly name: number };

function aValue({ name, ...changes }: Value): NewValue {
  return {
    namespace: 'note',
    key: filled(32, name),
    placement: filled(32, name),
    owner: 'did:example:owner',
    sequence: 1,
    expiresAt: at(24),
    value: filled(10, name),
    attachmentHash: undefined,
    chargedBytes: 10,
    ...changes,
  };
}

/**
 * What every {@link DhtValueStore} does.
 * @param makeStore an empty store, fresh for every test
 */
export function describeDhtValueStore(name: string, makeStore: () => Promise<DhtValueStore>): void {
  describe(`DhtValueStore: ${name}`, () => {
    let store: DhtValueStore;
    let publisher: ValueSource;
    beforeEach(async () => {
      store = await makeStore();
      // A store may remember for minutes what a source has here.
      publisher = { did: `did:example:${newId()}`, role: 'publisher' };
    });

    const put = (values: readonly Value[], options: Partial<ValueBatch> = {}): Promise<PutOutcome[]> =>
      store.put({ source: publisher, values: values.map(aValue), attachments: [], cap: CAP, now: NOW, ...options });
    const read = (value: Value, now = NOW): Promise<StoredValue[]> => store.read([aValue(value)], now);
    const sequenceOf = async (value: Value, now = NOW): Promise<number | undefined> => (await read(value, now))[0]?.sequence;

    describe('keeping', () => {
      it('gives back what it keeps, and nothing else', async () => {
        expect(await put([{ name: 1 }, { name: 2, namespace: 'other' }])).toEqual(['stored', 'stored']);
        const { chargedBytes: _charged, ...expected } = aValue({ name: 1 });
        expect(await read({ name: 1 })).toEqual([{ ...expected, own: false }]);
        expect(await read({ name: 2 })).toEqual([]);
        expect(await store.read([aValue({ name: 1 }), aValue({ name: 2, namespace: 'other' }), aValue({ name: 3 })], NOW)).toHaveLength(2);
        expect(await store.read([], NOW)).toEqual([]);
      });

      it('says when it has a value already, byte for byte', async () => {
        await put([{ name: 1 }]);
        expect(await put([{ name: 1 }])).toEqual(['unchanged']);
        expect(await put([{ name: 1, value: filled(10, 9) }])).toEqual(['stored']);
        expect((await read({ name: 1 }))[0]?.value).toEqual(filled(10, 9));
      });

      it('replaces a value by a newer one of its owner, never by an older one', async () => {
        await put([{ name: 1, sequence: 5 }]);
        expect(await put([{ name: 1, sequence: 4 }])).toEqual(['older']);
        expect(await put([{ name: 1, sequence: 6 }])).toEqual(['stored']);
        expect(await sequenceOf({ name: 1 })).toBe(6);
      });

      it('keeps the highest of many that come at once', async () => {
        await Promise.all([3, 1, 4, 9, 5, 2, 6].map((sequence) => put([{ name: 1, sequence }, { name: 2, sequence: 10 - sequence }])));
        expect(await sequenceOf({ name: 1 })).toBe(9);
        expect(await sequenceOf({ name: 2 })).toBe(9);
      });

      it('gives a place to one of two owners who come at once', async () => {
        const outcomes = await Promise.all(['x', 'y'].map((owner) => put([{ name: 1, owner }])));
        expect(outcomes.flat().sort()).toEqual(['occupied', 'stored']);
      });

      it('keeps a place for its owner until what it had there has expired', async () => {
        await put([{ name: 1, sequence: 7 }]);
        expect(await put([{ name: 1, owner: 'other', sequence: 9 }])).toEqual(['occupied']);
        expect(await put([{ name: 1, owner: 'other', sequence: 1, expiresAt: at(48) }], { now: at(24) })).toEqual(['stored']);
        expect((await read({ name: 1 }, at(24)))[0]?.owner).toBe('other');
      });

      it('takes no older value back after a short-lived newer one has expired, nor gives its place away', async () => {
        await put([{ name: 1, sequence: 1 }]);
        await put([{ name: 1, sequence: 2, expiresAt: at(1) }]);
        expect(await read({ name: 1 }, at(1))).toEqual([]);
        await store.deleteExpired(at(1), 100);
        expect(await put([{ name: 1, sequence: 1 }], { now: at(2) })).toEqual(['older']);
        expect(await put([{ name: 1, sequence: 1, owner: 'other' }], { now: at(2) })).toEqual(['occupied']);
        expect(await put([{ name: 1, sequence: 2, expiresAt: at(3) }], { now: at(2) })).toEqual(['stored']);
        await store.deleteExpired(at(24), 100);
        expect(await put([{ name: 1, sequence: 0, expiresAt: at(48) }], { now: at(24) })).toEqual(['stored']);
      });
    });

    describe('what one may have here', () => {
      const cap = { values: 2, bytes: 100 };

      it('takes no more values of a source than its cap, and others still', async () => {
        expect(await put([{ name: 1 }, { name: 2 }, { name: 3 }], { cap })).toEqual(['stored', 'stored', 'full']);
        expect(await put([{ name: 3 }], { cap })).toEqual(['full']);
        expect(await put([{ name: 3 }], { cap, source: { ...publisher, did: `${publisher.did}b` } })).toEqual(['stored']);
        expect(await put([{ name: 4 }], { cap, source: { ...publisher, role: 'storer' } })).toEqual(['stored']);
      });

      it('takes no more bytes of a source than its cap', async () => {
        expect(await put([{ name: 1, chargedBytes: 60 }, { name: 2, chargedBytes: 60 }], { cap })).toEqual(['stored', 'full']);
        expect(await put([{ name: 1, sequence: 2, chargedBytes: 100 }], { cap })).toEqual(['stored']);
        expect(await put([{ name: 2, chargedBytes: 1 }], { cap })).toEqual(['full']);
      });

      it('lets a source that has all it may replace its values', async () => {
        await put([{ name: 1 }, { name: 2 }], { cap });
        expect(await put([{ name: 1, sequence: 2 }, { name: 2, sequence: 2 }], { cap })).toEqual(['stored', 'stored']);
      });

      it('knows no cap for what we published ourselves', async () => {
        expect(await put([{ name: 1 }, { name: 2 }, { name: 3 }], { cap, source: OWN })).toEqual(['stored', 'stored', 'stored']);
      });
    });

    describe('own values', () => {
      it('knows them, also when somebody else hands them in later', async () => {
        await put([{ name: 1 }], { source: OWN });
        await put([{ name: 1, sequence: 2 }]);
        expect((await read({ name: 1 }))[0]).toMatchObject({ own: true, sequence: 2 });
      });

      it('makes a value its own when we publish what was here already', async () => {
        await put([{ name: 1 }]);
        expect(await put([{ name: 1 }], { source: OWN })).toEqual(['stored']);
        expect((await read({ name: 1 }))[0]).toMatchObject({ own: true });
      });
    });

    describe('attachments', () => {
      const attachment = { hash: filled(32, 200), bytes: filled(50, 200) };
      const other = { hash: filled(32, 201), bytes: filled(50, 201) };

      it('keeps those of the values that it took, once each', async () => {
        const values = [1, 2].map((name) => ({ name, attachmentHash: attachment.hash }));
        await put([...values, { name: 3 }], { attachments: [attachment] });
        await put([{ name: 3, sequence: 0, attachmentHash: other.hash }], { attachments: [other] });
        expect((await read({ name: 1 }))[0]?.attachmentHash).toEqual(attachment.hash);
        expect(await store.attachments([attachment.hash, other.hash])).toEqual([attachment]);
        expect(await store.attachments([])).toEqual([]);
      });

      it('keeps them as long as the last of their values', async () => {
        await put([{ name: 1, attachmentHash: attachment.hash }, { name: 2, attachmentHash: attachment.hash, expiresAt: at(1) }], { attachments: [attachment] });
        await store.deleteExpired(at(1), 100);
        expect(await store.attachments([attachment.hash])).toEqual([attachment]);
        await store.deleteExpired(at(24), 100);
        expect(await store.attachments([attachment.hash])).toEqual([]);
      });
    });

    describe('reading many', () => {
      it('gives the values of one placement and kind, the lowest keys first, as many as were asked for', async () => {
        const placement = filled(32, 50);
        await put([3, 1, 2].map((key) => ({ name: key, placement })));
        await put([{ name: 4, placement, namespace: 'other' }, { name: 5 }]);
        const group = { namespace: 'note', placement };
        expect((await store.readGroups([group], 2, NOW)).map(({ key }) => key[0])).toEqual([1, 2]);
        expect(await store.readGroups([group, { ...group, namespace: 'other' }], 10, NOW)).toHaveLength(4);
        expect(await store.readGroups([group], 10, at(24))).toEqual([]);
        expect(await store.readGroups([], 10, NOW)).toEqual([]);
      });

      it('goes through all values by placement, page by page', async () => {
        await put([5, 2, 4, 1, 3].map((name) => ({ name })));
        await put([{ name: 6, expiresAt: at(1) }]);
        const page = (range: Partial<Parameters<DhtValueStore['page']>[0]>) => store.page({ limit: 2, now: at(1), ...range });
        const first = await page({});
        expect(first.map(({ key }) => key[0])).toEqual([1, 2]);
        const second = await page({ after: first[1] });
        expect(second.map(({ key }) => key[0])).toEqual([3, 4]);
        expect((await page({ after: second[1] })).map(({ key }) => key[0])).toEqual([5]);
        expect((await page({ from: filled(32, 3), until: filled(32, 4), limit: 10 })).map(({ key }) => key[0])).toEqual([3, 4]);
        expect((await page({ from: filled(32, 3), until: filled(32, 3), limit: 10 }))[0]).toMatchObject({ owner: 'did:example:owner', sequence: 1, own: false, expiresAt: at(24) });
        expect(await page({ from: filled(32, 6) })).toEqual([]);
      });

      it('counts what is there by kind', async () => {
        await put([{ name: 1 }, { name: 2 }, { name: 3, namespace: 'advert', value: filled(7, 1) }, { name: 4, expiresAt: at(1) }]);
        expect(await store.counts(at(1))).toEqual([{ kind: 'advert', count: 1, bytes: 7 }, { kind: 'note', count: 2, bytes: 20 }]);
        expect(await store.counts(at(24))).toEqual([]);
      });
    });

    describe('taking away', () => {
      it('drops what we are not responsible for any more, unless it has changed or is our own', async () => {
        await put([{ name: 1 }, { name: 2, sequence: 2 }]);
        await put([{ name: 3 }], { source: OWN });
        expect(await store.drop([1, 2, 3, 4].map((name) => ({ namespace: 'note', key: filled(32, name), sequence: 1 })))).toBe(1);
        expect(await read({ name: 1 })).toEqual([]);
        expect(await read({ name: 2 })).toHaveLength(1);
        expect(await read({ name: 3 })).toHaveLength(1);
        expect(await store.drop([])).toBe(0);
      });

      it('drops and keeps many values at once, in whatever order they are named', async () => {
        const values = Array.from({ length: 60 }, (_, name) => ({ name }));
        await put(values);
        const named = values.map(aValue);
        const calls = Array.from({ length: 12 }, (_, call): Promise<unknown> => (call % 3 === 2 ? put(values.toReversed()) : store.drop(call % 3 === 0 ? named : named.toReversed())));
        await expect(Promise.all(calls)).resolves.toHaveLength(12);
        await store.drop(named);
        expect(await store.read(named, NOW)).toEqual([]);
      });

      it('remembers the sequence of what it dropped, and takes that value back', async () => {
        await put([{ name: 1, sequence: 5 }]);
        await store.drop([{ ...aValue({ name: 1 }), sequence: 5 }]);
        expect(await put([{ name: 1, sequence: 4 }])).toEqual(['older']);
        expect(await put([{ name: 1, sequence: 5 }])).toEqual(['stored']);
      });

      it('deletes what has expired, as many at once as asked, and that alone', async () => {
        await put([1, 2, 3].map((name) => ({ name, expiresAt: at(1) })));
        await put([{ name: 4 }]);
        expect(await store.deleteExpired(at(0.5), 100)).toBe(0);
        expect(await store.deleteExpired(at(1), 2)).toBe(2);
        expect(await store.deleteExpired(at(1), 2)).toBe(1);
        expect(await store.deleteExpired(at(1), 2)).toBe(0);
        expect(await read({ name: 4 })).toHaveLength(1);
      });
    });
  });
}
