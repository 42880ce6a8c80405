import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@carecord/core';
import { type SigningSeeds, generalJwsSchema, hybridSigner, randomKey } from '@carecord/crypto';
import { type LocalIdentity, type LocalMember, type NetworkFile, type ResolvedDid, DidHistories, fixedTrust, MEMBER_POLICY, parseNetworkFile, StatusBook } from '@carecord/identity';
import { KeyRing } from '@carecord/keys';
import { Guardians, type LocatedNetwork, pointerKind, type TagSource } from '@carecord/locator';
import { type NetworkHost, createNetworkHost } from '@carecord/network';
import { type Storage, openStorage } from '@carecord/storage';
import { AuditLog } from '@carecord/audit';
import { MemoryAuditStore, MemoryDhtValueStore, MemoryDidHistoryStore, MemoryGuardianStore, MemoryStatusListStore, MemoryTransactions } from '@carecord/testkit';
import { MemoryDatastore } from 'datastore-core';
import { z } from 'zod';
import { openKeyHolder } from '../../apps/node/src/composition/open-key-holder.ts';
import { DID_SETTING, readDidRecord, signingSeedsOf } from '../../apps/node/src/identity/did-record.ts';
import { parseGuardianPlan } from '../../apps/node/src/identity/guardians-file.ts';
import { readJsonSetting } from '../../apps/node/src/identity/settings.ts';
import type { TestNetwork } from './running-network.ts';

/** A genuine member of the network whose software is the test's: it may say whatever it likes. */
export interface ImpersonatedMember {
  readonly local: LocalMember;
  readonly description: LocatedNetwork;
  readonly host: NetworkHost;
  /** The guardians evaluate for any member that is a hospital. */
  readonly tags: TagSource;
}

/** What of a demo hospital signs for it. */
export interface DemoKeys {
  readonly seeds: { readonly signing: SigningSeeds };
  readonly resolved: ResolvedDid;
}

type Slug = 'alder' | 'birch' | 'chestnut';

const HOUR_MILLISECONDS = 60 * 60 * 1000;
/** Where a node keeps what its authorities gave it: by the authority's DID. */
const MEMBERSHIP_SETTING = 'identity.memberships';
const membershipSchema = z.record(z.string(), z.looseObject({ credential: generalJwsSchema }));

/** Takes the keys and the membership of a demo hospital whose node has been stopped, and enters the network with them. */
export async function impersonate(network: TestNetwork, slug: Slug): Promise<ImpersonatedMember> {
  const member = await impersonateAlone(network, slug);
  for (const address of network.network.authority.process.ready.p2p) await member.host.connect(address);
  return member;
}

/** The same without connecting to anybody: for a hospital whose membership has ended. */
export async function impersonateAlone(network: TestNetwork, slug: Slug): Promise<ImpersonatedMember> {
  const file = parseNetworkFile(await readFile(network.network.layout.networkFile, 'utf8'), { allowHttp: true });
  const { trust, statuses, local } = await withStorage(network, slug, async (storage) => {
    const { seeds, resolved } = await keysOf(network, slug, storage);
    const trusted = fixedTrust(file.networkId, await authoritiesOf(file, storage), file.threshold, file.statusMaxAgeHours * HOUR_MILLISECONDS);
    const book = new StatusBook({ trust: trusted, store: new MemoryStatusListStore(), clock: systemClock });
    for (const { jws } of await storage.statusLists.all()) await book.offer(jws);
    const memberships = (await readJsonSetting(storage.settings, MEMBERSHIP_SETTING, membershipSchema)) ?? {};
    const credentials = Object.values(memberships).map(({ credential }) => credential);
    return { trust: trusted, statuses: book, local: { networkId: file.networkId, resolved, credentials, signer: hybridSigner(seeds.signing), statusLists: book.lists() } };
  });
  const identity: LocalIdentity = { did: local.resolved.did, networkId: local.networkId, current: () => ({ ...local, statusLists: statuses.lists() }) };
  const host = await createNetworkHost({
    local: identity,
    trust,
    statuses,
    histories: new DidHistories({ store: new MemoryDidHistoryStore(), clock: systemClock, policy: MEMBER_POLICY }),
    peerSeed: randomKey(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    valueKinds: [pointerKind],
    datastore: new MemoryDatastore(),
    values: new MemoryDhtValueStore(),
    clock: systemClock,
    logger: silentLogger,
  });
  await host.start();
  return { local, description: file, host, tags: await tagsOf(network, host, identity) };
}

async function tagsOf(network: TestNetwork, host: NetworkHost, identity: LocalIdentity): Promise<TagSource> {
  const plan = parseGuardianPlan(await readFile(network.network.layout.guardiansFile, 'utf8'));
  const clock = systemClock;
  const audit = new AuditLog(new MemoryAuditStore(), clock);
  const admissions = (): Promise<never> => Promise.reject(new Error('This member has admitted nobody.'));
  const common = { plan: () => plan, admissions, audit, clock, transactions: new MemoryTransactions(), logger: silentLogger };
  return new Guardians({ ...common, network: host, identity, isHospital: true, store: new MemoryGuardianStore(), sealingKey: randomKey() }).tags;
}

/** The keys and the DID of a demo hospital: its passphrase lies beside its key file. */
export function demoKeys(network: TestNetwork, slug: Slug): Promise<DemoKeys> {
  return withStorage(network, slug, (storage) => keysOf(network, slug, storage));
}

async function keysOf(network: TestNetwork, slug: Slug, storage: Storage): Promise<DemoKeys> {
  const dataDirectory = network.network.layout.node(slug);
  const passphrase = (await readFile(join(dataDirectory, 'passphrase'), 'utf8')).trim();
  const holder = await openKeyHolder({ keyHolder: { kind: 'sealed-file', path: join(dataDirectory, 'keys.sealed'), passphrase } });
  const ring = await KeyRing.open({ holder, store: storage.nodeKeys, transactions: storage.transactions, clock: systemClock });
  const record = await readDidRecord(storage.settings, DID_SETTING);
  const signing = record && ring.find(record.keys.signing);
  if (record === undefined || signing === undefined) throw new Error(`${slug} has no keys.`);
  const histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock: systemClock, policy: MEMBER_POLICY });
  return { seeds: { signing: signingSeedsOf(signing) }, resolved: await histories.accept(record.did, record.history) };
}

async function authoritiesOf(file: NetworkFile, storage: Storage): Promise<ResolvedDid[]> {
  const histories = new DidHistories({ store: storage.didHistories, clock: systemClock, policy: MEMBER_POLICY });
  const known = await Promise.all(file.authorities.map(({ did }) => histories.known(did)));
  return known.filter((authority) => authority !== undefined);
}

async function withStorage<Result>(network: TestNetwork, slug: Slug, work: (storage: Storage) => Promise<Result>): Promise<Result> {
  const storage = await openStorage({ databaseUrl: network.hospital(slug).databaseUrl, clock: systemClock, logger: silentLogger });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}
