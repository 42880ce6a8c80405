import { expect } from '@jest/globals';
import { until } from '../until.ts';
import { holdersOf, makeNotes, publishNotes, readNotes, responsibleFor } from './placed-notes.ts';
import { type HostGroup, SeededNetwork } from './seeded-network.ts';

const VALUES = 1_000;
const REPLICATION = 5;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
/** What must stay readable. */
const READABLE_SHARE = 0.99;
/** How many hosts share a process. */
const HOSTS_A_PROCESS = 8;
/** How long the living may take to notice who is gone. */
const NOTICE_MILLISECONDS = 60_000;

/** A network and what happens to it. */
export interface Survival {
  readonly hosts: number;
  /** How many of them die at once. */
  readonly killed: number;
  readonly seed: string;
  /** Whether they first stand still with open sockets, while the values are read. */
  readonly frozenFirst?: boolean;
}

/**
 * Publishes a thousand values, kills some hosts at once, reads from the others, repairs once, and checks who keeps what. Prints what it measured.
 */
export async function survive({ hosts, killed, seed, frozenFirst = false }: Survival): Promise<void> {
  const started = performance.now();
  const doomed = groupsOf(killed);
  const network = await SeededNetwork.start({ seed, groups: [...groupsOf(hosts - killed), ...doomed], replication: REPLICATION });
  const victims = doomed.map((_, at) => groupsOf(hosts - killed).length + at);
  try {
    const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);
    const say = (text: string): boolean => process.stderr.write(`  ${hosts} nodes, ${killed} killed: ${text}\n`);
    say(`joined in ${seconds(started)} s`);
    const notes = makeNotes(VALUES, seed);
    const publishing = performance.now();
    const { leastStored } = await publishNotes(network, notes, new Date(Date.now() + DAY_MILLISECONDS));
    say(`${VALUES} values published in ${seconds(publishing)} s, each to at least ${leastStored}`);
    expect(leastStored).toBe(REPLICATION);

    if (frozenFirst) {
      network.freeze(victims);
      await expectReadable('with the others standing still');
    }
    await network.kill(victims);
    await expectReadable('right after the death of the others');

    await until('that the living notice who is gone', async () => (await network.orderAll(network.living, 'neighbours', () => ({}))).map(({ connected }) => connected.length), (counts) => counts.every((count) => count < hosts - killed), NOTICE_MILLISECONDS);
    const repairing = performance.now();
    const reports = await network.orderAll(network.living, 'repair', () => ({}));
    const handedOver = reports.reduce((sum, report) => sum + report.handedOver, 0);
    const holders = await holdersOf(network, notes);
    const lost = notes.texts.filter((_, at) => holders[at]?.size === 0);
    say(`repaired in ${seconds(repairing)} s, ${handedOver} copies handed over; ${lost.length} values had no living copy`);
    const wrong = notes.keys.flatMap((key, at) => {
      const wanted = responsibleFor(key, network.living, REPLICATION).map(({ name }) => name);
      const missing = wanted.filter((name) => holders[at]?.has(name) !== true);
      return holders[at]?.size === 0 || missing.length === 0 ? [] : [`"${notes.texts[at] ?? ''}" is missing at ${missing.join(', ')}`];
    });
    expect(wrong).toEqual([]);
    say(`all in ${seconds(started)} s`);

    async function expectReadable(when: string): Promise<void> {
      const reading = performance.now();
      const { found, atOnce } = await readNotes(network, notes);
      const missing = notes.texts.filter((_, at) => found[at] !== true);
      say(`${VALUES - missing.length} of ${VALUES} readable ${when} (${atOnce} by the first reading), in ${seconds(reading)} s`);
      if (missing.length > VALUES * (1 - READABLE_SHARE)) throw new Error(`Too few values can be read ${when}: ${await explain(missing)}`);
    }
    /** Whether what was not found could have been: whether one of the living keeps it. */
    async function explain(missing: readonly string[]): Promise<string> {
      const holders = await holdersOf(network, notes);
      return missing.map((text) => `"${text}" ${holders[notes.texts.indexOf(text)]?.size === 0 ? 'had no living copy' : 'had a living copy'}`).join('; ');
    }
  } finally {
    await network.end();
  }
}

/** Processes for so many hosts. */
function groupsOf(hosts: number): HostGroup[] {
  const processes = Math.ceil(hosts / HOSTS_A_PROCESS);
  return Array.from({ length: processes }, (_, at) => ({ hosts: Math.floor(hosts / processes) + Number(at < hosts % processes) }));
}
