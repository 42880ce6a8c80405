import { MessageType, Record as DhtRecord } from '@libp2p/kad-dht';
import type { QueryEvent } from '@libp2p/kad-dht';
import type { PeerId } from '@libp2p/interface';
import { contentIdOf } from '@carecord/crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { HostParts } from '../host/carecord-host.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { ADVERT, advertKey, AdvertKind, makeAdvert } from './advert.ts';
import { findReference, publishReference, REFERENCE } from './reference.ts';
import { encodeValueKey } from './value-key.ts';

const HOUR = 60 * 60 * 1000;
const clock = new ManualClock(new Date());
const start = clock.now().getTime();

/** A value is `owner:sequence:hours`. */
const noteKind: DhtValueKind = {
  namespace: 'note',
  maxBytes: 100,
  validate: (_key, value): Promise<DhtValueMeta> => {
    const [owner = '', sequence, hours = '1'] = Buffer.from(value).toString().split(':');
    return Promise.resolve({ owner, sequence: Number(sequence), expiresAt: new Date(start + Number(hours) * HOUR) });
  },
};

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const key = (name: string): Uint8Array => text(`key-${name}`);

/** kad-dht's own sending, without any of our checks: what a member could do that runs other software. */
interface RawDht {
  network: { sendRequest(to: PeerId, message: object, options: object): AsyncIterable<QueryEvent> };
}

function partsOf({ host }: TestNode) {
  const { node, guard } = (host as unknown as { parts: HostParts }).parts;
  return { node, guard, dht: node.services.dht as unknown as RawDht };
}

/** What a host checks adverts with. */
function advertKindOf({ histories, identity, statuses, trust }: TestNode): AdvertKind {
  return new AdvertKind({ trust, statuses, histories, local: identity, clock });
}

/** Sends PUT_VALUE straight to a host; true when it answered that it has stored the value. */
async function putRaw(from: TestNode, to: TestNode, dhtKey: Uint8Array, value: Uint8Array): Promise<boolean> {
  const message = { type: MessageType.PUT_VALUE, key: dhtKey, record: new DhtRecord(dhtKey, value, new Date()).serialize() };
  const path = { index: 0, queued: 0, running: 0, total: 0 };
  for await (const event of partsOf(from).dht.network.sendRequest(partsOf(to).node.peerId, message, { path })) {
    if (event.name === 'PEER_RESPONSE') return true;
  }
  return false;
}

async function local(node: TestNode, dhtKey: Uint8Array): Promise<string | undefined> {
  const value = await partsOf(node).guard.localValue(dhtKey);
  return value === undefined ? undefined : Buffer.from(value).toString();
}

describe('the DHT among four hospitals', () => {
  let network: TestNetwork;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  let d: TestNode;

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 4, clock, valueKinds: [noteKind] });
    [a, b, c, d] = network.hospitals as [TestNode, TestNode, TestNode, TestNode];
  });
  afterAll(() => network.stop());

  it('stores a value with everybody near and gives it to anybody', async () => {
    expect(await a.host.put(noteKind, key('shared'), text('a:1'))).toEqual({ stored: 4 });
    for (const { host } of [a, b, c, d]) expect(await host.get(noteKind, key('shared'))).toEqual(text('a:1'));
  });

  it('finds nothing under a key without a value', async () => {
    expect(await b.host.get(noteKind, key('nothing'))).toBeUndefined();
  });

  it('gives the newest value, also where some still have an older one', async () => {
    await a.host.put(noteKind, key('newest'), text('a:1'));
    expect(await putRaw(a, c, encodeValueKey('note', key('newest')), text('a:2'))).toBe(true);
    expect(await c.host.get(noteKind, key('newest'))).toEqual(text('a:2'));
    expect(await a.host.put(noteKind, key('newest'), text('a:3'))).toEqual({ stored: 4 });
    expect(await d.host.get(noteKind, key('newest'))).toEqual(text('a:3'));
  });

  it('gives the values of all owners whose storers differ, each in its newest version', async () => {
    const contested = encodeValueKey('note', key('contested'));
    for (const [storer, value] of [[a, 'a:1'], [b, 'a:2'], [c, 'c:1']] as const) expect(await putRaw(d, storer, contested, text(value))).toBe(true);
    const { values, complete } = await d.host.getAll(noteKind, key('contested'));
    expect(complete).toBe(true);
    expect(values.map((value) => Buffer.from(value).toString()).sort()).toEqual(['a:2', 'c:1']);
    expect(await d.host.getAll(noteKind, key('uncontested'))).toEqual({ values: [], complete: true });
  });

  it('refuses to put what others would refuse', async () => {
    await expect(a.host.put({ namespace: 'unknown' }, key('x'), text('a:1'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(a.host.put(noteKind, key('x'), text(`a:1:1:${'x'.repeat(100)}`))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(a.host.put(noteKind, key('x'), text('a:1:0'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await a.host.put(noteKind, key('x'), text('a:5'));
    await expect(a.host.put(noteKind, key('x'), text('a:4'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(b.host.put(noteKind, key('x'), text('b:6'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
  });

  it.each<[string, string, string]>([
    ['an older sequence', encodeKey('stored'), 'a:4'],
    ['another owner', encodeKey('stored'), 'b:6'],
    ['an expired value', encodeKey('fresh'), 'a:6:0'],
    ['an oversized value', encodeKey('fresh'), `a:6:1:${'x'.repeat(100)}`],
    ['an unknown kind', '/carecord-unknown/baeaq', 'a:6'],
    ["Kademlia's own kind", '/pk/baeaq', 'a:6'],
    ['a key without a namespace', 'baeaq', 'a:6'],
  ])('refuses %s from a member that does not check', async (_what, dhtKey, value) => {
    await a.host.put(noteKind, key('stored'), text('a:5'));
    expect(await putRaw(b, c, text(dhtKey), text(value))).toBe(false);
    expect(await local(c, encodeValueKey('note', key('stored')))).toBe('a:5');
    if (dhtKey !== encodeKey('stored')) expect(await local(c, text(dhtKey))).toBeUndefined();
  });

  it('cuts off a member that sends values without end', async () => {
    expect(await putRaw(b, c, encodeValueKey('note', key('huge')), new Uint8Array(1024 * 1024))).toBe(false);
  });

  it('keeps no provider records', async () => {
    const message = { type: MessageType.ADD_PROVIDER, key: new Uint8Array([1, 0x55, 0x12, 1, 1]), closer: [], providers: [{ id: partsOf(b).node.peerId.toMultihash().bytes, multiaddrs: partsOf(b).node.getMultiaddrs().map(({ bytes }) => bytes) }] };
    const path = { index: 0, queued: 0, running: 0, total: 0 };
    for await (const event of partsOf(b).dht.network.sendRequest(partsOf(c).node.peerId, message, { path })) expect(event.name).not.toBe('PEER_RESPONSE');
    for await (const stored of c.datastore.queryKeys({})) expect(stored.toString()).not.toContain('provider');
  });

  it('has the advert of every member with every other', async () => {
    for (const one of network.hospitals) {
      const dhtKey = encodeValueKey('advert', advertKey(one.resolved.did));
      await waitUntil(async () => (await Promise.all(network.hospitals.map((node) => local(node, dhtKey)))).every((value) => value !== undefined));
      const value = await d.host.get(ADVERT, advertKey(one.resolved.did));
      const advert = await advertKindOf(d).open(value ?? text(''));
      expect(advert).toMatchObject({ did: one.resolved.did, name: `Hospital ${one.name}`, peerId: one.host.peerId, addresses: one.host.addresses() });
    }
  });

  it('publishes and finds who holds a content id', async () => {
    const contentId = contentIdOf(text('some ciphertext'));
    const publication = { contentId, identity: a.identity, sequence: 1, expiresAt: new Date(start + HOUR) };
    expect(await publishReference(a.host, publication)).toEqual({ stored: 4 });
    expect(await findReference(d.host, contentId)).toEqual({ holder: a.resolved.did });
    expect(await findReference(d.host, contentIdOf(text('other')))).toBeUndefined();
  });

  it('refuses a reference that its holder did not sign, one that is valid for too long, and one of a stranger', async () => {
    const contentId = contentIdOf(text('another ciphertext'));
    const publication = { contentId, identity: a.identity, sequence: 1, expiresAt: new Date(start + HOUR) };
    await expect(publishReference(a.host, { ...publication, identity: { ...a.identity, current: () => b.local } })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, expiresAt: new Date(start + 40 * 24 * HOUR) })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, identity: { ...a.identity, did: 'did:webvh:x:stranger.example' } })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, contentId: 'nonsense' })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    expect(await findReference(d.host, contentId)).toBeUndefined();
  });

  it('refuses a reference under the key of another content id', async () => {
    const contentId = contentIdOf(text('third ciphertext'));
    await publishReference(a.host, { contentId, identity: a.identity, sequence: 1, expiresAt: new Date(start + HOUR) });
    for await (const { key: stored, value } of a.datastore.query({ prefix: '/dht/record' })) {
      const record = DhtRecord.deserialize(value);
      if (!Buffer.from(record.key).toString().startsWith('/carecord-reference/')) continue;
      expect(await putRaw(b, c, encodeValueKey(REFERENCE.namespace, key('elsewhere')), record.value)).toBe(false);
      expect(stored.toString()).toMatch(/^\/dht\/record\//);
    }
  });

  it('refuses adverts that do not prove their member', async () => {
    const kind = advertKindOf(d);
    const place = { peerId: b.host.peerId, addresses: b.host.addresses(), sequence: 1, expiresAt: new Date(start + HOUR) };
    const validate = async (did: string, local_: TestNode['local'], changes: Partial<typeof place> = {}) =>
      kind.validate(advertKey(did), await makeAdvert(local_, { ...place, ...changes }));
    await expect(validate(b.resolved.did, b.local)).resolves.toMatchObject({ owner: b.resolved.did });
    const refused = { code: 'VALUE_REFUSED' };
    await expect(validate(a.resolved.did, b.local)).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, { ...b.local, signer: a.local.signer })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, { ...b.local, credentials: a.local.credentials })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { addresses: a.host.addresses() })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { addresses: ['nonsense'] })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { expiresAt: new Date(start + 72 * HOUR) })).rejects.toMatchObject(refused);
    await expect(kind.validate(advertKey(b.resolved.did), text('nonsense'))).rejects.toMatchObject(refused);
  });

  it('gives out no value that has expired', async () => {
    await a.host.put(noteKind, key('short'), text('a:1:2'));
    expect(await b.host.get(noteKind, key('short'))).toEqual(text('a:1:2'));
    clock.advance(2 * HOUR + 1);
    for (const { host } of [a, b, c, d]) expect(await host.get(noteKind, key('short'))).toBeUndefined();
  });
});

function encodeKey(name: string): string {
  return Buffer.from(encodeValueKey('note', key(name))).toString();
}
