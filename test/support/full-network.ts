import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { type GuardianLimits, type GuardianPlan, Guardians, pointerKind } from '@carecord/locator';
import { MemoryAuditStore, MemoryTransactions } from '@carecord/testkit';
import { TestHospital } from '../../libs/testkit/src/exchange-fixture.ts';
import { MemoryGuardianStore } from '../../libs/testkit/src/memory/guardian-store.ts';
import { makeTestNetwork, type TestNetwork, type TestNode } from '../../libs/testkit/src/network-fixture.ts';
import { SkippingClock } from './network-process/skipping-clock.ts';

/** More runs than the making of a key takes. */
const MAX_RUNS = 40;
/** How long a guardian pauses after a round that did not come about. */
const PAUSE_MILLISECONDS = 5_000;
/** A hospital that has admitted so many patients may have them evaluated. */
const ADMITTED = 100_000;

/** What a network is to be. */
export interface FullNetworkOptions {
  readonly hospitals: number;
  /** The first so many hospitals. */
  readonly guardians: number;
  readonly threshold: number;
  readonly seed: string;
  readonly limits?: Partial<GuardianLimits>;
}

/** A hospital as a node runs it, but for its database and its GraphQL. */
export interface FullHospital {
  readonly node: TestNode;
  readonly hospital: TestHospital;
  readonly guardians: Guardians;
  readonly guardianStore: MemoryGuardianStore;
}

/** Hospitals with real hosts, guardians among them, locators and exchange. */
export interface FullNetwork {
  readonly network: TestNetwork;
  readonly clock: SkippingClock;
  readonly hospitals: readonly FullHospital[];
}

/** Makes it, up to the guardians' common key. */
export async function makeFullNetwork({ hospitals, guardians, threshold, seed, limits }: FullNetworkOptions): Promise<FullNetwork> {
  const clock = new SkippingClock();
  const network = await makeTestNetwork({ hospitals, clock, seed, valueKinds: [pointerKind] });
  const plan: GuardianPlan = { sequence: 1, guardians: { members: network.hospitals.slice(0, guardians).map(({ resolved }) => resolved.did), threshold }, epoch: 1 };
  const all = network.hospitals.map((node) => fullHospital(node, plan, clock, limits));
  for (let run = 0; run < MAX_RUNS; run += 1) {
    await Promise.all(all.map(({ guardians: part }) => part.run()));
    const keys = await Promise.all(all.map(({ guardians: part }) => part.newestKey()));
    if (keys.every((key) => key !== undefined)) return { network, clock, hospitals: all };
    clock.skip(PAUSE_MILLISECONDS);
  }
  await network.stop();
  throw new Error('The guardians have not come to a key.');
}

function fullHospital(node: TestNode, plan: GuardianPlan, clock: SkippingClock, limits: Partial<GuardianLimits> = {}): FullHospital {
  const { name, host, identity, keys } = node;
  const guardianStore = new MemoryGuardianStore();
  const guardians = new Guardians({
    network: host,
    identity,
    isHospital: true,
    plan: () => plan,
    store: guardianStore,
    sealingKey: randomKey(),
    admissions: () => Promise.resolve({ admitted: ADMITTED, audit: { sequence: ADMITTED, hash: 'ab'.repeat(32) } }),
    audit: new AuditLog(new MemoryAuditStore(), clock),
    transactions: new MemoryTransactions(),
    clock,
    logger: silentLogger,
    limits,
  });
  guardians.start();
  const hospital = new TestHospital({ name, host, identity, recipientKeys: () => keys.recipientKeys(), tags: guardians.tags, clock });
  return { node, hospital, guardians, guardianStore };
}
