import { silentLogger, systemClock } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { DidHistories, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { LocalIdentity, LocalMember, NetworkTrust, ResolvedDid } from '@carecord/identity';
import { createNetworkHost, networkDidSource } from '@carecord/network';
import type { DhtValueKind, DhtValueStore, NetworkHost, NetworkHostOptions, Told } from '@carecord/network';
import { MemoryDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { MemoryDhtValueStore } from './memory/dht-value-store.ts';
import { MemoryDidHistoryStore } from './memory/did-history-store.ts';
import { MemoryStatusListStore } from './memory/status-list-store.ts';
import { admitForTest, makeTestIdentity, TEST_NETWORK_ID, TestAuthority, TestIdentity, trustIn } from './network-identities.ts';

export { admitForTest, makeTestAuthority, makeTestIdentity, TEST_NETWORK_ID, trustIn } from './network-identities.ts';
export type { TestAdmission, TestAuthority, TestIdentity } from './network-identities.ts';

/** How often, and how often at the most, to look whether the hosts know each other. */
const POLL_MILLISECONDS = 10;
const MAX_POLLS = 2_000;
const LETTERS = 26;
/** A bucket holds so many: above it not everybody is in everybody's routing table. */
const KNOWN = 20;
/** Whoever knows so many has joined: it finds everybody else through them. */
const JOINED = 12;

/** An admitted identity with everything behind its host, and the host. */
export interface TestNode {
  readonly name: string;
  readonly keys: TestIdentity;
  /** The version of its DID that is in use. */
  readonly resolved: ResolvedDid;
  /** Who it is now, as its host sees it. */
  readonly identity: LocalIdentity;
  /** A snapshot of this moment. */
  readonly local: LocalMember;
  readonly trust: NetworkTrust;
  readonly statuses: StatusBook;
  readonly histories: DidHistories;
  readonly host: NetworkHost;
  /** What libp2p keeps. */
  readonly datastore: Datastore;
  /** Its part of the DHT. */
  readonly values: DhtValueStore;
  /** Rotates all keys while the host runs, as a node does. */
  rotate(options?: { readonly keepPrevious?: boolean }): Promise<Told>;
}

/** What can be chosen of one node. */
export interface TestNodeOptions extends Partial<Pick<NetworkHostOptions, 'announce' | 'behindFirewall' | 'dht' | 'mdns' | 'relayServer' | 'replication'>> {
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default none */
  readonly logger?: Logger;
  /** Kinds of value of the lib under test. */
  readonly valueKinds?: readonly DhtValueKind[];
  readonly bootstrap?: readonly string[];
  /** @default a free port of 127.0.0.1 */
  readonly listen?: readonly string[];
  readonly datastore?: Datastore;
  /** @default in memory */
  readonly values?: DhtValueStore;
  /** What was seen of other DIDs before, e.g. that of the node before its restart. */
  readonly didHistories?: MemoryDidHistoryStore;
  /** What its libp2p key is made from. @default the identity's own; a replica needs another */
  readonly peerSeed?: Uint8Array;
  /** How many authorities must stand by a member. @default 1 */
  readonly threshold?: number;
}

/** What can be chosen of a network. */
export interface TestNetworkOptions extends Pick<TestNodeOptions, 'clock' | 'dht' | 'logger' | 'replication' | 'threshold' | 'valueKinds'> {
  /** Up to 128 in one process, at some 10 MB each. */
  readonly hospitals: number;
  /** @default 1 */
  readonly authorities?: number;
  /** Whether the first authority, who is the guardian too, runs a host as well. @default false */
  readonly authorityHost?: boolean;
  /** Decides all DIDs, and so where everybody stands in the key space. @default others in each run */
  readonly seed?: string;
  /** What is chosen for one of the hosts, by its number. */
  readonly perNode?: (number: number) => Partial<TestNodeOptions>;
  /**
   * Which hosts are connected to begin with; in the DHT they find each other from there.
   * - `in-a-line`: each with the one before
   * - `by-bootstrap`: each with the first, by whose address it joins
   * @default each with each
   */
  readonly connected?: 'each-with-each' | 'in-a-line' | 'by-bootstrap';
}

/** Hosts on 127.0.0.1, connected, and in each other's routing tables where they are connected directly. */
export interface TestNetwork {
  readonly networkId: string;
  readonly clock: Clock;
  /** The first one. */
  readonly authority: TestIdentity;
  readonly authorities: readonly TestAuthority[];
  /** With `authorityHost`. */
  readonly authorityNode: TestNode | undefined;
  readonly hospitals: readonly TestNode[];
  /**
   * All authorities end a membership, and one node is told.
   * @param at @default the authority's host, else the first hospital that is not the one removed
   */
  revoke(did: string, at?: TestNode): Promise<void>;
  stop(): Promise<void>;
}

/** A host of an admitted identity, not started. */
export async function makeTestNode(
  keys: TestIdentity,
  local: LocalMember,
  authorities: TestAuthority | readonly TestAuthority[],
  options: TestNodeOptions = {},
): Promise<TestNode> {
  const { announce, behindFirewall, clock = systemClock, datastore = new MemoryDatastore(), dht, mdns, relayServer, replication, threshold, values = new MemoryDhtValueStore() } = options;
  const trust = trustIn(Array.isArray(authorities) ? (authorities as readonly TestAuthority[]) : [authorities as TestAuthority], threshold);
  const statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
  for (const list of local.statusLists) await statuses.offer(list);
  const late: { host?: NetworkHost } = {};
  const store = options.didHistories ?? new MemoryDidHistoryStore();
  const histories = new DidHistories({ store, clock, policy: MEMBER_POLICY, sources: [networkDidSource(() => late.host)] });
  const current = (): LocalMember => ({ ...local, resolved: keys.resolved, signer: keys.signer, statusLists: statuses.lists() });
  const identity: LocalIdentity = { did: keys.did, networkId: local.networkId, current };
  const host = await createNetworkHost({
    local: identity,
    trust,
    statuses,
    histories,
    peerSeed: options.peerSeed ?? keys.peerSeed,
    listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: options.bootstrap ?? [],
    valueKinds: options.valueKinds ?? [],
    ...(announce && { announce }),
    behindFirewall: behindFirewall ?? false,
    dht: dht ?? true,
    mdns: mdns ?? false,
    relayServer: relayServer ?? false,
    ...(replication !== undefined && { replication }),
    datastore,
    values,
    clock,
    logger: options.logger ?? silentLogger,
  });
  late.host = host;
  return {
    name: keys.name,
    keys,
    get resolved() {
      return keys.resolved;
    },
    identity,
    get local() {
      return current();
    },
    trust,
    statuses,
    histories,
    host,
    datastore,
    values,
    rotate: async ({ keepPrevious } = {}) => {
      let told: Told = { told: 0, failed: 0 };
      await keys.rotate({
        keepPrevious,
        announce: async (history) => {
          told = await host.announceIdentity(history);
        },
      });
      return told;
    },
  };
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
  const { clock = systemClock, authorityHost = false, seed } = options;
  const makeIdentity = (name: string): Promise<TestIdentity> => (seed === undefined ? makeTestIdentity(name, clock) : TestIdentity.seeded(name, seed, clock));
  const makeAuthority = async (name: string): Promise<TestAuthority> => new TestAuthority(await makeIdentity(name), clock);
  const [first = await makeAuthority('authority'), ...others] = await Promise.all(
    Array.from({ length: options.authorities ?? 1 }, (_, at) => makeAuthority(at === 0 ? 'authority' : `authority-${at + 1}`)),
  );
  const authorities = [first, ...others];
  const identities = await Promise.all(Array.from({ length: options.hospitals }, (_, at) => makeIdentity(nameOf(at))));
  const admitted: [TestIdentity, LocalMember][] = [];
  if (authorityHost) admitted.push([first.identity, await admitForTest(first.identity, authorities, { roles: ['authority', 'guardian'] })]);
  for (const identity of identities) admitted.push([identity, await admitForTest(identity, authorities)]);
  // The same for all: otherwise they would begin with telling each other the newest.
  const statusLists = await Promise.all(authorities.map((authority) => authority.statusList()));
  const nodes = await startConnected(admitted.map(([identity, local]) => [identity, { ...local, statusLists }]), authorities, options);
  const hospitals = nodes.slice(authorityHost ? 1 : 0);
  const authorityNode = authorityHost ? nodes[0] : undefined;
  return {
    networkId: TEST_NETWORK_ID,
    clock,
    authority: first.identity,
    authorities,
    authorityNode,
    hospitals,
    revoke: async (did, at = authorityNode ?? hospitals.find(({ resolved }) => resolved.did !== did)) => {
      for (const authority of authorities) {
        authority.mark(did, { revoked: true });
        await at?.host.announceStatus(await authority.statusList());
      }
    },
    stop: async () => {
      await Promise.all(nodes.map(({ host }) => host.stop()));
    },
  };
}

/** Starts a host for each identity, and waits until they know each other; when that fails, those that have started are stopped. */
async function startConnected(admitted: readonly (readonly [TestIdentity, LocalMember])[], authorities: readonly TestAuthority[], options: TestNetworkOptions): Promise<TestNode[]> {
  const { connected = 'each-with-each', perNode } = options;
  const nodes: TestNode[] = [];
  try {
    for (const [at, [identity, local]] of admitted.entries()) {
      const bootstrap = connected === 'by-bootstrap' ? (nodes[0]?.host.addresses() ?? []) : [];
      const node = await makeTestNode(identity, local, authorities, { ...options, bootstrap, ...perNode?.(at) });
      nodes.push(node);
      await node.host.start();
      // One after the other: those that join at the same moment dial each other twice.
      if (connected === 'by-bootstrap' && options.dht !== false) await waitUntil(() => node.host.routingTableSize() >= Math.min(at, JOINED));
    }
    const outside = new Set(nodes.filter((_, at) => ({ ...options, ...perNode?.(at) }).dht === false));
    await connectAll(nodes, connected, outside);
    return nodes;
  } catch (error) {
    await Promise.allSettled(nodes.map(({ host }) => host.stop()));
    throw error;
  }
}

/** `a` to `z`, then `a1` and so on. */
function nameOf(at: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + (at % LETTERS)) + (at < LETTERS ? '' : String(Math.floor(at / LETTERS)));
}

/** Connects the hosts, and waits until those that are connected directly know each other, in their routing tables if both are in the DHT. */
async function connectAll(nodes: readonly TestNode[], connected: Required<TestNetworkOptions>['connected'], outside: ReadonlySet<TestNode>): Promise<void> {
  const pairs = nodes.flatMap((node, at) => dialledBy(nodes, at, connected).map((other) => [node, other] as const));
  if (connected !== 'by-bootstrap') for (const [{ host }, other] of pairs) await host.connect(other.host.addresses()[0] ?? '');
  const known = (one: TestNode, other: TestNode): boolean =>
    outside.has(one) || outside.has(other) ? one.host.members().some(({ did }) => did === other.keys.did) : one.host.routingTableSize() >= KNOWN || one.host.peers().some(({ did, inRoutingTable }) => inRoutingTable && did === other.keys.did);
  await waitUntil(() => pairs.every(([one, other]) => known(one, other) && known(other, one)));
}

function dialledBy(nodes: readonly TestNode[], at: number, connected: Required<TestNetworkOptions>['connected']): readonly TestNode[] {
  if (connected === 'each-with-each') return nodes.slice(0, at);
  return connected === 'in-a-line' ? nodes.slice(Math.max(0, at - 1), at) : nodes.slice(0, Math.min(at, 1));
}

/** Waits until the condition holds: for what libp2p does in the background, which has no clock of ours. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  throw new Error('The condition did not come true in time.');
}
