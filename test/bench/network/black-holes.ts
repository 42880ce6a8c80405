import { randomBytes } from 'node:crypto';
import { percentile } from '../../support/figure.ts';
import { makeNotes, publishNotes } from '../../support/network-process/placed-notes.ts';
import { SeededNetwork } from '../../support/network-process/seeded-network.ts';
import type { SeededMember } from '../../support/network-process/seeded-network.ts';
import type { NetworkBenchOptions } from './options.ts';
import { freePort, SlowProxy } from './slow-proxy.ts';

/** Four processes of hosts: the last one falls silent first, then the one before too. */
const GROUPS = [10, 9, 6, 7];
const [SECOND_SILENT, FIRST_SILENT] = [2, 3];
const NODES = GROUPS.reduce((sum, hosts) => sum + hosts, 0);
const DELAY_MILLISECONDS = 20;
/** Of each kind in each state. */
const [OPERATIONS, FULL_OPERATIONS] = [40, 200];
const AT_ONCE = 3;
/** A clinician's program asks again as often when the answer says that it may be incomplete. */
const MAX_READINGS = 4;
const TARGET_MILLISECONDS = 5_000;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** What was seen in one state of the network. */
interface Seen {
  readonly lookups: readonly number[];
  readonly retrievals: readonly number[];
  /** Of the values that were asked for. */
  readonly foundShare: number;
  readonly messages: { readonly lookup: number; readonly retrieval: number };
}

/**
 * Lookups and retrievals over a round trip of 40 ms while some of the peers take everything and answer nothing: their processes stand
 * still, so connections to them open, what was sent is swallowed, and whatever they had begun never comes. Asked at once, before anybody noticed.
 */
export async function measureBlackHoles({ suite, print, full }: NetworkBenchOptions): Promise<void> {
  const proxies: SlowProxy[] = [];
  const place = async (): Promise<{ listen: string[]; announce: string[] }> => {
    const port = await freePort();
    const proxy = await SlowProxy.listen(port);
    proxies.push(proxy);
    return { listen: [`/ip4/127.0.0.1/tcp/${port}`], announce: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
  };
  const network = await SeededNetwork.start({ seed: 'black holes', groups: GROUPS.map((hosts) => ({ hosts })), place });
  try {
    const operations = full ? FULL_OPERATIONS : OPERATIONS;
    const notes = makeNotes(3 * operations, 'black holes');
    await publishNotes(network, notes, new Date(Date.now() + DAY_MILLISECONDS));
    for (const proxy of proxies) proxy.delayMilliseconds = DELAY_MILLISECONDS;
    const keys = (part: number): readonly Uint8Array[] => notes.keys.slice(part * operations, (part + 1) * operations);
    const undisturbed = await look(network, keys(0));
    report('none', undisturbed);
    let silent = 0;
    for (const [part, group] of [FIRST_SILENT, SECOND_SILENT].entries()) {
      network.freeze([group]);
      silent += GROUPS[group] ?? 0;
      report(`${silent} (${Math.round((100 * silent) / NODES)}%)`, await look(network, keys(part + 1)), undisturbed, group === SECOND_SILENT);
    }
  } finally {
    await network.end();
    for (const proxy of proxies) proxy.stop();
  }

  function report(silent: string, seen: Seen, undisturbed?: Seen, hasTarget = false): void {
    const name = `${NODES} nodes, ${2 * DELAY_MILLISECONDS} ms round trip, ${silent} black-holed`;
    const line = (metric: string, unit: string, of: (state: Seen) => number, target?: number): void => {
      const value = of(seen);
      const reference = undisturbed && { name: 'with none black-holed', value: of(undisturbed) };
      print({
        suite,
        metric: `${name}, ${metric}`,
        value,
        unit,
        ...(reference && { reference, ratio: value / reference.value }),
        ...(target !== undefined && { target: `<= ${target}`, meets: value <= target }),
      });
    };
    line('lookup of a random place, p50', 'ms', ({ lookups }) => percentile(lookups, 0.5));
    line('lookup of a random place, p95', 'ms', ({ lookups }) => percentile(lookups, 0.95));
    line('questions a lookup, with those of the background', 'messages', ({ messages }) => messages.lookup);
    line('retrieval of one value, p50', 'ms', ({ retrievals }) => percentile(retrievals, 0.5));
    line('retrieval of one value, p95', 'ms', ({ retrievals }) => percentile(retrievals, 0.95), hasTarget ? TARGET_MILLISECONDS : undefined);
    line('questions a retrieval, with those of the background', 'messages', ({ messages }) => messages.retrieval);
    print({ suite, metric: `${name}, values found`, value: 100 * seen.foundShare, unit: '%' });
  }
}

/** Retrievals first: they are what somebody waits for. */
async function look(network: SeededNetwork, keys: readonly Uint8Array[]): Promise<Seen> {
  const readers = network.living;
  const reader = (at: number): SeededMember => readers[at % readers.length] as SeededMember;
  let found = 0;
  const retrieval = await timed(network, keys.length, async (at) => {
    if (await isFound(network, reader(at), keys[at] as Uint8Array)) found += 1;
  });
  const lookup = await timed(network, keys.length, (at) => network.order(reader(at), 'lookup', { target: randomBytes(32) }));
  return {
    lookups: lookup.milliseconds,
    retrievals: retrieval.milliseconds,
    foundShare: found / keys.length,
    messages: { lookup: lookup.messages, retrieval: retrieval.messages },
  };
}

async function isFound(network: SeededNetwork, reader: SeededMember, key: Uint8Array): Promise<boolean> {
  for (let reading = 0; reading < MAX_READINGS; reading += 1) {
    const [answer] = await network.order(reader, 'read', { keys: [key] });
    if (answer === undefined || answer.value !== null || answer.complete) return answer?.value !== null && answer !== undefined;
  }
  return false;
}

/** Does something a number of times, a few at once; with the way to the process of the host and back. */
async function timed(network: SeededNetwork, times: number, work: (at: number) => Promise<unknown>): Promise<{ milliseconds: number[]; messages: number }> {
  const milliseconds: number[] = [];
  const before = await messagesOf(network);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < times; at = next++) {
      const started = performance.now();
      await work(at);
      milliseconds.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { milliseconds, messages: ((await messagesOf(network)) - before) / times };
}

async function messagesOf(network: SeededNetwork): Promise<number> {
  return (await network.orderAll(network.living, 'statistics', () => ({}))).reduce((sum, { sent }) => sum + sent, 0);
}
