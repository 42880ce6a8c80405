import { connect } from 'node:net';
import { silentLogger, systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { DidHistories, fixedIdentity, MAX_DID_HISTORY_BYTES, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { LocalIdentity, LocalMember } from '@carecord/identity';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { ConnectionEncrypter, Libp2p } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { tls } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLibp2p } from 'libp2p';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryDidHistoryStore } from '../../../testkit/src/memory/did-history-store.ts';
import { MemoryStatusListStore } from '../../../testkit/src/memory/status-list-store.ts';
import { admitForTest, makeTestAuthority, makeTestIdentity, trustIn, waitUntil } from '../../../testkit/src/network-fixture.ts';
import { TestAuthority } from '../../../testkit/src/network-identities.ts';
import type { TestIdentity } from '../../../testkit/src/network-fixture.ts';
import { ENCRYPTER_PROTOCOL, MembershipEncrypter } from './membership-encrypter.ts';
import { peerKeyFromSeed } from './peer-key.ts';

const TEST_PROTOCOL = '/carecord/test/1';

/** What of a node a peer has reached. */
interface Reached {
  proven: string[];
  muxers: number;
  connections: number;
  identified: number;
  streams: number;
  refused: string[];
  /** As `onRefused` was told. */
  counted: string[];
}

const running: Libp2p[] = [];

async function startNode<Encrypter extends ConnectionEncrypter>(identity: TestIdentity, makeEncrypter: (reached: Reached) => Promise<Encrypter>) {
  const reached: Reached = { proven: [], muxers: 0, connections: 0, identified: 0, streams: 0, refused: [], counted: [] };
  const encrypter = await makeEncrypter(reached);
  const node = await createLibp2p({
    privateKey: (await peerKeyFromSeed(identity.peerSeed)).privateKey,
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [() => encrypter],
    connectionManager: { inboundConnectionThreshold: 100 },
    streamMuxers: [
      () => {
        const factory = yamux()();
        return { protocol: factory.protocol, createStreamMuxer: (stream) => (reached.muxers++, factory.createStreamMuxer(stream)) };
      },
    ],
    services: { identify: identify() },
  });
  node.addEventListener('connection:open', () => reached.connections++);
  node.addEventListener('peer:identify', () => reached.identified++);
  await node.handle(TEST_PROTOCOL, () => {
    reached.streams++;
  });
  running.push(node);
  return { node, reached, encrypter, address: node.getMultiaddrs()[0] ?? multiaddr('/ip4/127.0.0.1/tcp/1') };
}

function member(identity: TestIdentity, local: LocalMember | LocalIdentity, authority: TestAuthority, onShown: (version: number) => void = () => undefined, clock: Clock = systemClock) {
  const trust = trustIn([authority]);
  const policy = { clock, trust, statuses: new StatusBook({ trust, store: new MemoryStatusListStore(), clock }), histories: new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY }) };
  return startNode(identity, async (reached) => {
    const logger = { ...silentLogger, warn: (_event: string, fields?: { code?: unknown }) => void reached.refused.push(String(fields?.code)) };
    const peerKey = await peerKeyFromSeed(identity.peerSeed);
    const onProven = ({ did }: { did: string }, shown: number): void => {
      reached.proven.push(did);
      onShown(shown);
    };
    const onRefused = (reason: string): void => void reached.counted.push(reason);
    return new MembershipEncrypter({ ...policy, local: 'current' in local ? local : fixedIdentity(local), peerKey, logger, onProven, onRefused });
  });
}

describe('MembershipEncrypter', () => {
  let authority: TestAuthority;
  let a: TestIdentity;
  let b: TestIdentity;
  let victim: Awaited<ReturnType<typeof member>>;

  beforeAll(async () => {
    authority = await makeTestAuthority();
    a = await makeTestIdentity('a');
    b = await makeTestIdentity('b');
  });
  beforeEach(async () => {
    victim = await member(a, await admitForTest(a, authority), authority);
  });
  afterEach(async () => {
    for (const node of running.splice(0)) await node.stop();
  });

  async function revoked(identity: TestIdentity): Promise<LocalMember> {
    await authority.admit(identity);
    authority.mark(identity.did, { revoked: true });
    const local = await admitForTest(identity, authority);
    authority.mark(identity.did, { revoked: false });
    return local;
  }

  function expectNothingReached(): void {
    expect(victim.reached).toMatchObject({ proven: [], muxers: 0, connections: 0, identified: 0, streams: 0 });
    expect(victim.node.getPeers()).toEqual([]);
  }

  it('lets two members through, each knowing the other', async () => {
    const other = await member(b, await admitForTest(b, authority), authority);
    const connection = await other.node.dial(victim.address);
    expect(connection.encryption).toBe(ENCRYPTER_PROTOCOL);
    expect(connection.remotePeer.toString()).toBe(victim.node.peerId.toString());
    await connection.newStream(TEST_PROTOCOL);
    expect(other.reached.proven).toEqual([a.resolved.did]);
    expect(victim.reached.proven).toEqual([b.resolved.did]);
    expect(victim.reached).toMatchObject({ muxers: 1, connections: 1 });
  });

  it('knows of each connection, at both ends, what it agreed on and whether the peer is heard', async () => {
    const other = await member(b, await admitForTest(b, authority), authority);
    const dialled = await other.node.dial(victim.address);
    await waitUntil(() => victim.node.getConnections().length === 1);
    const ends = [other.encrypter.secured.of(dialled), ...victim.node.getConnections().map((taken) => victim.encrypter.secured.of(taken))];
    expect(ends.map((end) => end?.group)).toEqual(['X25519MLKEM768', 'X25519MLKEM768']);
    await waitUntil(() => ends[1]?.takeHeard() === false);
    await dialled.newStream(TEST_PROTOCOL);
    await waitUntil(() => ends[1]?.takeHeard() === true);
    expect(other.encrypter.secured.of({ timeline: { open: 0 } })).toBeUndefined();
  });

  it('carries megabytes both ways over the secured connection', async () => {
    const other = await member(b, await admitForTest(b, authority), authority);
    await victim.node.handle('/echo', async (stream) => {
      for await (const chunk of stream) if (!stream.send(chunk)) await stream.onDrain();
      await stream.close();
    });
    const stream = await (await other.node.dial(victim.address)).newStream('/echo');
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

  it.each([
    ['a credential of another authority', async () => admitForTest(b, await makeTestAuthority('other-authority'))],
    ['a credential that it gave itself', async () => admitForTest(b, new TestAuthority(b, systemClock))],
    ["another hospital's credential", async () => ({ ...(await admitForTest(a, authority)), resolved: b.resolved, signer: (await admitForTest(b, authority)).signer })],
    ["another hospital's DID and credential without its keys", async () => ({ ...(await admitForTest(a, authority)), signer: (await admitForTest(b, authority)).signer })],
    ['an expired credential', async () => admitForTest(b, authority, { validUntil: new Date(Date.now() - 3_600_000), validFrom: new Date(Date.now() - 86_400_000) })],
    ['no credential', async () => ({ ...(await admitForTest(b, authority)), credentials: [] })],
    ['a revoked membership', async () => revoked(b)],
    ['a credential of another network', async () => admitForTest(b, authority, { networkId: 'another-network' })],
  ])('refuses a peer with %s before any muxer, as listener and as dialler', async (_what, makeLocal) => {
    const stranger = await member(b, await makeLocal(), authority);
    await expect(stranger.node.dial(victim.address)).rejects.toThrow();
    await expect(victim.node.dial(stranger.address)).rejects.toThrow();
    expectNothingReached();
    expect(victim.reached.refused).toHaveLength(2);
    expect(victim.reached.refused).not.toContain('UNEXPECTED');
    expect(victim.reached.counted).toEqual(victim.reached.refused);
  });

  it('shows a peer who we are at that moment, and says which version it was shown', async () => {
    const shown: number[] = [];
    const moving = await makeTestIdentity('moving');
    const admitted = await admitForTest(moving, authority);
    const local: LocalIdentity = { ...fixedIdentity(admitted), current: () => ({ ...admitted, resolved: moving.resolved, signer: moving.signer }) };
    const node = await member(moving, local, authority, (version) => shown.push(version));
    const first = await node.node.dial(victim.address);
    await first.close();
    await moving.rotate();
    await node.node.dial(victim.address);
    expect(shown).toEqual([1, 2]);
    expect(victim.reached.refused).toEqual([]);
  });

  it('verifies only so many new histories for one address', async () => {
    const local = await admitForTest(b, authority);
    // Its budget does not grow while nine handshakes take their time.
    victim = await member(a, await admitForTest(a, authority), authority, undefined, new ManualClock(new Date()));
    const made = (at: number): LocalMember => ({ ...local, resolved: { ...local.resolved, log: String(at % 10).repeat(MAX_DID_HISTORY_BYTES) } });
    let dials = 0;
    const liar = await member(b, { did: b.did, networkId: local.networkId, current: () => made((dials += 1)) }, authority);
    for (let dial = 0; dial < 9; dial += 1) await expect(liar.node.dial(victim.address)).rejects.toThrow();
    await waitUntil(() => victim.reached.refused.length === 9);
    expect(victim.reached.refused).toEqual([...Array<string>(8).fill('HANDSHAKE_DID'), 'HANDSHAKE_TOO_COSTLY']);
    expectNothingReached();
  });

  it('refuses a member that goes back to an older version of its DID', async () => {
    const moving = await makeTestIdentity('moving');
    const before = await admitForTest(moving, authority);
    await moving.rotate();
    const node = await member(moving, await admitForTest(moving, authority), authority);
    await (await node.node.dial(victim.address)).close();
    await node.node.stop();
    const back = await member(moving, before, authority);
    await expect(back.node.dial(victim.address)).rejects.toThrow();
    expect(victim.reached.refused).toEqual(['HANDSHAKE_DID_OLD']);
  });

  it('refuses plain libp2p TLS', async () => {
    const privateKey = await generateKeyPair('Ed25519');
    const plain = await createLibp2p({ privateKey, transports: [tcp()], connectionEncrypters: [tls()], streamMuxers: [yamux()] });
    running.push(plain);
    await expect(plain.dial(victim.address)).rejects.toThrow();
    expectNothingReached();
  });

  it('refuses libp2p TLS that calls itself by our name', async () => {
    const disguised = await createLibp2p({
      privateKey: await generateKeyPair('Ed25519'),
      transports: [tcp()],
      connectionEncrypters: [(components) => Object.assign(tls()(components as Parameters<ReturnType<typeof tls>>[0]), { protocol: ENCRYPTER_PROTOCOL })],
      streamMuxers: [yamux()],
    });
    running.push(disguised);
    await disguised.dial(victim.address).catch(() => undefined);
    await waitUntil(() => victim.reached.refused.length === 1);
    expectNothingReached();
  });

  it('refuses a member at an address that names another PeerId', async () => {
    const other = await member(b, await admitForTest(b, authority), authority);
    const wrong = peerIdFromPrivateKey(await generateKeyPair('Ed25519'));
    const [transport] = victim.address.toString().split('/p2p/');
    await expect(other.node.dial(multiaddr(`${transport}/p2p/${wrong.toString()}`))).rejects.toThrow();
    expect(other.reached).toMatchObject({ proven: [], muxers: 0, connections: 0 });
    expectNothingReached();
  });

  it('drops bytes that are not even libp2p', async () => {
    const socket = connect(Number(victim.address.toString().split('/')[4]), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n'.repeat(20));
    await new Promise((resolve) => socket.once('close', resolve));
    expectNothingReached();
  });
});
