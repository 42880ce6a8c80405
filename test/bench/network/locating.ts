import { AuditLog } from '@carecord/audit';
import { newId, silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { Guardians, Locator, pointerKind } from '@carecord/locator';
import type { GuardianPlan } from '@carecord/locator';
import { LISTED } from '../../../libs/testkit/src/locator-fixture.ts';
import { MemoryAuditStore } from '../../../libs/testkit/src/memory/audit-store.ts';
import { MemoryGuardianStore } from '../../../libs/testkit/src/memory/guardian-store.ts';
import { MemoryLocatorStore } from '../../../libs/testkit/src/memory/locator-store.ts';
import { MemoryTransactions } from '../../../libs/testkit/src/memory/transactions.ts';
import { makeTestNetwork } from '../../../libs/testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../libs/testkit/src/network-fixture.ts';
import { percentile } from '../../support/figure.ts';
import { until } from '../../support/until.ts';
import { measurePrimitives } from '../../support/primitives.ts';
import { sentBy, untilQuiet } from './hosts.ts';
import { measureOperations } from './operations.ts';
import type { NetworkBenchOptions } from './options.ts';

const HOSPITALS = 8;
const [GUARDIANS, THRESHOLD] = [3, 2];
const PATIENTS = 16;
const [LOCATES, FULL_LOCATES] = [80, 400];
const WARM_UP = 16;
/** How long the guardians may take to make their key. */
const KEY_MILLISECONDS = 120_000;
const TARGET_MILLISECONDS = 100;
/** Bytes of the resource in {@link measurePrimitives} that are of no interest here. */
const ANY_SIZE = 1_000;
const NATIONAL = 'urn:oid:1.2.3';

interface Hospital {
  readonly node: TestNode;
  readonly guardians: Guardians;
  readonly locator: Locator;
}

/** A look-up from the identifier to verified pointers, among hospitals on loopback of which some are guardians. */
export async function measureLocating({ suite, print, full }: NetworkBenchOptions): Promise<void> {
  const network = await makeTestNetwork({ hospitals: HOSPITALS, seed: 'bench', valueKinds: [pointerKind] });
  try {
    const hospitals = makeHospitals(network);
    await makeKey(hospitals);
    const identifiers = await publishPatients(hospitals);
    await untilQuiet();
    const hosts = network.hospitals.map(({ host }) => host);
    const locate = async (at: number): Promise<void> => {
      const asker = hospitals[(at + 1) % HOSPITALS] as Hospital;
      const identifier = identifiers[at % PATIENTS] as (typeof identifiers)[number];
      // A clinician each: one alone may not ask that often.
      const { pointers, incomplete } = await asker.locator.locate(identifier, { purpose: 'TREAT', actor: { kind: 'staff', id: `staff-${at}` } });
      if (pointers.length !== 1 || incomplete) throw new Error('A patient was not located.');
    };
    const sent = async (): Promise<number> => (await sentBy(hosts)).messages;
    await measureOperations(WARM_UP, locate, sent);
    const { milliseconds, cpuMilliseconds, messages } = await measureOperations(full ? FULL_LOCATES : LOCATES, (at) => locate(WARM_UP + at), sent);
    const { locateMilliseconds } = await measurePrimitives(ANY_SIZE);
    const name = `locate among ${HOSPITALS} nodes with ${THRESHOLD} of ${GUARDIANS} guardians`;
    const reference = { name: 'OPRF blind, evaluate, prove, verify, once each', value: locateMilliseconds };
    const [p50, p95] = [percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)];
    print({ suite, metric: `${name}, p50`, value: p50, unit: 'ms', reference, ratio: p50 / reference.value, target: `<= ${TARGET_MILLISECONDS}`, meets: p50 <= TARGET_MILLISECONDS });
    print({ suite, metric: `${name}, p95`, value: p95, unit: 'ms', reference, ratio: p95 / reference.value });
    print({ suite, metric: `${name}, CPU of all hosts`, value: cpuMilliseconds, unit: 'ms', reference, ratio: cpuMilliseconds / reference.value });
    print({ suite, metric: `${name}, questions`, value: messages, unit: 'messages' });
  } finally {
    await network.stop();
  }
}

function makeHospitals({ hospitals, clock }: TestNetwork): Hospital[] {
  const members = hospitals.slice(0, GUARDIANS).map(({ keys }) => keys.did);
  const plan = (): GuardianPlan => ({ sequence: 1, guardians: { members, threshold: THRESHOLD }, epoch: 1 });
  return hospitals.map((node) => {
    const { host, identity, keys } = node;
    const common = { network: host, identity, audit: new AuditLog(new MemoryAuditStore(), clock), transactions: new MemoryTransactions(), clock, logger: silentLogger };
    const admissions = (): Promise<{ admitted: number; audit: { sequence: number; hash: string } }> => Promise.resolve({ admitted: PATIENTS, audit: { sequence: PATIENTS, hash: 'ab'.repeat(32) } });
    const guardians = new Guardians({ ...common, isHospital: true, plan, store: new MemoryGuardianStore(), sealingKey: randomKey(), admissions });
    guardians.start();
    const locator = new Locator({ ...common, tags: guardians.tags, recipientSeeds: () => keys.recipientKeys().map(({ seed }) => seed), store: new MemoryLocatorStore(), indexKey: randomKey() });
    return { node, guardians, locator };
  });
}

/** Everybody does its part until all know the key. */
async function makeKey(hospitals: readonly Hospital[]): Promise<void> {
  const run = async (): Promise<number> => {
    for (const { guardians } of hospitals) await guardians.run();
    return (await Promise.all(hospitals.map(({ guardians }) => guardians.newestKey()))).filter((key) => key !== undefined).length;
  };
  await until('a key that everybody knows', run, (knowing) => knowing === hospitals.length, KEY_MILLISECONDS);
}

/** Each patient is known to one hospital, which is never the first to ask for it. */
async function publishPatients(hospitals: readonly Hospital[]): Promise<{ system: string; value: string }[]> {
  const identifiers = Array.from({ length: PATIENTS }, () => ({ system: NATIONAL, value: newId() }));
  for (const [at, identifier] of identifiers.entries()) await (hospitals[at % HOSPITALS] as Hospital).locator.publishPatient(newId(), { identifiers: [identifier] }, LISTED);
  return identifiers;
}
