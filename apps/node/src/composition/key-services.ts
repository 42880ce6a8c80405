import { KeyRewrapping } from '@carecord/records';
import { KeyOperations } from '../keys/key-operations.ts';
import { REWRAP_INTERVAL_MILLISECONDS, RewrapRunner } from '../keys/rewrap-runner.ts';
import type { Foundation } from './foundation.ts';
import type { NetworkParts } from './network-parts.ts';

/** What replaces keys: at the wish of people, and in the background. */
export interface KeyServices {
  readonly operations: KeyOperations;
  readonly runner: RewrapRunner;
}

/** Puts together what replaces keys. */
export function keyServices({ storage, audit, holder, ring, clock, logger }: Foundation, { rotation }: Pick<NetworkParts, 'rotation'>): KeyServices {
  const { transactions } = storage;
  const rewrapping = new KeyRewrapping({ stores: storage.records, keys: storage.patientKeys, jobs: storage.rewrapJobs, transactions, audit, holder, nodeKeys: ring, clock });
  const runner = new RewrapRunner(rewrapping, logger);
  return { operations: new KeyOperations({ holder, ring, rewrapping, runner, rotation, audit, transactions }), runner };
}

/** Starts the jobs of a node, the re-wrapping among them; they end with the node. */
export function startJobs({ storage, closers }: Pick<Foundation, 'storage' | 'closers'>, { runner }: KeyServices): void {
  storage.jobs.add({ name: 'rewrap-keys', everyMilliseconds: REWRAP_INTERVAL_MILLISECONDS, run: () => runner.run() });
  storage.jobs.start();
  closers.add('jobs', async () => {
    // First, or the jobs would wait for the end of a long re-wrapping.
    await runner.stop();
    await Promise.all([storage.outboxWorker.stop(), storage.jobs.stop()]);
  });
}
