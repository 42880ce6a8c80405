import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger, systemClock } from '@carecord/core';
import { MEMBER_POLICY } from '@carecord/identity';
import { KeyRing } from '@carecord/keys';
import { openStorage } from '@carecord/storage';
import type { Storage } from '@carecord/storage';
import { MemoryKeyHolder } from '@carecord/testkit';
import { createTestDatabase } from '../../../../libs/testkit/src/database.ts';
import type { TestDatabase } from '../../../../libs/testkit/src/database.ts';
import { IdentityRotation } from './identity-rotation.ts';
import { NodeIdentity } from './node-identity.ts';

const REPLICAS = 3;
const clock = systemClock;
let database: TestDatabase;
let storages: Storage[];
let holder: MemoryKeyHolder;

async function open({ nodeKeys, transactions, settings }: Storage): Promise<{ readonly identity: NodeIdentity; readonly ring: KeyRing; readonly rotation: IdentityRotation }> {
  const ring = await KeyRing.open({ holder, store: nodeKeys, transactions, clock });
  const services = (): [] => [];
  const identity = await NodeIdentity.open({ ring, settings, domain: 'a.hospital.example', networkId: 'test-network', policy: MEMBER_POLICY, witness: undefined, services, clock });
  const rotation = new IdentityRotation({ identity, ring, settings, services, witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce: () => Promise.resolve(), clock, logger: silentLogger });
  return { identity, ring, rotation };
}

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.empty();
  holder = new MemoryKeyHolder();
  storages = await Promise.all(Array.from({ length: REPLICAS }, () => openStorage({ databaseUrl: database.url, clock, logger: silentLogger })));
});
afterEach(() => Promise.all(storages.map((storage) => storage.close())));

describe('replicas on one PostgreSQL database', () => {
  it('that start at once for the first time have one DID and one set of keys', async () => {
    const replicas = await Promise.all(storages.map(open));
    expect(new Set(replicas.map(({ identity }) => identity.record.history)).size).toBe(1);
    for (const { identity, ring } of replicas) {
      expect(ring.list()).toHaveLength(6);
      expect(identity.signing().signer.publicKeys).toEqual(identity.signing().resolved.signing);
    }
  });

  it('that rotate at once never leave two versions of one number, and end with the same keys', async () => {
    const replicas = await Promise.all(storages.map(open));
    const outcomes = await Promise.allSettled(replicas.map(({ rotation }) => rotation.rotate({ urgent: false })));
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'WRONG_STATE' });
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    for (const { rotation } of replicas) await rotation.follow();
    const [first] = replicas;
    for (const { identity, ring } of replicas) {
      expect(identity.record).toEqual(first?.identity.record);
      expect(ring.list()).toEqual(first?.ring.list());
    }
    expect(first?.ring.list().filter(({ purpose }) => purpose === 'did-signing')).toHaveLength(first?.identity.signing().resolved.versionNumber ?? 0);
  });
});
