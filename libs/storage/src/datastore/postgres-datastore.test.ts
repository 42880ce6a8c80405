import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { Key, type Datastore } from 'interface-datastore';
import { createTestDatabase, type TestDatabase } from '../../../testkit/src/database.ts';
import { openStorage, type Storage } from '../storage.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the datastore in PostgreSQL', () => {
  let database: TestDatabase;
  let storage: Storage;
  let store: Datastore;
  beforeAll(async () => {
    database = await createTestDatabase();
    storage = await openStorage({ databaseUrl: database.url, clock: new ManualClock(), logger: silentLogger });
    store = storage.datastore;
  });
  beforeEach(() => database.empty());
  afterAll(async () => {
    await storage.close();
    await database.drop();
  });

  const keysOf = async (query: Parameters<Datastore['queryKeys']>[0]): Promise<string[]> => {
    const keys: string[] = [];
    for await (const key of store.queryKeys(query)) keys.push(key.toString());
    return keys;
  };

  it('puts, gets, replaces and deletes', async () => {
    const key = new Key('/peers/a');
    expect(await store.has(key)).toBe(false);
    await store.put(key, bytes(0, 1, 255));
    expect(await store.has(key)).toBe(true);
    expect(await store.get(key)).toEqual(bytes(0, 1, 255));
    await store.put(key, bytes());
    expect(await store.get(key)).toEqual(bytes());
    await store.delete(key);
    await store.delete(key);
    expect(await store.has(key)).toBe(false);
  });

  it('says that a key is missing as libp2p expects it', async () => {
    await expect(store.get(new Key('/nowhere'))).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  it('finds what has a prefix, in the order of bytes, whatever the prefix holds', async () => {
    for (const key of ['/dht/b', '/dht/a', '/dht/_x', '/dht/%y', '/dhtx', '/Dht/z', '/peers/a', '/dht']) await store.put(new Key(key), bytes(1));
    expect(await keysOf({ prefix: '/dht/' })).toEqual(['/dht/%y', '/dht/_x', '/dht/a', '/dht/b']);
    expect(await keysOf({ prefix: '/dht/_' })).toEqual(['/dht/_x']);
    expect(await keysOf({ prefix: '/dht/%' })).toEqual(['/dht/%y']);
    expect(await keysOf({ prefix: '/none' })).toEqual([]);
    expect(await keysOf({})).toHaveLength(8);
  });

  it('filters, orders, passes over and limits', async () => {
    for (const value of [3, 1, 2, 4]) await store.put(new Key(`/n/${value}`), bytes(value));
    const found: number[] = [];
    const query = store.query({
      prefix: '/n/',
      filters: [({ value }) => value[0] !== 4],
      orders: [(left, right) => ((left.value[0] ?? 0) > (right.value[0] ?? 0) ? -1 : 1)],
      offset: 1,
      limit: 1,
    });
    for await (const { value } of query) found.push(value[0] ?? 0);
    expect(found).toEqual([2]);
  });

  it('goes through more entries than one page', async () => {
    const batch = store.batch();
    for (let index = 0; index < 1_001; index += 1) batch.put(new Key(`/many/${String(index).padStart(4, '0')}`), bytes(index % 256));
    await batch.commit();
    const keys = await keysOf({ prefix: '/many/' });
    expect(keys).toHaveLength(1_001);
    expect(keys.at(-1)).toBe('/many/1000');
  });

  it('writes a batch when it is committed, the last call of a key wins', async () => {
    await store.put(new Key('/a'), bytes(1));
    const batch = store.batch();
    batch.delete(new Key('/a'));
    batch.put(new Key('/b'), bytes(2));
    batch.put(new Key('/b'), bytes(3));
    batch.put(new Key('/c'), bytes(4));
    batch.delete(new Key('/c'));
    expect(await keysOf({})).toEqual(['/a']);
    await batch.commit();
    expect(await keysOf({})).toEqual(['/b']);
    expect(await store.get(new Key('/b'))).toEqual(bytes(3));
    await batch.commit();
    expect(await keysOf({})).toEqual(['/b']);
  });
});
