import { describe, expect, it } from '@jest/globals';
import { describeKeyHolder } from '../compliance/key-holder.ts';
import { MemoryKeyHolder } from './key-holder.ts';

describeKeyHolder('in memory', () => {
  const holder = new MemoryKeyHolder(0);
  return Promise.resolve({ open: () => Promise.resolve(holder), remove: () => Promise.resolve() });
});

describe('MemoryKeyHolder', () => {
  it('can be made unreachable, and reachable again', async () => {
    const holder = new MemoryKeyHolder();
    holder.setReachable(false);
    await expect(holder.check()).rejects.toEqual(expect.objectContaining({ code: 'HOLDER_UNREACHABLE' }));
    holder.setReachable(true);
    await holder.check();
    expect(await holder.rootKeyIds()).toEqual(['root-1']);
  });
});
