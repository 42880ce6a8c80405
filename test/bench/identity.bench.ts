import { figurePrinter } from '../support/figure.ts';
import { measureConnections } from './identity/connections.ts';

const SUITE = 'identity';
const full = process.argv.includes('--full');
const print = figurePrinter(process.argv.includes('--json'));

await measureConnections(print, { suite: SUITE, rounds: full ? 15 : 5, runs: full ? 40 : 16 });
