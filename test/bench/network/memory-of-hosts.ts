import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startHosts } from './hosts.ts';
import { PlainKademlia } from './plain-kademlia.ts';

// A process with hosts of one kind: `memory-of-hosts.ts ours|plain COUNT` prints what each of them takes, as JSON.

const SMALL = 2;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const [, , kind, count] = process.argv;
const start = kind === 'ours' ? startHosts : (hosts: number) => PlainKademlia.start(hosts);

/** Twice: what the first collection frees may hold on to more. */
function memory(): { readonly resident: number; readonly heap: number } {
  collect();
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

// The first hosts load and compile what all of them use.
const first = await start(SMALL);
await first.stop();
const before = memory();
const network = await start(Number(count));
const after = memory();
process.stdout.write(JSON.stringify({ resident: (after.resident - before.resident) / Number(count), heap: (after.heap - before.heap) / Number(count) }));
await network.stop();
process.exit(0);
