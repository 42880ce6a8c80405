import { measureConnections } from '../identity/connections.ts';
import { printRate } from '../identity/report.ts';
import type { NetworkBenchOptions } from './options.ts';

const [ROUNDS, FULL_ROUNDS] = [5, 25];

/** Handshakes in a second of CPU, both ends, beside the primitives that they cannot do without; with the figures of the identity suite. */
export async function measureHandshakes(options: NetworkBenchOptions): Promise<void> {
  const rounds = options.full ? FULL_ROUNDS : ROUNDS;
  const { again, first, needed, neededFirst } = await measureConnections({ ...options, rounds });
  printRate({ ...options, rounds }, 'handshakes between members that met before, both ends', again, { name: 'bare TLS and four signatures', cpu: needed });
  printRate({ ...options, rounds }, 'handshakes between members that never met, both ends', first, { name: 'the same and six verifications', cpu: neededFirst });
}
