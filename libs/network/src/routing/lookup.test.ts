import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { compareDistance, nodeIdOf } from './node-id.ts';
import type { NamedContact } from './routing-protocol.ts';
import { BUCKET_SIZE, closestOf } from './routing-table.ts';
import { contactOf, simulatedMembers, simulateLookup, trulyClosest } from './simulated-network.fixture.ts';
import type { SimulatedMember } from './simulated-network.fixture.ts';

const place = fc.uint8Array({ minLength: 32, maxLength: 32 });
const neverAnswers = (): Promise<NamedContact[]> => new Promise<NamedContact[]>(() => undefined);
const cannotBeReached = (): Promise<NamedContact[]> => Promise.reject(new Error('Nobody answers.'));

/** Every nth member is changed. */
function everyNth(members: readonly SimulatedMember[], nth: number, lie: SimulatedMember['lie'] & {}): SimulatedMember[] {
  const changed = members.filter((_, number) => number > 0 && number % nth === 0);
  for (const member of changed) member.lie = lie;
  return changed;
}

describe('a lookup among 500 members', () => {
  const members = simulatedMembers(500);
  const first = members[0] as SimulatedMember;

  it('finds the twenty that are truly closest, whoever looks for whatever', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 499 }), async (target, number) => {
        const { found, result } = await simulateLookup(members, members[number] as SimulatedMember, target);
        expect(found).toEqual(trulyClosest(members, target, BUCKET_SIZE));
        expect(result.complete).toBe(true);
        expect(result.hops).toBeLessThanOrEqual(5);
      }),
      { numRuns: 40 },
    );
  });

  it('asks few for few, and nobody twice', async () => {
    const { asked, found, result } = await simulateLookup(members, first, nodeIdOf('target'), { count: 5 });
    expect(found).toEqual(trulyClosest(members, nodeIdOf('target'), 5));
    expect(new Set(asked).size).toBe(asked.length);
    expect(result.queries).toBe(asked.length);
    expect(asked.length).toBeLessThanOrEqual(25);
  });

  it('counts ourselves in where we are that close, and asks us nothing', async () => {
    const { asked, found } = await simulateLookup(members, first, first.nodeId, { count: 3 });
    expect(found).toEqual(trulyClosest(members, first.nodeId, 3));
    expect(found[0]).toBe(first.did);
    expect(asked).not.toContain(first.did);
  });

  it('finds only itself where it knows nobody, and does not call it complete where nobody answered', async () => {
    expect((await simulateLookup(members, first, nodeIdOf('target'), { start: [] })).result).toMatchObject({ contacts: [{ did: first.did }], complete: true, hops: 0, queries: 0 });
    const { found, result } = await simulateLookup(members, first, nodeIdOf('target'), { network: { ask: cannotBeReached } });
    expect(found).toEqual([first.did]);
    expect(result).toMatchObject({ complete: false, hops: 0 });
  });

  it('leaves out who cannot be reached, and finds the closest of the others', async () => {
    const some = simulatedMembers(500, 'mortal');
    const dead = everyNth(some, 3, cannotBeReached);
    for (const target of ['one', 'two', 'three'].map(nodeIdOf)) {
      const { found } = await simulateLookup(some, some[0] as SimulatedMember, target, { count: 10 });
      const living = some.filter((member) => !dead.includes(member));
      const expected = trulyClosest(living, target, 10);
      // Where a third have gone the last of ten may be known to none of those that were asked.
      expect(found.filter((did) => expected.includes(did)).length).toBeGreaterThanOrEqual(9);
      expect(found.slice(0, 5)).toEqual(expected.slice(0, 5));
    }
  });
});

describe('a lookup among liars', () => {
  const target = nodeIdOf('the target');
  /** DIDs that nobody has, closer to the target than anybody: tried out, as a liar could. */
  const madeUp = closestOf(target, Array.from({ length: 4_000 }, (_, number) => ({ did: `did:example:made-up-${number}`, nodeId: nodeIdOf(`did:example:made-up-${number}`) })), 40);

  it.each<[string, SimulatedMember['lie'] & {}]>([
    ['garbage', (): NamedContact[] => Array.from({ length: 50 }, (_, number) => ({ did: `did:example:garbage-${number}`, peerId: '', addresses: [] }))],
    ['nothing', (): NamedContact[] => []],
    ['the farthest that they know', (_target, truth): NamedContact[] => truth.toReversed().slice(0, 3)],
    ['only made-up members next to the target', (): NamedContact[] => madeUp.slice(0, BUCKET_SIZE).map(contactOf)],
    ['another lie each time', (_target, truth): NamedContact[] => [...madeUp.slice(20).map(contactOf), ...truth].slice(0, 20)],
    ['themselves and the asker', (): NamedContact[] => [contactOf({ did: 'did:example:liar-0' })]],
  ])('finds the closest though a fifth of all answer with %s', async (_what, lie) => {
    const members = simulatedMembers(500, 'liar');
    everyNth(members, 5, lie);
    const { found, asked, result } = await simulateLookup(members, members[0] as SimulatedMember, target, { count: 10 });
    expect(found).toEqual(trulyClosest(members, target, 10));
    expect(result.complete).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(80);
  });

  it('is not captured by liars that name each other alone, though one of them is the closest that is known', async () => {
    const members = simulatedMembers(500, 'colluder');
    const colluders = trulyClosest(members, target, 60).filter((_, number) => number % 6 === 0);
    for (const member of members) if (colluders.includes(member.did)) member.lie = () => colluders.map((did) => contactOf({ did }));
    const from = members.find(({ did }) => !colluders.includes(did)) as SimulatedMember;
    const { found } = await simulateLookup(members, from, target, { count: 10 });
    expect(found).toEqual(trulyClosest(members, target, 10));
  });

  it('asks few of those that only a discredited member names', async () => {
    const members = simulatedMembers(100, 'discredited');
    const liar = members.find(({ did }) => did === trulyClosest(members, target, 1)[0]) as SimulatedMember;
    liar.lie = () => madeUp.slice(0, BUCKET_SIZE).map(contactOf);
    const { asked, found } = await simulateLookup(members, members.find((member) => member !== liar) as SimulatedMember, target);
    expect(found).toEqual(trulyClosest(members, target, BUCKET_SIZE));
    expect(asked.filter((did) => did.startsWith('did:example:made-up')).length).toBeLessThan(BUCKET_SIZE);
  });

  it('takes no more than twenty contacts of an answer', async () => {
    const members = simulatedMembers(30, 'talkative');
    const [from, talker] = [members[0] as SimulatedMember, members[1] as SimulatedMember];
    talker.lie = (): NamedContact[] => madeUp.map(contactOf);
    const { asked } = await simulateLookup(members, from, target, { start: [talker] });
    expect(asked.length).toBeLessThanOrEqual(1 + BUCKET_SIZE);
  });

  it('has each path ask members that no other path asks', async () => {
    const members = simulatedMembers(500, 'disjoint');
    const { asked } = await simulateLookup(members, members[0] as SimulatedMember, target, { count: 3 });
    expect(new Set(asked).size).toBe(asked.length);
    // Three paths, of which each has asked its three closest.
    expect(asked.length).toBeGreaterThanOrEqual(9);
  });
});

describe('a lookup among members that do not answer', () => {
  const target = nodeIdOf('the target');

  it('goes on without them after a while, and costs one such while for all of them on its way', async () => {
    const clock = new ManualClock();
    const members = simulatedMembers(200, 'silent');
    const silent = everyNth(members, 3, neverAnswers);
    const gaveUp: string[] = [];
    const lookup = simulateLookup(members, members[0] as SimulatedMember, target, { count: 5, clock, network: { gaveUp: (did) => void gaveUp.push(did) } });
    const ended = { yet: false };
    void lookup.then(() => {
      ended.yet = true;
    });
    let seconds = 0;
    while (!ended.yet) {
      await waitUntil(() => ended.yet || clock.sleeping > 0);
      await new Promise(setImmediate);
      clock.advance(1_000);
      seconds += 1;
    }
    const { found, result } = await lookup;
    expect(found).toEqual(trulyClosest(members.filter((member) => !silent.includes(member)), target, 5));
    expect(result.complete).toBe(true);
    expect(gaveUp.length).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(5);
  });

  it('ends at its time limit with what it has found, and says that it is not complete', async () => {
    const members = simulatedMembers(50, 'late');
    everyNth(members, 2, neverAnswers);
    const limit = new AbortController();
    const ask = async (candidate: { did: string }, _target: Uint8Array, signal: AbortSignal): Promise<NamedContact[]> => {
      const number = Number(candidate.did.split('-').at(-1));
      if (number % 2 === 1) return [];
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
    };
    const lookup = simulateLookup(members, members[0] as SimulatedMember, target, { clock: new ManualClock(), signal: limit.signal, network: { ask } });
    await new Promise(setImmediate);
    limit.abort(new Error('TIME_LIMIT'));
    const { found, result } = await lookup;
    expect(result.complete).toBe(false);
    expect(found.length).toBeGreaterThan(1);
  });

  it('asks those that have just gone, and those that are shunned, after all others', async () => {
    const members = simulatedMembers(15, 'doubtful');
    const [from, ...others] = members as [SimulatedMember, ...SimulatedMember[]];
    const gone = new Set(others.slice(0, 4).map(({ did }) => did));
    const shunned = new Set(others.slice(4, 8).map(({ did }) => did));
    const { asked, found } = await simulateLookup(members, from, target, { network: { isGone: (did) => gone.has(did), isShunned: (did) => shunned.has(did) } });
    expect(asked.slice(0, 6).some((did) => gone.has(did) || shunned.has(did))).toBe(false);
    expect(asked.slice(-4).every((did) => shunned.has(did))).toBe(true);
    expect(asked.some((did) => gone.has(did))).toBe(false);
    expect([...found].sort()).toEqual(members.map(({ did }) => did).filter((did) => !gone.has(did)).sort());
  });

  it('asks even those that have just gone when nobody else is known', async () => {
    const members = simulatedMembers(10, 'all-gone');
    const { found } = await simulateLookup(members, members[0] as SimulatedMember, target, { network: { isGone: () => true } });
    expect(found.length).toBeGreaterThan(1);
    expect(found).toEqual([...found].sort((one, other) => compareDistance(target, nodeIdOf(one), nodeIdOf(other))));
  });
});
