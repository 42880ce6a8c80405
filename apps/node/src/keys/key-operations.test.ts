import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { KeyRing } from '@carecord/keys';
import { KeyRewrapping } from '@carecord/records';
import {
  ManualClock,
  MemoryAuditStore,
  MemoryKeyHolder,
  MemoryNodeKeyStore,
  MemoryPatientKeyStore,
  MemoryRecordStore,
  MemoryRewrapJobStore,
  MemoryTransactions,
} from '@carecord/testkit';
import { NodeError } from '../failures/node-error.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { KeyOperations } from './key-operations.ts';
import { RewrapRunner } from './rewrap-runner.ts';

const STAFF: StaffPrincipal = { staffId: 'staff-1', username: 'ada', role: 'administrator' };
const ACTOR = { kind: 'staff', id: 'staff-1', role: 'administrator' };

describe('KeyOperations', () => {
  let operations: KeyOperations;
  let runner: RewrapRunner;
  let holder: MemoryKeyHolder;
  let audit: AuditLog;
  let secret: Uint8Array;
  let rotate: (options: { readonly urgent: boolean }) => Promise<{ readonly versionId: string }>;
  beforeEach(async () => {
    const [transactions, clock, store] = [new MemoryTransactions(), new ManualClock(), new MemoryNodeKeyStore()];
    holder = new MemoryKeyHolder();
    const ring = await KeyRing.open({ holder, store, transactions, clock });
    ({ secret } = await ring.ensure('records-index', randomKey));
    audit = new AuditLog(new MemoryAuditStore(), clock);
    const rewrapping = new KeyRewrapping({
      stores: new MemoryRecordStore(),
      keys: new MemoryPatientKeyStore(),
      jobs: new MemoryRewrapJobStore(),
      transactions,
      audit,
      holder,
      nodeKeys: ring,
      clock,
    });
    runner = new RewrapRunner(rewrapping, silentLogger);
    rotate = () => Promise.resolve({ versionId: '2-abc' });
    operations = new KeyOperations({ holder, ring, rewrapping, runner, rotation: { rotate: (options) => rotate(options) }, audit, transactions });
  });

  it('shows the keys, and no secret', async () => {
    const overview = await operations.overview();
    expect(overview).toMatchObject({
      holder: 'memory',
      rootKeys: [{ id: 'root-1', isCurrent: true, isUsed: true }],
      keys: [{ id: 'records-index-1', purpose: 'records-index', state: 'active', rootKeyId: 'root-1' }],
    });
    expect(Object.keys(overview.keys[0] ?? {}).sort()).toEqual(
      ['activatedAt', 'createdAt', 'destroyedAt', 'id', 'number', 'purpose', 'retiredAt', 'rootKeyId', 'state'],
    );
    expect(JSON.stringify(overview)).not.toContain(Buffer.from(secret).toString('base64'));
  });

  it('re-wraps under a new root key, which then replaces the old one', async () => {
    await operations.rewrap('root', STAFF);
    await runner.run();
    expect(await operations.jobs()).toMatchObject([{ level: 'root', state: 'finished', target: 'root-2', done: 1, total: 1 }]);
    expect(await operations.destroyOldRootKeys(STAFF)).toEqual(['root-1']);
    expect((await operations.overview()).rootKeys).toEqual([{ id: 'root-2', isCurrent: true, isUsed: true }]);
    const events = await audit.list({ limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['root-keys-destroyed', 'root-keys-destroyed', 'keys-rewrapped', 'keys-rewrapped']);
    expect(events[0]).toMatchObject({ actor: ACTOR, detail: { rootKey: 'root-1' } });
  });

  it('refuses a second run of a level, and to destroy what is needed', async () => {
    const both = await Promise.allSettled([operations.rewrap('root', STAFF), operations.rewrap('root', STAFF)]);
    expect(both).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'REWRAP_RUNNING' } }]);
    await runner.run();
    await operations.destroyOldRootKeys(STAFF);
    await holder.createRootKey();
    await expect(operations.destroyOldRootKeys(STAFF)).rejects.toMatchObject({ code: 'ROOT_KEY_IN_USE' });
  });

  it('rotates the keys of the DID, and writes down that it did, or why it did not', async () => {
    expect(await operations.rotateIdentity({ urgent: true }, actorOf(STAFF))).toEqual({ versionId: '2-abc' });
    rotate = () => Promise.reject(new NodeError('AUTHORITY_UNREACHABLE', 'No witness answers.'));
    await expect(operations.rotateIdentity({ urgent: false }, actorOf(STAFF))).rejects.toMatchObject({ code: 'AUTHORITY_UNREACHABLE' });
    expect(await audit.list({ limit: 10 })).toMatchObject([
      { type: 'keys-rotated', outcome: 'failure', actor: ACTOR, reasonCode: 'AUTHORITY_UNREACHABLE', detail: { urgent: false } },
      { type: 'keys-rotated', outcome: 'success', actor: ACTOR, detail: { urgent: true, versionId: '2-abc' } },
    ]);
  });

  it('says so when the key holder does not answer, and begins nothing', async () => {
    holder.setReachable(false);
    await expect(operations.rewrap('root', STAFF)).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
    holder.setReachable(true);
    expect(await operations.jobs()).toEqual([]);
  });
});
