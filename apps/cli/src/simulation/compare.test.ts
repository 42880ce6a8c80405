import { describe, expect, it } from '@jest/globals';
import { parametersOf } from '@carecord/simulation';
import { compareWithReal } from './compare.ts';

describe('compareWithReal', () => {
  it('finds everything in a few real nodes, in no more messages than predicted: they know each other and make no lookup', async () => {
    const { simulated, real } = await compareWithReal(parametersOf({}), 6, 10);
    expect(simulated).toMatchObject({ found: 1, hops: 1, queries: 5 });
    expect(real).toMatchObject({ found: 1, hops: undefined, queries: undefined });
    expect(real.messages).toBeLessThanOrEqual(simulated.messages);
  }, 60_000);
});
