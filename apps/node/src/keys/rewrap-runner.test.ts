import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { RewrapRunner } from './rewrap-runner.ts';

/** Passes that a test ends one by one. */
function heldRewrapping(): { readonly run: (signal?: AbortSignal) => Promise<void>; readonly passes: PromiseWithResolvers<undefined>[]; readonly signals: (AbortSignal | undefined)[] } {
  const passes: PromiseWithResolvers<undefined>[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const run = async (signal?: AbortSignal): Promise<void> => {
    const pass = Promise.withResolvers<undefined>();
    passes.push(pass);
    signals.push(signal);
    await pass.promise;
  };
  return { run, passes, signals };
}

describe('RewrapRunner', () => {
  it('runs one pass at a time, and one more for who asks meanwhile', async () => {
    const rewrapping = heldRewrapping();
    const runner = new RewrapRunner(rewrapping, silentLogger);
    const first = runner.run();
    runner.kick();
    runner.kick();
    expect(rewrapping.passes).toHaveLength(1);
    rewrapping.passes[0]?.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rewrapping.passes).toHaveLength(2);
    rewrapping.passes[1]?.resolve(undefined);
    await first;
    const again = runner.run();
    expect(rewrapping.passes).toHaveLength(3);
    rewrapping.passes[2]?.resolve(undefined);
    await again;
  });

  it('tells who waits for it of a failure, logs it otherwise, and begins anew when asked', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (event: string) => void warnings.push(event) };
    let failing = true;
    const runner = new RewrapRunner({ run: () => (failing ? Promise.reject(new Error('The holder is away.')) : Promise.resolve()) }, logger);
    await expect(runner.run()).rejects.toThrow('away');
    expect(warnings).toEqual([]);
    runner.kick();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual(['rewrapping-interrupted']);
    failing = false;
    await expect(runner.run()).resolves.toBeUndefined();
  });

  it('stops after the batch under way, quietly, and begins nothing afterwards', async () => {
    const rewrapping = heldRewrapping();
    const warnings: string[] = [];
    const runner = new RewrapRunner(rewrapping, { ...silentLogger, warn: (event: string) => void warnings.push(event) });
    runner.kick();
    const stopped = runner.stop();
    expect(rewrapping.signals[0]?.aborted).toBe(true);
    rewrapping.passes[0]?.reject(new Error('Stopped.'));
    await stopped;
    await runner.run();
    expect(rewrapping.passes).toHaveLength(1);
    expect(warnings).toEqual([]);
  });
});
