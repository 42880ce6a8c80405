import { figurePrinter } from './support/figure.ts';
import { measureConnections } from './bench/identity/connections.ts';
await measureConnections({ suite: 'identity', print: figurePrinter(false), rounds: Number(process.argv[2] ?? 7) });
