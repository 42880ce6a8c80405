/**
 * `npm run bench -- identity [--json] [--full]`: what it costs that hospitals and staff prove who they are. Beside each figure stands what the
 * operation cannot do without, measured in the same run: bare TLS, signatures, Argon2id. CPU time is that of all threads of this process.
 */
import { figurePrinter } from '../support/figure.ts';
import { measureConnections } from './identity/connections.ts';
import { measureDids } from './identity/dids.ts';
import { measureHolders } from './identity/holders.ts';
import { measureMemberships } from './identity/memberships.ts';
import { measureSignIns } from './identity/sign-ins.ts';

const options = {
  suite: 'identity',
  print: figurePrinter(process.argv.includes('--json')),
  rounds: process.argv.includes('--full') ? 25 : 7,
};

await measureConnections(options);
await measureMemberships(options);
await measureDids(options);
await measureSignIns(options);
await measureHolders(options);
