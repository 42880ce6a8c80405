import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { silentLogger, systemClock } from '@carecord/core';
import { DidHistories, fixedIdentity, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import { RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { Connection, Libp2p, PeerDiscoveryEvents } from '@libp2p/interface';
import { TypedEventEmitter } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { lpStream } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryDatastore } from 'datastore-core';
import { MemoryDidHistoryStore } from '../../../testkit/src/memory/did-history-store.ts';
import { MemoryStatusListStore } from '../../../testkit/src/memory/status-list-store.ts';
import { admitForTest, makeTestAuthority, makeTestIdentity, TEST_NETWORK_ID, trustIn, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority, TestIdentity } from '../../../testkit/src/network-fixture.ts';
import { MembershipEncrypter } from '../encrypter/membership-encrypter.ts';
import { peerKeyFromSeed } from '../encrypter/peer-key.ts';
import { createNode, stopNode } from '../host/libp2p-node.ts';
import type { NodeServices } from '../host/libp2p-node.ts';
import { MemberRegistry } from '../host/member-registry.ts';
import type { DiscoverySource } from './local-discovery.ts';
import { Reach } from './reach-service.ts';
import type { ReachOptions } from './reach-service.ts';

const ECHO = '/carecord/test/echo/1';
const SECRET = 'a sentence that no relay may read';

interface TestHost {
  readonly did: string;
  readonly node: Libp2p<NodeServices>;
  readonly reach: Reach;
  readonly statuses: StatusBook;
  readonly registry: MemberRegistry;
  readonly changes: () => number;
  /** As a host does with a member that has fallen. */
  cutOffFallen(): void;
}

type TestHostOptions = Partial<ReachOptions> & { readonly listen?: readonly string[] };

const running: TestHost[] = [];
const servers: Server[] = [];
let authority: TestAuthority;
const identities = new Map<string, TestIdentity>();

/** A node with the encrypter, and what a host keeps of members, but nothing else of a host. */
async function start(name: string, options: TestHostOptions = {}): Promise<TestHost> {
  const identity = identities.get(name) ?? (await makeTestIdentity(name));
  identities.set(name, identity);
  const local = await admitForTest(identity, authority);
  const trust = trustIn([authority]);
  const clock = systemClock;
  const statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
  for (const list of local.statusLists) await statuses.offer(list);
  const histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY });
  const peerKey = await peerKeyFromSeed(identity.peerSeed);
  const late: { node?: Libp2p<NodeServices> } = {};
  const isConnected = (peerId: string): boolean => late.node?.getConnections().some(({ remotePeer }) => remotePeer.toString() === peerId) ?? false;
  const registry = new MemberRegistry({ clock, statuses, isConnected });
  const encrypter = new MembershipEncrypter({ local: fixedIdentity(local), trust, statuses, histories, peerKey, clock, logger: silentLogger, onProven: (member) => registry.prove(member) });
  let changes = 0;
  const reach = new Reach({
    networkId: TEST_NETWORK_ID,
    memberOf: (peerId) => registry.byPeer(peerId)?.did,
    securityOf: (connection) => encrypter.secured.of(connection),
    relayCandidates: () => Promise.resolve([]),
    onAddressesChanged: () => void (changes += 1),
    clock,
    logger: silentLogger,
    ...options,
  });
  const node = await createNode({ peerKey, listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'], datastore: new MemoryDatastore(), encrypter, reach });
  late.node = node;
  await node.handle(
    ECHO,
    async (stream) => {
      const frames = lpStream(stream);
      await frames.write((await frames.read()).subarray());
      await stream.close();
    },
    { runOnLimitedConnection: true },
  );
  await node.start();
  const cutOffFallen = (): void => {
    for (const { peerId } of registry.fallen()) for (const connection of node.getConnections()) if (connection.remotePeer.toString() === peerId) connection.abort(new Error('NOT_A_MEMBER'));
  };
  const host = { did: identity.did, node, reach, statuses, registry, changes: () => changes, cutOffFallen };
  running.push(host);
  return host;
}

async function echo(connection: Connection, text: string): Promise<string> {
  const frames = lpStream(await connection.newStream(ECHO, { runOnLimitedConnection: true }));
  await frames.write(Buffer.from(text));
  return Buffer.from((await frames.read()).subarray()).toString();
}

function addressesOf({ node }: TestHost): string[] {
  return node.getMultiaddrs().map(String);
}

function connectionsBetween({ node }: TestHost, other: TestHost): Connection[] {
  return node.getConnections(other.node.peerId).filter(({ status }) => status === 'open');
}

/** A relay, and a hospital behind a firewall that has a place at it. */
async function startRelayed(relayOptions: TestHostOptions = {}): Promise<{ relay: TestHost; hidden: TestHost }> {
  const relay = await start('relay', { relayServer: true, ...relayOptions });
  const hidden = await start('hidden', { behindFirewall: true, listen: [], relayCandidates: () => Promise.resolve([{ did: relay.did, addresses: addressesOf(relay) }]) });
  await waitUntil(() => hidden.reach.relayClient.relays().length === 1);
  return { relay, hidden };
}

/** A TCP line that keeps a copy of all that goes over it. */
async function tap(address: string): Promise<{ readonly address: string; readonly seen: () => Buffer }> {
  const copies: Buffer[] = [];
  const [, , host = '', , port = ''] = address.split('/');
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', (chunk: Buffer) => {
        copies.push(chunk);
        to.write(chunk);
      });
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = (server.address() as AddressInfo).port;
  return { address: address.replace(`/tcp/${port}`, `/tcp/${own}`), seen: () => Buffer.concat(copies) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  authority = await makeTestAuthority();
});
afterEach(async () => {
  for (const { node } of running.splice(0)) await stopNode(node);
  for (const server of servers.splice(0)) server.close();
});

describe('a hospital behind a firewall', () => {
  it('is reached through a relay by a member, end to end, and says so in its addresses alone', async () => {
    const { relay, hidden } = await startRelayed();
    const [address = ''] = addressesOf(hidden);
    expect(addressesOf(hidden)).toHaveLength(1);
    expect(address).toBe(`${addressesOf(relay)[0] ?? ''}/p2p-circuit/p2p/${hidden.node.peerId.toString()}`);
    const caller = await start('caller', { listen: [] });
    const connection = await caller.node.dial(multiaddr(address));
    expect(connection.remotePeer.equals(hidden.node.peerId)).toBe(true);
    expect(await echo(connection, 'through')).toBe('through');
    await waitUntil(() => connectionsBetween(hidden, caller).length === 1);
    for (const [one, other] of [[caller, hidden], [hidden, caller]] as const) {
      expect(one.registry.byPeer(other.node.peerId.toString())?.did).toBe(other.did);
      expect(one.reach.report(other.node.peerId.toString())).toMatchObject({ group: 'X25519MLKEM768', relayed: true });
      expect(one.reach.relayedConnections()).toBe(1);
    }
    expect(relay.reach.relayedConnections()).toBe(0);
  });

  it('carries megabytes both ways over the relay', async () => {
    const { hidden } = await startRelayed();
    const caller = await start('caller', { listen: [] });
    const connection = await caller.node.dial(multiaddr(addressesOf(hidden)[0] ?? ''));
    await hidden.node.handle('/carecord/test/bytes/1', async (stream) => {
      for await (const chunk of stream) if (!stream.send(chunk)) await stream.onDrain();
      await stream.close();
    }, { runOnLimitedConnection: true });
    const stream = await connection.newStream('/carecord/test/bytes/1', { runOnLimitedConnection: true });
    const total = 3 * 1024 * 1024;
    const sending = (async () => {
      for (let sent = 0; sent < total; sent += 65_536) if (!stream.send(new Uint8Array(65_536).fill(sent / 65_536))) await stream.onDrain();
      await stream.close();
    })();
    let received = 0;
    for await (const chunk of stream) {
      expect(chunk.subarray()[0]).toBe(Math.floor(received / 65_536));
      received += chunk.byteLength;
    }
    await sending;
    expect(received).toBe(total);
  });

  it('shows the relay nothing but ciphertext', async () => {
    const { relay, hidden } = await startRelayed();
    const caller = await start('caller', { listen: [] });
    const relayed = new Set<string>();
    const copies: Buffer[] = [];
    // Inside the relay, where its own encryption to either end is off already.
    const stopStreams = connectionsBetween(relay, hidden)[0];
    const newStream = (stopStreams as Connection).newStream.bind(stopStreams);
    (stopStreams as { newStream: Connection['newStream'] }).newStream = async (protocols, options) => {
      const stream = await newStream(protocols, options);
      relayed.add(String(protocols));
      stream.addEventListener('message', ({ data }) => copies.push(Buffer.from(data.subarray())));
      const send = stream.send.bind(stream);
      stream.send = (data) => {
        copies.push(Buffer.from(data.subarray()));
        return send(data);
      };
      return stream;
    };
    const connection = await caller.node.dial(multiaddr(addressesOf(hidden)[0] ?? ''));
    expect(await echo(connection, SECRET)).toBe(SECRET);
    const seen = Buffer.concat(copies);
    expect([...relayed]).toEqual([RELAY_V2_STOP_CODEC]);
    expect(seen.length).toBeGreaterThan(10_000);
    for (const plain of [SECRET, ECHO, caller.did, hidden.did, 'carecord/test']) expect(seen.includes(plain)).toBe(false);
    // The encrypter's name is negotiated in the clear, so this does look at the relayed bytes.
    expect(seen.includes('/carecord/tls-membership/1')).toBe(true);
  });

  it('is lost to the network when its membership is suspended: place, relayed connection and way back', async () => {
    const { relay, hidden } = await startRelayed();
    const caller = await start('caller', { listen: [] });
    const [address = ''] = addressesOf(hidden);
    const connection = await caller.node.dial(multiaddr(address));
    expect(await echo(connection, 'still in')).toBe('still in');
    authority.mark(hidden.did, { suspended: true });
    const list = await authority.statusList();
    authority.mark(hidden.did, { suspended: false });
    await relay.statuses.offer(list);
    relay.cutOffFallen();
    await waitUntil(() => connection.status !== 'open');
    await waitUntil(() => relay.reach.relayServer?.reservations().length === 0);
    await expect(caller.node.dial(multiaddr(address))).rejects.toThrow();
    expect(connectionsBetween(relay, hidden)).toEqual([]);
  });

  it('takes its place at another relay when one has gone, and tells of it', async () => {
    const first = await start('relay', { relayServer: true });
    const second = await start('other-relay', { relayServer: true });
    let candidates = [first];
    const hidden = await start('hidden', {
      behindFirewall: true,
      listen: [],
      relayCandidates: () => Promise.resolve(candidates.map((relay) => ({ did: relay.did, addresses: addressesOf(relay) }))),
    });
    await waitUntil(() => addressesOf(hidden).length === 1);
    candidates = [second];
    const before = hidden.changes();
    await stopNode(first.node);
    await waitUntil(() => addressesOf(hidden).some((address) => address.includes(second.node.peerId.toString())));
    expect(addressesOf(hidden)).toHaveLength(1);
    expect(hidden.changes()).toBeGreaterThan(before);
  });

  it('calls back directly who has called it and can be dialled: that connection is used from then on', async () => {
    const { relay, hidden } = await startRelayed();
    const caller = await start('caller');
    await caller.node.dial(multiaddr(addressesOf(hidden)[0] ?? ''));
    await waitUntil(() => connectionsBetween(hidden, caller).some(({ remoteAddr }) => !remoteAddr.toString().includes('p2p-circuit')));
    expect(hidden.reach.report(caller.node.peerId.toString())).toMatchObject({ relayed: false });
    expect(connectionsBetween(relay, hidden)).toHaveLength(1);
  });

  it('registers DCUtR, which takes requests over relayed connections alone', async () => {
    const { relay, hidden } = await startRelayed();
    expect(hidden.node.getProtocols()).toContain('/libp2p/dcutr');
    const [direct] = connectionsBetween(relay, hidden);
    const stream = await direct?.newStream('/libp2p/dcutr');
    await waitUntil(() => stream?.status === 'reset');
  });
});

describe('a relay', () => {
  it('has no place for whom nobody stands by any more, and calls nobody for it', async () => {
    const standing = new Set<string>();
    const relay = await start('relay', { relayServer: true, memberOf: (peerId) => (standing.has(peerId) ? 'did:example:member' : undefined) });
    const fallen = await start('fallen', { listen: [] });
    const connection = await fallen.node.dial(multiaddr(addressesOf(relay)[0] ?? ''));
    await expect(fallen.reach.relayClient.reserve(connection.remotePeer)).rejects.toThrow();
    expect(relay.reach.relayServer?.reservations()).toEqual([]);
    standing.add(fallen.node.peerId.toString());
    await fallen.reach.relayClient.reserve(connection.remotePeer);
    expect(relay.reach.relayServer?.reservations().map(String)).toEqual([fallen.node.peerId.toString()]);
  });

  it('gives one hospital a few places, whatever number of peers it has', async () => {
    const relay = await start('relay', { relayServer: true, memberOf: () => 'did:example:one-hospital' });
    const [address = ''] = addressesOf(relay);
    const replicas = await Promise.all(['r1', 'r2', 'r3', 'r4', 'r5'].map((name) => start(name, { listen: [] })));
    const taken: boolean[] = [];
    for (const { node, reach } of replicas) {
      const { remotePeer } = await node.dial(multiaddr(address));
      taken.push(await reach.relayClient.reserve(remotePeer).then(() => true, () => false));
    }
    expect(taken).toEqual([true, true, true, true, false]);
  });

  it('is no relay without being asked to be', async () => {
    const plain = await start('plain');
    const other = await start('caller', { listen: [] });
    const connection = await other.node.dial(multiaddr(addressesOf(plain)[0] ?? ''));
    await expect(other.reach.relayClient.reserve(connection.remotePeer)).rejects.toThrow();
    expect(plain.node.getProtocols().some((protocol) => protocol.includes('relay') && protocol.endsWith('hop'))).toBe(false);
  });

  it('does not lead to a member that has no place with it', async () => {
    const relay = await start('relay', { relayServer: true });
    const known = await start('hidden', { listen: [] });
    await known.node.dial(multiaddr(addressesOf(relay)[0] ?? ''));
    const caller = await start('caller', { listen: [] });
    await expect(caller.node.dial(multiaddr(`${addressesOf(relay)[0] ?? ''}/p2p-circuit/p2p/${known.node.peerId.toString()}`))).rejects.toThrow();
    expect(connectionsBetween(known, caller)).toEqual([]);
  });

  it('cannot make a member take a place that it did not want', async () => {
    const relay = await start('relay', { relayServer: true });
    const victim = await start('caller');
    const connection = await relay.node.dial(multiaddr(addressesOf(victim)[0] ?? ''));
    const stream = await connection.newStream(RELAY_V2_STOP_CODEC);
    await waitUntil(() => stream.status === 'reset');
    expect(victim.reach.relayClient.relays()).toEqual([]);
    expect(addressesOf(victim).some((address) => address.includes('p2p-circuit'))).toBe(false);
  });
});

describe('hints of the local network', () => {
  /** What multicast DNS would say, said by the test. */
  function source() {
    const events = new TypedEventEmitter<PeerDiscoveryEvents>();
    const discovery = Object.assign(events, { start: () => undefined, stop: () => undefined }) as unknown as DiscoverySource;
    const say = (peerId: string, ...addresses: string[]): void =>
      void events.safeDispatchEvent('peer', { detail: { id: peerIdFromString(peerId), multiaddrs: addresses.map((address) => multiaddr(address)) } });
    return { discovery: () => discovery, say };
  }

  it('lead to a member; where they lead to nobody nothing is kept of them', async () => {
    const { discovery, say } = source();
    const seeker = await start('caller', { listen: [], mdns: true, discovery });
    const found = await start('hidden');
    const madeUp = '12D3KooWFZiSWNQXViAE36SKNRV4pJisdvA3rdfRfjiEmU5qpSnr';
    say(madeUp, `/ip4/127.0.0.1/tcp/${await freePort()}`, `/ip4/198.41.0.4/tcp/9`);
    say(found.node.peerId.toString(), addressesOf(found)[0]?.split('/p2p/')[0] ?? '');
    await waitUntil(() => connectionsBetween(seeker, found).length === 1);
    await waitUntil(() => found.registry.connected().length === 1);
    expect(seeker.registry.connected().map(({ did }) => did)).toEqual([found.did]);
    expect((await seeker.node.peerStore.all()).map(({ id }) => id.toString())).not.toContain(madeUp);
  });

  it('are not listened to unless switched on', async () => {
    const { discovery, say } = source();
    const seeker = await start('caller', { listen: [], discovery });
    const found = await start('hidden');
    say(found.node.peerId.toString(), addressesOf(found)[0]?.split('/p2p/')[0] ?? '');
    const other = await start('relay');
    await seeker.node.dial(multiaddr(addressesOf(other)[0] ?? ''));
    expect(connectionsBetween(seeker, found)).toEqual([]);
  });
});

describe('transports', () => {
  it.each([
    ['IPv6', '/ip6/::1/tcp/0'],
    ['a WebSocket', '/ip4/127.0.0.1/tcp/0/ws'],
  ])('reach a member over %s', async (_what, listen) => {
    const host = await start('hidden', { listen: [listen] });
    const caller = await start('caller', { listen: [] });
    const [address = ''] = addressesOf(host);
    expect(address.startsWith(listen.split('/tcp')[0] ?? '?')).toBe(true);
    expect(await echo(await caller.node.dial(multiaddr(address)), SECRET)).toBe(SECRET);
  });

  it('listen on IPv4 and IPv6 with one and the same port', async () => {
    const port = await freePort();
    const host = await start('hidden', { listen: [`/ip4/127.0.0.1/tcp/${port}`, `/ip6/::1/tcp/${port}`] });
    expect(addressesOf(host).map((address) => address.split('/').slice(0, 5).join('/'))).toEqual([`/ip4/127.0.0.1/tcp/${port}`, `/ip6/::1/tcp/${port}`]);
    for (const address of addressesOf(host)) {
      const caller = await start('caller', { listen: [] });
      expect(await echo(await caller.node.dial(multiaddr(address)), address)).toBe(address);
      await stopNode(caller.node);
    }
  });

  it('show a line in between nothing but the handshake', async () => {
    const host = await start('hidden', { listen: ['/ip4/127.0.0.1/tcp/0/ws'] });
    const line = await tap(addressesOf(host)[0] ?? '');
    const caller = await start('caller', { listen: [] });
    expect(await echo(await caller.node.dial(multiaddr(line.address)), SECRET)).toBe(SECRET);
    expect(line.seen().length).toBeGreaterThan(10_000);
    for (const plain of [SECRET, ECHO, host.did]) expect(line.seen().includes(plain)).toBe(false);
  });

  it.each(['/ip4/127.0.0.1/udp/0', '/ip4/127.0.0.1/tcp/0/wss', '/dns4/a.example/tcp/1', 'no address'])('do not listen on %s', async (listen) => {
    await expect(start('hidden', { listen: [listen] })).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
  });
});
