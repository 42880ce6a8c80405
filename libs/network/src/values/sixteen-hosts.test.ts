import { contentIdOf } from '@carecord/crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTestNetwork, makeTestNode } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { publishReferences } from './reference.ts';
import { HOUR, note, noteKind, text, textOf } from './values.fixture.ts';

/** Sixteen hosts make 120 handshakes with each other, on a machine that may be busy. */
const PATIENCE_MILLISECONDS = 120_000;
const clock = new ManualClock(new Date());
const kind = noteKind(clock);
const NAMES = Array.from({ length: 1_000 }, (_, at) => `value-${at}`);
const PLACES = NAMES.map((name) => ({ namespace: 'note', key: text(name) }));
const entries = NAMES.map((name, at) => note(name, `a:${at + 1}:48`));

/** How many of the nodes have each of the values in their stores. */
async function copies(nodes: readonly TestNode[]): Promise<number[]> {
  const counts = new Map(NAMES.map((name) => [name, 0]));
  for (const { values } of nodes) {
    const held = await values.read(PLACES, clock.now());
    for (const { key } of held) counts.set(textOf(key) ?? '', (counts.get(textOf(key) ?? '') ?? 0) + 1);
  }
  return [...counts.values()];
}

describe('a thousand values among sixteen hosts', () => {
  let network: TestNetwork;
  let nodes: TestNode[];
  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 16, clock, valueKinds: [kind] });
    nodes = [...network.hospitals];
  }, PATIENCE_MILLISECONDS);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
    await network.stop();
  });

  it('are published in few messages, each to five of them', async () => {
    const [a] = nodes as [TestNode];
    let messages = 0;
    const placements = await a.host.publish(entries, { onProgress: (progress) => (messages = progress.messages) });
    expect(placements.every(({ stored }) => stored === 5)).toBe(true);
    expect(messages).toBeLessThanOrEqual(15);
    const without = await copies(nodes.slice(1));
    expect(Math.min(...without)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...without)).toBe(5);
  });

  it('are read by any of them', async () => {
    const found = await (nodes[9] as TestNode).host.readAll(entries);
    expect(found.map(({ values }) => textOf(values[0]?.value))).toEqual(entries.map(({ value }) => textOf(value)));
    expect(found.every(({ complete }) => complete)).toBe(true);
  });

  it('carry references that go to others under one signature', async () => {
    const [a, b] = nodes as [TestNode, TestNode];
    const contentIds = Array.from({ length: 100 }, (_, at) => contentIdOf(text(`ciphertext ${at}`)));
    const placements = await publishReferences(a.host, { contentIds, identity: a.identity, sequence: 1, expiresAt: new Date(clock.now().getTime() + HOUR) });
    expect(placements.every(({ stored }) => stored === 5)).toBe(true);
    for (const contentId of contentIds.slice(0, 10)) expect(await b.host.findProviders(contentId)).toEqual([a.resolved.did]);
  });

  it('outlast a restart of a host, with the highest sequences that it saw', async () => {
    // A host that was too busy to answer in time may have been passed over.
    const held = await Promise.all(nodes.map(async ({ values }) => (await values.read(PLACES, clock.now())).length));
    const at = held.lastIndexOf(Math.max(...held.slice(1)));
    const last = nodes[at] as TestNode;
    const before = await last.values.counts(clock.now());
    await last.host.stop();
    const again = await makeTestNode(last.keys, last.local, network.authorities, { clock, valueKinds: [kind], values: last.values, datastore: last.datastore });
    nodes[at] = again;
    await again.host.start();
    expect(await again.values.counts(clock.now())).toEqual(before);
    const [first] = nodes as [TestNode];
    await again.host.connect(first.host.addresses()[0] ?? '');
    expect(textOf(await again.host.get(kind, text('value-7')))).toBe('a:8:48');
    const older = (await again.values.read(PLACES, clock.now())).map(({ key }) => ({ kind, key, value: text('a:0:48') }));
    expect(older.length).toBeGreaterThan(0);
    const placements = await first.host.publish(older);
    expect(placements.every(({ stored }) => stored === 0)).toBe(true);
  });

  it('stay readable when a fifth of the hosts goes at once, and are five times there again after one repair', async () => {
    // The publisher keeps all of its own: it goes with the others.
    const gone = nodes.filter((_, at) => [0, 4, 8].includes(at));
    const left = nodes.filter((node) => !gone.includes(node));
    await Promise.all(gone.map(({ host }) => host.stop()));
    expect(Math.min(...(await copies(left)))).toBeLessThan(5);
    const found = await (left[3] as TestNode).host.readAll(entries);
    expect(found.filter(({ values }) => values.length === 1).length).toBeGreaterThanOrEqual(990);
    for (const { host } of left) await host.repair();
    expect(Math.min(...(await copies(left)))).toBeGreaterThanOrEqual(5);
  }, PATIENCE_MILLISECONDS);
});
