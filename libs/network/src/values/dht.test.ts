import { contentIdOf } from '@carecord/crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { ADVERT, advertKey, AdvertKind, makeAdvert } from './advert.ts';
import { publishReference, publishReferences } from './reference.ts';
import { decodeOutcomes, STORE_PROTOCOL } from './store-protocol.ts';
import type { StoreOutcome } from './store-protocol.ts';
import { HOUR, noteKind, text, textOf } from './values.fixture.ts';

const clock = new ManualClock(new Date());
const start = clock.now().getTime();
const kind = noteKind(clock);
const key = (name: string): Uint8Array => text(`key-${name}`);

/** What a host checks adverts with. */
function advertKindOf({ histories, identity, statuses, trust }: TestNode): AdvertKind {
  return new AdvertKind({ trust, statuses, histories, local: identity, clock });
}

/** Gives a host a value past all checks of the sender: what a member could do that runs other software. */
async function store(from: TestNode, to: TestNode, name: string, value: Uint8Array, namespace = 'note'): Promise<StoreOutcome | undefined> {
  const request = { role: 'publisher' as const, attachments: [], values: [{ kind: namespace, key: key(name), value }] };
  const { outcomes } = await from.host.request(STORE_PROTOCOL, to.resolved.did, request);
  return decodeOutcomes(outcomes, 1)?.[0];
}

describe('the DHT among four hospitals', () => {
  let network: TestNetwork;
  let a: TestNode;
  let b: TestNode;
  let c: TestNode;
  let d: TestNode;

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 4, clock, valueKinds: [kind] });
    [a, b, c, d] = network.hospitals as [TestNode, TestNode, TestNode, TestNode];
  });
  afterAll(() => network.stop());

  it('stores a value with everybody near and gives it to anybody', async () => {
    expect(await a.host.put(kind, key('shared'), text('a:1'))).toEqual({ stored: 4 });
    for (const { host } of [a, b, c, d]) expect(await host.get(kind, key('shared'))).toEqual(text('a:1'));
  });

  it('finds nothing under a key without a value', async () => {
    expect(await b.host.get(kind, key('nothing'))).toBeUndefined();
    expect(await b.host.getAll(kind, key('nothing'))).toEqual({ values: [], complete: true });
  });

  it('gives the newest value, also where some still have an older one, and corrects these', async () => {
    await a.host.put(kind, key('newest'), text('a:1'));
    expect(await store(a, c, 'newest', text('a:2'))).toBe('stored');
    for (const { host } of [a, b, d]) expect((await host.getAll(kind, key('newest'))).values.map(({ value }) => textOf(value))).toEqual(['a:2']);
    await waitUntil(async () => (await Promise.all([a, b, c, d].map((node) => node.host.get(kind, key('newest'))))).every((value) => textOf(value) === 'a:2'));
  });

  it('gives the values of all owners whose storers differ, each in its newest version', async () => {
    for (const [storer, value] of [[a, 'a:1'], [b, 'a:2'], [c, 'c:1']] as const) expect(await store(d, storer, 'contested', text(value))).toBe('stored');
    const { values, complete } = await d.host.getAll(kind, key('contested'));
    expect(complete).toBe(true);
    expect(values.map(({ value }) => textOf(value)).sort()).toEqual(['a:2', 'c:1']);
  });

  it.each<[string, StoreOutcome, string, string]>([
    ['an older sequence', 'older', 'stored', 'a:4'],
    ['another owner', 'occupied', 'stored', 'b:6'],
    ['an expired value', 'unknown', 'fresh', 'a:6:0'],
    ['a value that is valid for too long', 'invalid', 'fresh', 'a:6:200'],
    ['an oversized value', 'invalid', 'fresh', `a:6:1:${'x'.repeat(10_000)}`],
    ['a value that its kind refuses', 'invalid', 'fresh', 'bad:1'],
  ])('refuses %s from a member that does not check', async (_what, outcome, name, value) => {
    await a.host.put(kind, key('stored'), text('a:5'));
    expect(await store(b, c, name, text(value))).toBe(outcome);
    expect(textOf(await c.host.get(kind, key('stored')))).toBe('a:5');
    expect(await c.host.get(kind, key('fresh'))).toBeUndefined();
  });

  it('refuses values of unknown kinds, and lets the standing of who sends them fall', async () => {
    expect(await store(d, c, 'x', text('a:1'), 'unknown')).toBe('invalid');
    const { dropped } = await c.host.statistics();
    expect(dropped.find(({ reason }) => reason === 'VALUE_REFUSED')?.count).toBeGreaterThan(0);
    expect(c.host.peers().find(({ did }) => did === d.resolved.did)?.reputation).toBeLessThan(1);
  });

  it('has the advert of every member with every other', async () => {
    for (const one of network.hospitals) {
      await waitUntil(async () => (await Promise.all(network.hospitals.map((node) => node.host.get(ADVERT, advertKey(one.resolved.did))))).every((value) => value !== undefined));
      const value = await d.host.get(ADVERT, advertKey(one.resolved.did));
      const advert = await advertKindOf(d).open(value ?? text(''));
      expect(advert).toMatchObject({ did: one.resolved.did, name: `Hospital ${one.name}`, peerId: one.host.peerId, addresses: one.host.addresses(), versionId: one.resolved.versionId });
    }
  });

  it('publishes and finds who holds a content id, all of them', async () => {
    const contentIds = Array.from({ length: 50 }, (_, at) => contentIdOf(text(`ciphertext ${at}`)));
    const publication = { identity: a.identity, sequence: 1, expiresAt: new Date(start + HOUR) };
    const placements = await publishReferences(a.host, { ...publication, contentIds });
    expect(placements).toHaveLength(50);
    expect(placements.every(({ stored }) => stored === 4)).toBe(true);
    const [contentId = '', other = ''] = contentIds;
    expect(await publishReference(b.host, { ...publication, identity: b.identity, contentId })).toEqual({ stored: 4 });
    expect((await d.host.findProviders(contentId)).sort()).toEqual([a.resolved.did, b.resolved.did].sort());
    expect(await d.host.findProviders(other)).toEqual([a.resolved.did]);
    expect(await d.host.findProviders(contentIdOf(text('other')))).toEqual([]);
    await expect(d.host.findProviders('nonsense')).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
  });

  it('refuses a reference that its holder did not sign, one that is valid for too long, and one of a stranger', async () => {
    const contentId = contentIdOf(text('another ciphertext'));
    const publication = { contentId, identity: a.identity, sequence: 1, expiresAt: new Date(start + HOUR) };
    await expect(publishReference(a.host, { ...publication, identity: { ...a.identity, current: () => b.local } })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, expiresAt: new Date(start + 40 * 24 * HOUR) })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, identity: { ...a.identity, did: 'did:webvh:x:stranger.example' } })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(publishReference(a.host, { ...publication, contentId: 'nonsense' })).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    expect(await d.host.findProviders(contentId)).toEqual([]);
  });

  it('refuses adverts that do not prove their member', async () => {
    const adverts = advertKindOf(d);
    const place = { peerId: b.host.peerId, addresses: b.host.addresses(), sequence: 1, advertisedAt: clock.now(), expiresAt: new Date(start + HOUR) };
    const validate = async (did: string, local_: TestNode['local'], changes: Partial<typeof place> = {}) =>
      adverts.validate(advertKey(did), await makeAdvert(local_, { ...place, ...changes }));
    await expect(validate(b.resolved.did, b.local)).resolves.toMatchObject({ owner: b.resolved.did });
    const refused = { code: 'VALUE_REFUSED' };
    await expect(validate(a.resolved.did, b.local)).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, { ...b.local, signer: a.local.signer })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, { ...b.local, credentials: a.local.credentials })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { addresses: a.host.addresses() })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { addresses: ['nonsense'] })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { expiresAt: new Date(start + 72 * HOUR) })).rejects.toMatchObject(refused);
    await expect(validate(b.resolved.did, b.local, { advertisedAt: new Date(start + HOUR) })).rejects.toMatchObject(refused);
    await expect(adverts.validate(advertKey(b.resolved.did), text('nonsense'))).rejects.toMatchObject(refused);
  });

  it('says what it stores', async () => {
    const { storage, replication } = await a.host.statistics();
    expect(storage.values.find((one) => one.kind === 'note')?.count).toBeGreaterThan(0);
    expect(replication.factor).toBe(5);
    await a.host.repair();
    expect((await a.host.statistics()).replication).toMatchObject({ repairedAt: clock.now(), underReplicated: 0 });
  });

  it('gives out no value that has expired', async () => {
    await a.host.put(kind, key('short'), text('a:1:2'));
    expect(await b.host.get(kind, key('short'))).toEqual(text('a:1:2'));
    clock.advance(2 * HOUR + 1);
    for (const { host } of [a, b, c, d]) expect(await host.get(kind, key('short'))).toBeUndefined();
  });
});
