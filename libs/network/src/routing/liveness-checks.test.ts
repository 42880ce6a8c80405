import { describe, expect, it } from '@jest/globals';
import { LivenessChecks } from './liveness-checks.ts';

describe('LivenessChecks', () => {
  it('look after each member once at a time, and after eight at once', async () => {
    const open = new Map<string, () => void>();
    const started: string[] = [];
    const checks = new LivenessChecks((did) => {
      started.push(did);
      return new Promise((resolve) => open.set(did, resolve));
    });
    const all = Array.from({ length: 12 }, (_, number) => checks.check(`m${number}`));
    expect(checks.check('m0')).toBe(all[0]);
    await new Promise(setImmediate);
    expect(started).toHaveLength(8);
    open.get('m3')?.();
    await all[3];
    await new Promise(setImmediate);
    expect(started).toHaveLength(9);
    while (open.size > 0) {
      for (const [did, end] of [...open]) {
        open.delete(did);
        end();
      }
      await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(started).toHaveLength(12);
    void checks.check('m0');
    expect(started).toHaveLength(13);
  });
});
