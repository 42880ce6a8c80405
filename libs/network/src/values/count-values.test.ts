import { describe, expect, it } from '@jest/globals';
import { MemoryDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { countValues } from './count-values.ts';
import { encodeValueKey } from './value-key.ts';

async function datastore(...keys: string[]): Promise<MemoryDatastore> {
  const store = new MemoryDatastore();
  for (const key of keys) await store.put(new Key(key), new Uint8Array());
  return store;
}
const recordOf = (dhtKey: Uint8Array): string => `/dht/record/${base32.encode(dhtKey).slice(1)}`;
const valueOf = (kind: string, seed: number): string => recordOf(encodeValueKey(kind, new Uint8Array(32).fill(seed)));

describe('countValues', () => {
  it('counts values by kind', async () => {
    const store = await datastore(valueOf('pointer', 1), valueOf('pointer', 2), valueOf('advert', 1));
    expect(await countValues(store)).toEqual([{ kind: 'advert', count: 1 }, { kind: 'pointer', count: 2 }]);
  });

  it('leaves out what is no value of ours', async () => {
    const store = await datastore('/dht/record/0', recordOf(new TextEncoder().encode('/pk/other')), '/dht/provider/x', '/peers/x', valueOf('advert', 1));
    expect(await countValues(store)).toEqual([{ kind: 'advert', count: 1 }]);
  });

  it('tells when the datastore does not answer', async () => {
    const failing = { queryKeys: (): never => { throw new Error('down'); } };
    await expect(countValues(failing)).rejects.toThrow('down');
  });
});
