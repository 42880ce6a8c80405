import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NetworkNamespaces } from '../support/network-namespaces.ts';
import { makeNotes, type PlacedNotes } from '../support/network-process/placed-notes.ts';
import { type SeededMember, SeededNetwork } from '../support/network-process/seeded-network.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 240_000;
const WITHIN_MILLISECONDS = 100_000;
const HOSTS_A_HALF = 6;
const VALUES = 100;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** What the clocks are put forward at a time: everything that hosts do at intervals comes round within a few of these. */
const SKIP_MILLISECONDS = 60_000;

const obstacle = NetworkNamespaces.obstacle();
if (obstacle !== undefined) process.stderr.write(`Skipped, the test of a network that is cut in two: ${obstacle}\n`);

/** Six hosts on each of two machines, as far as their sockets can tell. The only bootstrap address anybody has is that of the first one. */
(obstacle === undefined ? describe : describe.skip)('a network that is cut in two and joined again', () => {
  let namespaces: NetworkNamespaces;
  let network: SeededNetwork;
  const before = makeNotes(VALUES, 'before');
  const halves = [makeNotes(VALUES, 'left'), makeNotes(VALUES, 'right')] as const;

  beforeAll(async () => {
    namespaces = NetworkNamespaces.make(2);
    const groups = [0, 1].map((side) => ({ hosts: HOSTS_A_HALF, inside: namespaces.inside(side), listen: `/ip4/${namespaces.address(side)}/tcp/0` }));
    network = await SeededNetwork.start({ seed: 'partition', groups });
  }, TIMEOUT);
  afterAll(async () => {
    await network.end();
    namespaces.remove();
  });

  const half = (side: number): SeededMember[] => network.members.filter(({ group }) => group === side);
  const publish = async (member: SeededMember | undefined, { texts }: PlacedNotes): Promise<number> => {
    if (member === undefined) throw new Error('There is no such member.');
    const placements = await network.order(member, 'publish', { texts: [...texts], expiresAt: Date.now() + DAY_MILLISECONDS });
    return Math.min(...placements.map(({ stored }) => stored));
  };
  /** How many of the notes each of the members finds. */
  const found = async (members: readonly SeededMember[], { keys }: PlacedNotes): Promise<number[]> => {
    const answers = await network.orderAll(members, 'read', () => ({ keys: [...keys] }));
    return answers.map((answer) => answer.filter(({ value }) => value !== null).length);
  };
  /** Lets time pass until every member has so many others connected and in its routing table. */
  const knows = async (others: number): Promise<void> => {
    const look = async (): Promise<{ connected: number; routingTable: number }[]> => {
      await network.skip(SKIP_MILLISECONDS);
      const neighbours = await network.orderAll(network.members, 'neighbours', () => ({}));
      return neighbours.map(({ connected, routingTable }) => ({ connected: connected.length, routingTable }));
    };
    await until(`${others} neighbours of everybody`, look, (all) => all.every(({ connected, routingTable }) => connected === others && routingTable === others), WITHIN_MILLISECONDS);
  };

  it(
    'goes on in both halves, and becomes one again without a person: all is readable everywhere, and nobody is missing in a routing table',
    async () => {
      expect(await publish(half(0)[1], before)).toBe(5);

      const cut = performance.now();
      namespaces.separate(1);
      await knows(HOSTS_A_HALF - 1);
      const noticed = performance.now();
      for (const side of [0, 1] as const) {
        expect(await publish(half(side)[2], halves[side])).toBe(5);
        expect(await found(half(side), halves[side])).toEqual(half(side).map(() => VALUES));
        expect(await found(half(side), halves[side === 0 ? 1 : 0])).toEqual(half(side).map(() => 0));
      }

      const joined = performance.now();
      namespaces.rejoin(1);
      await knows(2 * HOSTS_A_HALF - 1);
      const whole = performance.now();
      for (const notes of [before, ...halves]) {
        await until('that everybody finds all', () => found(network.members, notes), (counts) => counts.every((count) => count === VALUES), WITHIN_MILLISECONDS);
      }
      const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
      process.stderr.write(`  partition: noticed after ${seconds(cut, noticed)} s, whole again after ${seconds(joined, whole)} s, everything found after ${seconds(joined, performance.now())} s\n`);
    },
    TIMEOUT,
  );
});
