import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { NetworkBenchOptions } from './options.ts';

const NODES = 32;
const MEBIBYTE = 2 ** 20;
const program = fileURLToPath(new URL('memory-of-hosts.ts', import.meta.url));
const answerSchema = z.strictObject({ resident: z.number(), heap: z.number() });

/** What a host that is connected with 31 others adds to a process, after garbage collection, beside a node of kad-dht. */
export function measureMemory({ suite, print }: NetworkBenchOptions): void {
  const [ours, plain] = [memoryOf('ours'), memoryOf('plain')];
  for (const [what, metric] of [['heap', 'heap and buffers'], ['resident', 'resident set']] as const) {
    print({
      suite,
      metric: `memory of each of ${NODES} connected hosts in one process, ${metric}`,
      value: ours[what] / MEBIBYTE,
      unit: 'MiB',
      reference: { name: 'plain kad-dht', value: plain[what] / MEBIBYTE },
      ratio: ours[what] / plain[what],
    });
  }
}

function memoryOf(kind: 'ours' | 'plain'): z.infer<typeof answerSchema> {
  return answerSchema.parse(JSON.parse(execFileSync(process.execPath, [...process.execArgv, program, kind, String(NODES)], { encoding: 'utf8' })));
}
