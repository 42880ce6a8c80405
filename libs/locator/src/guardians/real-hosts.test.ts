import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { MemoryAuditStore } from '../../../testkit/src/memory/audit-store.ts';
import { MemoryGuardianStore } from '../../../testkit/src/memory/guardian-store.ts';
import { MemoryTransactions } from '../../../testkit/src/memory/transactions.ts';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { Guardians } from './guardians.ts';
import type { GuardianPlan } from './ports.ts';

const TIMEOUT = 120_000;
const ASKING = { purpose: 'TREAT' as const, clinician: 'clinician-1' };

interface Part {
  readonly did: string;
  readonly store: MemoryGuardianStore;
  readonly guardians: Guardians;
}

describe('guardians over real hosts', () => {
  let network: TestNetwork;
  let parts: Part[];
  let plan: GuardianPlan = { sequence: 1, guardians: { members: [], threshold: 1 }, epoch: 1 };
  const input = new TextEncoder().encode('urn:x|1');
  const runUntil = (version: number): Promise<void> =>
    waitUntil(async () => {
      await Promise.all(parts.map(({ guardians }) => guardians.run()));
      const keys = await Promise.all(parts.map(({ guardians }) => guardians.newestKey()));
      return keys.every((key) => key?.version === version);
    });

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 3, authorityHost: true });
    parts = [network.authorityNode as TestNode, ...network.hospitals].map(({ host, identity }, at) => {
      const { clock } = network;
      const store = new MemoryGuardianStore();
      const audit = new AuditLog(new MemoryAuditStore(), clock);
      const admissions = (): Promise<{ admitted: number; audit: { sequence: number; hash: string } }> => Promise.resolve({ admitted: 1, audit: { sequence: 1, hash: '00'.repeat(32) } });
      const common = { plan: () => plan, store, sealingKey: randomKey(), admissions, audit, transactions: new MemoryTransactions(), clock, logger: silentLogger };
      const guardians = new Guardians({ ...common, network: host, identity, isHospital: at > 0 });
      guardians.start();
      return { did: identity.did, store, guardians };
    });
  }, TIMEOUT);
  afterAll(() => network.stop());

  it(
    'make a key, evaluate, hand it over, and evaluate to the same',
    async () => {
      const dids = parts.map(({ did }) => did);
      const [, , , asker] = parts as [Part, Part, Part, Part];
      plan = { sequence: 2, guardians: { members: dids.slice(0, 3), threshold: 2 }, epoch: 1 };
      await runUntil(2);
      const before = await asker.guardians.tags.tagsOf([input], ASKING, [1]);
      plan = { sequence: 3, guardians: { members: dids.slice(1), threshold: 3 }, formerGuardians: plan.guardians, epoch: 1 };
      await runUntil(3);
      // The asker is a guardian itself now.
      expect(await asker.guardians.tags.tagsOf([input], ASKING, [1])).toEqual(before);
      expect(await parts[1]?.guardians.tags.tagsOf([input], { purpose: 'PUBLISH' }, [1])).toEqual(before);
      await waitUntil(async () => {
        await Promise.all(parts.map(({ guardians }) => guardians.run()));
        return (await parts[0]?.store.shares())?.length === 0;
      });
    },
    TIMEOUT,
  );
});
