import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { NetworkCounters } from '../health/network-counters.ts';
import { Reputations } from '../health/reputations.ts';
import { NetworkError } from '../network-error.ts';
import type { Member } from '../ports.ts';
import { nodeIdOf, sharedBits } from './node-id.ts';
import { Router } from './router.ts';
import type { MemberAsker } from './router.ts';
import { CLOSEST_PROTOCOL, PING_PROTOCOL } from './routing-protocol.ts';
import type { NamedContact } from './routing-protocol.ts';
import { BUCKET_SIZE } from './routing-table.ts';

const OWN = 'did:example:own';
const PEER_ID = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5';
const ADDRESS = `/ip4/127.0.0.1/tcp/1/p2p/${PEER_ID}`;
const contact = (did: string): NamedContact => ({ did, peerId: PEER_ID, addresses: [ADDRESS] });
const FAR = Array.from({ length: 200 }, (_, number) => `did:example:${number}`).filter((did) => sharedBits(nodeIdOf(OWN), nodeIdOf(did)) === 0);
const MINUTE = 60_000;

/** A router whose members answer as the test says: those that are not in `alive` are not there. */
function makeRouter() {
  const clock = new ManualClock();
  const alive = new Map<string, () => Promise<readonly NamedContact[]>>();
  const members = { fallen: new Set<string>() };
  const asked: { protocol: string; did: string; addresses: string[] }[] = [];
  const impostors = new Map<string, string>();
  const observer = new Reputations(clock);
  const counters = new NetworkCounters();
  const asker: MemberAsker = {
    ask: async (protocol, { did, peers, onImpostor }) => {
      asked.push({ protocol: protocol.name, did, addresses: peers.flatMap(({ addresses }) => [...addresses]) });
      const impostor = impostors.get(did);
      if (impostor !== undefined) onImpostor?.(impostor);
      const answer = alive.get(did);
      if (answer === undefined || impostor !== undefined) throw new NetworkError('UNREACHABLE', 'Nobody is there.');
      return (protocol.name === PING_PROTOCOL.name ? {} : { contacts: await answer() }) as never;
    },
  };
  const router = new Router({ ownDid: OWN, asker, observer, lookups: counters, isMember: (did) => !members.fallen.has(did), clock, logger: silentLogger });
  const stopping = new AbortController();
  const prove = (did: string, answer: readonly NamedContact[] = []): void => {
    alive.set(did, () => Promise.resolve(answer));
    router.proven(did, contact(did), '/ip4/127.0.0.1/tcp/1');
  };
  const answers = new Map<string, (request: never, from: Member) => Promise<unknown>>();
  router.register({ handle: (protocol, handler) => void answers.set(protocol.name, handler) });
  const closest = async (target: Uint8Array, from: string): Promise<string[]> => {
    const { contacts } = (await answers.get(CLOSEST_PROTOCOL.name)?.({ target } as never, { did: from } as Member)) as { contacts: NamedContact[] };
    return contacts.map(({ did }) => did);
  };
  return { alive, asked, clock, closest, counters, impostors, members, observer, prove, router, stopping, run: () => router.run(stopping.signal) };
}

describe('Router', () => {
  it('names the closest that it knows, never us, the asker, or one that has fallen', async () => {
    const { closest, members, prove, router } = makeRouter();
    for (const did of FAR.slice(0, 19)) prove(did);
    members.fallen.add(FAR[0] ?? '');
    const named = await closest(nodeIdOf('target'), FAR[1] ?? '');
    expect([...named].sort()).toEqual(FAR.slice(2, 19).sort());
    const nearest = router.nearest(nodeIdOf(OWN), 3);
    expect(nearest[0]).toEqual({ did: OWN, nodeId: nodeIdOf(OWN) });
    expect(nearest.map(({ did }) => did)).not.toContain(FAR[0]);
  });

  it('counts a lookup, and answers with ourselves where nobody is known', async () => {
    const { counters, router } = makeRouter();
    expect(await router.lookup(nodeIdOf('target'))).toMatchObject({ contacts: [{ did: OWN }], complete: true });
    expect(counters.totals().lookups).toMatchObject({ count: 1, failed: 0 });
  });

  it('follows hints, tries those of the table as well, and takes nobody for a member that did not answer', async () => {
    const { alive, asked, prove, router } = makeRouter();
    prove('did:example:a', [contact('did:example:b'), contact('did:example:nobody')]);
    alive.set('did:example:b', () => Promise.resolve([]));
    const { contacts, hops, queries } = await router.lookup(nodeIdOf('target'));
    expect(contacts.map(({ did }) => did).sort()).toEqual(['did:example:a', 'did:example:b', OWN].sort());
    expect({ hops, queries }).toEqual({ hops: 2, queries: 3 });
    expect(asked.find(({ did }) => did === 'did:example:b')?.addresses).toEqual([ADDRESS]);
    // Named, and not proven: neither is in the table.
    expect(router.table.members().map(({ did }) => did)).toEqual(['did:example:a']);
  });

  it('holds it against a member when one that it named proves to be another', async () => {
    const { impostors, observer, prove, router } = makeRouter();
    prove('did:example:liar', [contact('did:example:b')]);
    impostors.set('did:example:b', PEER_ID);
    await router.lookup(nodeIdOf('target'));
    expect(observer.reputation('did:example:liar')).toBeLessThan(1);
    expect(observer.reputation('did:example:b')).toBe(1);
  });

  it.each<[string, NamedContact]>([
    ['is none', { did: 'did:example:b', peerId: PEER_ID, addresses: ['nonsense'] }],
    ['is of another peer', { did: 'did:example:b', peerId: `${PEER_ID.slice(0, -1)}4`, addresses: [ADDRESS] }],
    ['names no peer', { did: 'did:example:b', peerId: PEER_ID, addresses: ['/ip4/127.0.0.1/tcp/1'] }],
  ])('does not follow an address that %s, and holds it against who gave it', async (_what, named) => {
    const { asked, observer, prove, router } = makeRouter();
    prove('did:example:liar', [named]);
    await router.lookup(nodeIdOf('target'));
    expect(asked.map(({ did }) => did)).toEqual(['did:example:liar']);
    expect(observer.reputation('did:example:liar')).toBeLessThan(0.5);
  });

  it('pings a member that does not answer a question, and lets it go when it does not answer that either', async () => {
    const { alive, asked, clock, prove, router, run, stopping } = makeRouter();
    const running = run();
    prove('did:example:a');
    prove('did:example:b');
    await waitUntil(() => clock.sleeping === 1);
    alive.delete('did:example:b');
    await router.lookup(nodeIdOf('target'));
    await waitUntil(() => router.table.size === 1);
    expect(asked.filter(({ did, protocol }) => did === 'did:example:b' && protocol === PING_PROTOCOL.name)).toHaveLength(1);
    stopping.abort();
    await running;
  });

  it('does not ask one again that has just gone, though others name it, until a while has passed or it has proven itself', async () => {
    const { alive, asked, clock, prove, router } = makeRouter();
    prove('did:example:a', [contact('did:example:gone')]);
    const asksGone = async (): Promise<boolean> => {
      const before = asked.length;
      await router.lookup(nodeIdOf('target'));
      return asked.slice(before).some(({ did }) => did === 'did:example:gone');
    };
    expect([await asksGone(), await asksGone()]).toEqual([true, false]);
    clock.advance(31_000);
    expect([await asksGone(), await asksGone()]).toEqual([true, false]);
    alive.set('did:example:gone', () => Promise.resolve([]));
    prove('did:example:gone');
    expect(await asksGone()).toBe(true);
  });

  it('keeps a member whose connection has closed as long as it answers, and then forgets it', async () => {
    const { alive, clock, prove, router, run, stopping } = makeRouter();
    const running = run();
    prove('did:example:a');
    router.doubt('did:example:a');
    await waitUntil(() => clock.sleeping === 1);
    expect(router.table.size).toBe(1);
    alive.delete('did:example:a');
    router.doubt('did:example:a');
    await waitUntil(() => router.table.size === 0);
    stopping.abort();
    await running;
  });

  it('takes one up again that was only busy: when it asks, and when it answers', async () => {
    const { alive, clock, closest, members, prove, router, run, stopping } = makeRouter();
    const running = run();
    prove('did:example:a');
    prove('did:example:other', [contact('did:example:a')]);
    await waitUntil(() => clock.sleeping === 1);
    const loseIt = async (): Promise<void> => {
      alive.delete('did:example:a');
      router.doubt('did:example:a');
      await waitUntil(() => router.table.size === 1);
    };
    await loseIt();
    await closest(nodeIdOf('target'), 'did:example:a');
    expect(router.table.get('did:example:a')?.peers).toMatchObject([{ peerId: PEER_ID, addresses: [ADDRESS] }]);
    await loseIt();
    clock.advance(31_000);
    alive.set('did:example:a', () => Promise.resolve([]));
    await router.lookup(nodeIdOf('target'));
    expect(router.table.size).toBe(2);
    members.fallen.add('did:example:a');
    router.remove('did:example:a', PEER_ID);
    await closest(nodeIdOf('target'), 'did:example:a');
    expect(router.table.size).toBe(1);
    stopping.abort();
    await running;
  });

  it('gives a full bucket to a newcomer only when the one heard from longest ago is gone', async () => {
    const { alive, clock, prove, router, run, stopping } = makeRouter();
    const running = run();
    const [newcomer = '', another = ''] = FAR.slice(BUCKET_SIZE);
    for (const did of FAR.slice(0, BUCKET_SIZE)) {
      clock.advance(1);
      prove(did);
    }
    await waitUntil(() => clock.sleeping === 1);
    const oldest = (): string => [...router.table.members()].sort((one, other) => one.seenAt.getTime() - other.seenAt.getTime())[0]?.did ?? '';
    const first = oldest();
    prove(newcomer);
    clock.advance(1);
    await new Promise(setImmediate);
    expect(router.table.get(first)).toBeDefined();
    expect(router.table.get(newcomer)).toBeUndefined();
    // Answering the ping has renewed it: now another one is the oldest.
    for (const did of FAR.slice(0, BUCKET_SIZE)) alive.delete(did);
    prove(another);
    await waitUntil(() => router.table.get(another) !== undefined);
    expect(router.table.sizeOfBucket(0)).toBe(BUCKET_SIZE);
    stopping.abort();
    await running;
  });

  it('looks around when it has met the first, when their number has doubled, and pings who is silent', async () => {
    const { asked, clock, counters, prove, router, run, stopping } = makeRouter();
    const running = run();
    const lookups = (): number => counters.totals().lookups.count;
    prove('did:example:0');
    await waitUntil(() => lookups() === 1 && clock.sleeping === 1);
    prove('did:example:1');
    await new Promise(setImmediate);
    expect(lookups()).toBe(1);
    prove('did:example:2');
    await waitUntil(() => lookups() === 2);
    prove('did:example:3');
    await new Promise(setImmediate);
    expect(lookups()).toBe(2);
    // The change that was too small is looked into a minute later.
    const pass = async (seconds: number): Promise<void> => {
      for (let passed = 0; passed < seconds; passed += 10) {
        await waitUntil(() => clock.sleeping === 1);
        clock.advance(10_000);
      }
      await waitUntil(() => clock.sleeping === 1);
    };
    await pass(50);
    expect(lookups()).toBe(2);
    await pass(10);
    await waitUntil(() => lookups() === 3);
    const before = asked.length;
    await pass(330);
    await waitUntil(() => asked.slice(before).filter(({ protocol }) => protocol === PING_PROTOCOL.name).length === 4);
    expect(router.table.size).toBe(4);
    stopping.abort();
    await running;
  });

  it('refreshes what nobody uses about every ten minutes', async () => {
    const { clock, counters, prove, run, stopping } = makeRouter();
    const running = run();
    prove(FAR[0] ?? '');
    await waitUntil(() => counters.totals().lookups.count === 1 && clock.sleeping === 1);
    const pass = async (minutes: number): Promise<number> => {
      const before = counters.totals().lookups.count;
      for (let passed = 0; passed < minutes * MINUTE; passed += 10_000) {
        clock.advance(10_000);
        await waitUntil(() => clock.sleeping === 1);
      }
      return counters.totals().lookups.count - before;
    };
    expect(await pass(8)).toBe(0);
    expect(await pass(4)).toBe(1);
    stopping.abort();
    await running;
  });
});
