import { silentLogger, systemClock } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { hybridSigner } from '@carecord/crypto';
import { createHospitalDid, generateHospitalKeySeeds, issueMembershipCredential } from '@carecord/identity';
import type { HospitalKeySeeds, LocalMember, MemberRole, ResolvedDid } from '@carecord/identity';
import { createNetworkHost } from '@carecord/network';
import type { DhtValueKind, NetworkHost } from '@carecord/network';
import { MemoryDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';

/** The network that {@link makeTestNetwork} makes unless told otherwise. */
export const TEST_NETWORK_ID = 'test-network';
const CREDENTIAL_DAYS = 365;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** How often, and how often at the most, to look whether the hosts know each other. */
const POLL_MILLISECONDS = 10;
const MAX_POLLS = 2_000;

/** A DID with all its keys: a hospital or an authority, not yet admitted anywhere. */
export interface TestIdentity {
  readonly name: string;
  readonly seeds: HospitalKeySeeds;
  readonly resolved: ResolvedDid;
}

/** An admitted one, and its running host. */
export interface TestNode extends TestIdentity {
  readonly local: LocalMember;
  readonly host: NetworkHost;
  /** What the host keeps: DHT values are in it as raw bytes. */
  readonly datastore: Datastore;
}

/** What can be chosen. */
export interface TestNetworkOptions {
  readonly hospitals: number;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default none */
  readonly logger?: Logger;
  /** Kinds of value of the lib under test. */
  readonly valueKinds?: readonly DhtValueKind[];
  /** Whether the authority, who is the guardian too, runs a host as well. @default false */
  readonly authorityHost?: boolean;
}

/** Hosts on 127.0.0.1, each connected with every other and in its routing table. */
export interface TestNetwork {
  readonly networkId: string;
  readonly clock: Clock;
  readonly authority: TestIdentity;
  /** With `authorityHost`. */
  readonly authorityNode: TestNode | undefined;
  readonly hospitals: readonly TestNode[];
  stop(): Promise<void>;
}

/** A fresh DID at `<name>.hospital.example`. */
export async function makeTestIdentity(name: string, clock: Clock = systemClock): Promise<TestIdentity> {
  const seeds = generateHospitalKeySeeds();
  return { name, seeds, resolved: await createHospitalDid({ domain: `${name}.hospital.example`, seeds, clock }) };
}

/** What the authority's admission makes of an identity. */
export async function admitForTest(
  identity: TestIdentity,
  authority: TestIdentity,
  options: { readonly clock?: Clock; readonly networkId?: string; readonly roles?: MemberRole[]; readonly validUntil?: Date } = {},
): Promise<LocalMember> {
  const { clock = systemClock, networkId = TEST_NETWORK_ID, roles = ['hospital'] } = options;
  const now = clock.now();
  const credential = await issueMembershipCredential({
    issuer: authority.resolved,
    signer: hybridSigner(authority.seeds.signing),
    subject: identity.resolved.did,
    subjectName: `Hospital ${identity.name}`,
    networkId,
    roles,
    validFrom: now,
    validUntil: options.validUntil ?? new Date(now.getTime() + CREDENTIAL_DAYS * DAY_MILLISECONDS),
  });
  return { networkId, resolved: identity.resolved, credential, signer: hybridSigner(identity.seeds.signing) };
}

/** A host of an admitted identity, not started; unless told otherwise on a free port of 127.0.0.1. */
export async function makeTestNode(
  identity: TestIdentity,
  local: LocalMember,
  authority: ResolvedDid,
  options: Partial<TestNetworkOptions> & { readonly bootstrap?: readonly string[]; readonly listen?: readonly string[]; readonly datastore?: Datastore } = {},
): Promise<TestNode> {
  const datastore = options.datastore ?? new MemoryDatastore();
  const host = await createNetworkHost({
    local,
    authority,
    peerSeed: identity.seeds.peer,
    listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: options.bootstrap ?? [],
    valueKinds: options.valueKinds ?? [],
    datastore,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
  });
  return { ...identity, local, host, datastore };
}

/**
 * Makes a network of hospitals with fresh identities, named `a`, `b`, `c`, …, started and connected.
 *
 * @example
 * const network = await makeTestNetwork({ hospitals: 2 });
 * const [a, b] = network.hospitals;
 * a.host.handle(protocol, handler);
 * await b.host.request(protocol, a.resolved.did, question);
 * await network.stop();
 */
export async function makeTestNetwork(options: TestNetworkOptions): Promise<TestNetwork> {
  const { clock = systemClock } = options;
  const authority = await makeTestIdentity('authority', clock);
  const nodes: TestNode[] = [];
  if (options.authorityHost === true) {
    const local = await admitForTest(authority, authority, { clock, roles: ['authority', 'guardian'] });
    nodes.push(await makeTestNode(authority, local, authority.resolved, options));
  }
  const first = nodes.length;
  for (let at = 0; at < options.hospitals; at++) {
    const identity = await makeTestIdentity(String.fromCharCode('a'.charCodeAt(0) + at), clock);
    nodes.push(await makeTestNode(identity, await admitForTest(identity, authority, { clock }), authority.resolved, options));
  }
  await connectAll(nodes);
  return {
    networkId: TEST_NETWORK_ID,
    clock,
    authority,
    authorityNode: options.authorityHost === true ? nodes[0] : undefined,
    hospitals: nodes.slice(first),
    stop: async () => {
      await Promise.all(nodes.map(({ host }) => host.stop()));
    },
  };
}

/** Starts the hosts, connects each with each, and waits until all are in all routing tables. */
async function connectAll(nodes: readonly TestNode[]): Promise<void> {
  for (const { host } of nodes) await host.start();
  for (const [at, { host }] of nodes.entries()) {
    for (const other of nodes.slice(0, at)) await host.connect(other.host.addresses()[0] ?? '');
  }
  await waitUntil(() => nodes.every(({ host }) => host.routingTableSize() >= nodes.length - 1));
}

/** Waits until the condition holds: for what libp2p does in the background, which has no clock of ours. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  throw new Error('The condition did not come true in time.');
}
