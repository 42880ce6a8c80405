import { systemClock } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { DidResolution, vcJwtIssuer } from '@carecord/identity';
import { AddressGuard, OutboundHttp } from '@carecord/node';
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { CredentialService } from '../vc-api/credential-service.ts';
import { startVcApiServer } from '../vc-api/server.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const MAX_PORT = 65_535;

interface VcApiOptions {
  readonly port: string;
  readonly host: string;
  readonly allowAddress: readonly string[];
  readonly anyIssuer?: true;
}

/** `carecord vc-api`: our issuer and verifier of credentials behind the W3C's VC-API, for its conformance suites. */
export function vcApiCommand(): Command {
  return new Command('vc-api')
    .description('Serve POST /credentials/issue and /credentials/verify of the VC-API until Ctrl-C. The keys are made at start and forgotten at the end: for conformance tests, not for members.')
    .option('--port <number>', 'the port; 0 takes any free one', '0')
    .option('--host <address>', 'where it listens; whoever reaches it can have anything signed', '127.0.0.1')
    .option('--allow-address <host>', 'a private host or address that DIDs may be fetched from; may be given several times', (host: string, hosts: readonly string[]) => [...hosts, host], [] as readonly string[])
    .option('--any-issuer', 'also issue credentials that name another issuer, which will not verify: suites send such examples')
    .action(async (options: VcApiOptions) => {
      await serve(options);
    });
}

async function serve({ port, host, allowAddress, anyIssuer }: VcApiOptions): Promise<void> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > MAX_PORT) throw new CliError('OPTION_INVALID', `--port must be a number between 0 and ${MAX_PORT}.`);
  const resolution = new DidResolution({ fetcher: new OutboundHttp({ guard: new AddressGuard(allowAddress) }), clock: systemClock });
  const issuers = [vcJwtIssuer('Ed25519', randomKey()), vcJwtIssuer('ML-DSA-65', randomKey())] as const;
  const service = new CredentialService({ issuers, ...(anyIssuer === true ? { issuerOfOthers: issuers[0] } : {}), resolve: (did) => resolution.resolve(did), clock: systemClock });
  const server = await startVcApiServer({ service, host, port: Number(port), clock: systemClock });
  const stopped = new Promise<void>((resolve) => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve());
  });
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: server.url, issuers: issuers.map(({ did, algorithm }) => ({ did, algorithm })) })}\n`);
  await stopped;
  await server.stop();
}
