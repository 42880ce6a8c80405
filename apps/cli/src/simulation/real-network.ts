import { createHash } from 'node:crypto';
import type { DhtEntry, DhtPlace, DhtValueKind, NetworkHost } from '@carecord/network';
import { makeTestNetwork } from '@carecord/testkit';
import { CliError } from '../cli-error.ts';
import type { ComparedFigures } from './compare.ts';

/** What is run. */
export interface RealRun {
  readonly nodes: number;
  readonly lookups: number;
  readonly replication: number;
  /** Decides where the nodes stand in the key space, and which values are read. */
  readonly seed: number;
}

const CLOSEST_PROTOCOL = '/carecord/routing/closest/1';
const READ_PROTOCOL = '/carecord/values/read/1';
const HOUR_MILLISECONDS = 3_600_000;
/** Kademlia's k: so many are known of the closest when a table is as it should be. */
const ENOUGH_KNOWN = 20;
/** How long nodes may take to find each other, and how often it is looked whether they have. */
const JOIN_MILLISECONDS = 900_000;
const POLL_MILLISECONDS = 500;
/** Polls without a lookup after which joining is over: later ones would be counted as ours. */
const QUIET_POLLS = 6;

/** Values for the comparison alone: their key is their hash, so nobody can compete for one. */
const KIND: DhtValueKind = {
  namespace: 'simulation',
  maxBytes: 64,
  validate: (key, value) => {
    if (!createHash('sha256').update(value).digest().equals(key)) return Promise.reject(new Error('The key is not the hash of the value.'));
    return Promise.resolve({ sequence: 0, owner: Buffer.from(key).toString('hex'), expiresAt: new Date(Date.now() + HOUR_MILLISECONDS) });
  },
};

/**
 * Starts nodes in this process that join by the address of the first, publishes values from one of them and reads each from another one; then
 * looks for values that nobody has published, because a node that finds a value with members that it knows already makes no lookup.
 * @throws CliError `NODE_NOT_READY`
 */
export async function runRealNetwork({ nodes, lookups, replication, seed }: RealRun): Promise<ComparedFigures> {
  const network = await makeTestNetwork({ hospitals: nodes, valueKinds: [KIND], replication, seed: `simulation ${seed}`, connected: 'by-bootstrap' }).catch((cause: unknown) => {
    throw new CliError('NODE_NOT_READY', `${nodes} real nodes could not be started, or did not find each other in time: compare with fewer, or while the machine does nothing else.`, { cause });
  });
  try {
    const hosts = network.hospitals.map(({ host }) => host);
    await untilJoined(hosts);
    const published = entriesOf('published', seed, lookups);
    await hosts[0]?.publish(published);
    const start = await totalsOf(hosts);
    const found = await readEach(hosts, published);
    const between = await totalsOf(hosts);
    await readEach(hosts, entriesOf('absent', seed, lookups));
    const end = await totalsOf(hosts);
    const made = end.lookups - between.lookups;
    return {
      found: found / lookups,
      hops: made === 0 ? undefined : (end.hops - between.hops) / made,
      queries: made === 0 ? undefined : (end.queries - between.queries) / made,
      messages: (between.queries - start.queries + between.reads - start.reads) / lookups,
    };
  } finally {
    await network.stop();
  }
}

/** Waits until each node knows enough others, and none looks for more. */
async function untilJoined(hosts: readonly NetworkHost[]): Promise<void> {
  const limit = Date.now() + JOIN_MILLISECONDS;
  let lookups = 0;
  for (let quiet = 0; quiet < QUIET_POLLS; quiet += 1) {
    if (Date.now() > limit) throw new CliError('NODE_NOT_READY', `Not all of the ${hosts.length} nodes have found each other within ${JOIN_MILLISECONDS / 60_000} minutes: compare with fewer.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    const now = (await totalsOf(hosts)).lookups;
    if (now !== lookups || hosts.some((host) => host.routingTableSize() < Math.min(ENOUGH_KNOWN, hosts.length - 1))) quiet = -1;
    lookups = now;
  }
}

function entriesOf(purpose: string, seed: number, count: number): DhtEntry[] {
  return Array.from({ length: count }, (_, at) => {
    const value = Buffer.from(`${purpose} ${seed} ${at}`);
    return { kind: KIND, key: new Uint8Array(createHash('sha256').update(value).digest()), value: new Uint8Array(value) };
  });
}

/** Reads each place from another node, one after the other. @returns how many had a value */
async function readEach(hosts: readonly NetworkHost[], places: readonly DhtPlace[]): Promise<number> {
  let found = 0;
  for (const [at, { kind, key }] of places.entries()) {
    const [values] = (await hosts[1 + (at % (hosts.length - 1))]?.readAll([{ kind, key }])) ?? [];
    if (values !== undefined && values.values.length > 0) found += 1;
  }
  return found;
}

interface Totals {
  readonly lookups: number;
  readonly hops: number;
  readonly queries: number;
  readonly reads: number;
}

/** What all nodes have counted since they started. */
async function totalsOf(hosts: readonly NetworkHost[]): Promise<Totals> {
  const all = await Promise.all(hosts.map((host) => host.statistics()));
  const messages = all.flatMap((statistics) => statistics.messages).filter(({ direction }) => direction === 'sent');
  const sent = (protocol: string): number => messages.filter((message) => message.protocol === protocol).reduce((sum, { count }) => sum + count, 0);
  return {
    lookups: all.reduce((sum, { lookups }) => sum + lookups.count, 0),
    hops: all.reduce((sum, { lookups }) => sum + lookups.count * lookups.meanHops, 0),
    queries: sent(CLOSEST_PROTOCOL),
    reads: sent(READ_PROTOCOL),
  };
}
