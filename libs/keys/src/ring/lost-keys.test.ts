import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ManualClock, MemoryKeyHolder, MemoryNodeKeyStore, MemoryTransactions } from '@carecord/testkit';
import type { KeyPurpose, StoredNodeKey } from '../ports.ts';
import { KeyRing } from './key-ring.ts';
import type { NodeKey } from './node-key.ts';

const refusal = (code: string, sentence: RegExp): unknown => expect.objectContaining({ name: 'KeysError', code, message: expect.stringMatching(sentence) });
const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);

let holder: MemoryKeyHolder;
let store: MemoryNodeKeyStore;
let ring: KeyRing;
const open = (): Promise<KeyRing> => KeyRing.open({ holder, store, transactions: new MemoryTransactions(), clock: new ManualClock() });
const create = (purpose: KeyPurpose, value: number): Promise<NodeKey> => ring.change((transaction) => ring.create(transaction, purpose, filled(value), 'active'));
/** As after a restart with the rows of a backup. */
const restored = (rows: readonly StoredNodeKey[]): void => void jest.spyOn(store, 'list').mockImplementation(() => Promise.resolve([...rows]));

beforeEach(async () => {
  holder = new MemoryKeyHolder(0);
  store = new MemoryNodeKeyStore();
  ring = await open();
  jest.restoreAllMocks();
});

describe('a database that is not the one of before', () => {
  it('whose rows are gone under the running node overwrites nothing that is in use, and is told', async () => {
    const { secret } = await ring.ensure('records-directory', () => filled(1));
    const backup = await store.list();
    await create('did-update', 2);
    for (const rows of [[], backup]) {
      restored(rows);
      await expect(ring.reload()).rejects.toEqual(refusal('KEY_MISSING', /did-update-1.*restore the newest backup/));
      await expect(ring.change(() => Promise.resolve())).rejects.toMatchObject({ code: 'KEY_MISSING' });
      expect([secret, ring.active('records-directory').secret, ring.active('did-update').secret]).toEqual([filled(1), filled(1), filled(2)]);
    }
    jest.restoreAllMocks();
    expect(await ring.reload()).toBe(false);
  });

  it('lies under a root key that was destroyed since: says so, and changes nothing', async () => {
    await create('did-update', 1);
    const backup = await store.list();
    await holder.createRootKey();
    await ring.rewrapUnderNewestRoot();
    await holder.destroyRootKey('root-1');
    restored(backup);
    await expect(open()).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN', /did-update-1 under root-1, which the key holder does not have.*backup of another time/));
    expect(await holder.rootKeyIds()).toEqual(['root-2']);
  });

  it('has a key that does not open: says which', async () => {
    await create('did-update', 1);
    await create('did-signing', 2);
    const [first] = await store.list();
    store.tamper((key) => (key.id === 'did-update-1' ? { ...key, wrapped: first?.wrapped } : key));
    await expect(open()).rejects.toEqual(refusal('UNWRAP_FAILED', /did-update-1 in the database does not open/));
  });
});

describe('a key in a row that says it is for something else', () => {
  const changes = [{ purpose: 'staff-sealing' }, { number: 2 }, { id: 'staff-sealing-1' }, { id: 'staff-sealing-1', purpose: 'staff-sealing' }] as const;
  it.each(changes)('does not open, nor take the place of another one in a running node: %j', async (change) => {
    await create('guardian-sealing', 1);
    const rows = (await store.list()).map((key) => ({ ...key, ...change }));
    restored(rows);
    await expect(open()).rejects.toMatchObject({ code: 'UNWRAP_FAILED' });
    await expect(ring.reload()).rejects.toMatchObject({ name: 'KeysError' });
    expect(ring.find('staff-sealing-1')).toBeUndefined();
    expect(ring.openable('staff-sealing')).toEqual([]);
  });
});

describe('a key that is needed for life', () => {
  it.each(['destroyed', 'retired'] as const)('is not quietly replaced when somebody made it %s', async (state) => {
    await ring.ensure('records-index', () => filled(1));
    store.tamper((key) => ({ ...key, state, ...(state === 'destroyed' ? { wrapped: undefined } : {}) }));
    ring = await open();
    await expect(ring.ensure('records-index', () => filled(2))).rejects.toEqual(refusal('KEY_MISSING', /records-index.*restore/));
    expect((await store.list()).map(({ id }) => id)).toEqual(['records-index-1']);
    await expect(ring.ensure('locator-index', () => filled(3))).resolves.toMatchObject({ id: 'locator-index-1' });
  });
});

describe('wrapping under the newest root key', () => {
  it('ends although a key does not open, which stays as it is', async () => {
    for (let value = 1; value <= 9; value += 1) await create('did-signing', value);
    store.tamper((key) => (key.number === 2 ? { ...key, wrapped: { rootKeyId: 'root-1', ciphertext: filled(0) } } : key));
    await holder.createRootKey();
    expect(await ring.rewrapUnderNewestRoot()).toEqual({ done: 8, total: 9 });
    expect((await store.list()).map(({ wrapped }) => wrapped?.rootKeyId)).toEqual(['root-2', 'root-1', ...Array.from({ length: 7 }, () => 'root-2')]);
    expect(await ring.rootKeysInUse()).toEqual(['root-1', 'root-2']);
    expect(ring.find('did-signing-2')?.secret).toEqual(filled(2));
  });

  it('asks the holder for a few keys a transaction at the most: a slow one would outlast it', async () => {
    for (let value = 1; value <= 9; value += 1) await create('did-signing', value);
    await holder.createRootKey();
    const wrap = jest.spyOn(holder, 'wrap');
    const asked: number[] = [];
    await ring.rewrapUnderNewestRoot({ onProgress: () => asked.push(wrap.mock.calls.length) });
    expect(asked).toEqual([4, 8, 9]);
  });
});
