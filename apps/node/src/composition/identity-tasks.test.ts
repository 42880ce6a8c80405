import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { LogFields, Logger } from '@carecord/core';
import { POINTER_LIFETIME_MILLISECONDS } from '@carecord/locator';
import { ManualClock } from '@carecord/testkit';
import { NodeError } from '../failures/node-error.ts';
import { Home, startReplica } from '../identity/identity.fixture.ts';
import { IdentityRotation } from '../identity/identity-rotation.ts';
import { addKeyCleaning, finishRotation } from './identity-tasks.ts';

let warned: (LogFields | undefined)[];
const logger: Logger = { ...silentLogger, warn: (_, fields) => void warned.push(fields) };

beforeEach(() => {
  warned = [];
});

describe('a rotation that is under way when the node starts', () => {
  it.each(['AUTHORITY_UNREACHABLE', 'ADMISSION_REFUSED', 'HISTORY_FORKED'] as const)('does not keep it from starting when it is not witnessed: %s', async (code) => {
    await finishRotation(() => Promise.reject(new NodeError(code, 'not now')), { logger });
    expect(warned).toEqual([{ code }]);
  });

  it('stops the start when the database does not fit', async () => {
    const error = new NodeError('DATABASE_MISMATCH', 'damaged');
    await expect(finishRotation(() => Promise.reject(error), { logger })).rejects.toBe(error);
  });
});

describe('the private keys that a rotation leaves behind', () => {
  it('are destroyed where nobody seals anything to them, too', async () => {
    const clock = new ManualClock();
    const home = new Home();
    const { identity, ring } = await startReplica(home, { clock });
    const announce = (): Promise<void> => Promise.resolve();
    const rotation = new IdentityRotation({ identity, ring, settings: home.settings, services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce, clock, logger });
    const jobs: (() => Promise<void>)[] = [];
    addKeyCleaning({ ring, clock, logger, storage: { jobs: { add: (job) => void jobs.push(() => job.run()) } } }, identity.did, () => Promise.resolve(new Set()));
    await rotation.rotate({ urgent: false });
    clock.advance(POINTER_LIFETIME_MILLISECONDS);
    for (const run of jobs) await run();
    const states = ring.list().filter(({ number }) => number === 1).map(({ id, state }) => `${id} ${state}`);
    expect(states).toEqual(['did-cosigning-1 destroyed', 'did-recipient-1 destroyed', 'did-signing-1 destroyed', 'did-update-1 destroyed']);
  });
});
