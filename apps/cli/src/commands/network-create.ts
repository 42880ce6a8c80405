import { open } from 'node:fs/promises';
import { createNetworkFile } from '@carecord/node';
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { collect, nodeAddress, wholeNumber } from './option-values.ts';

interface NetworkCreateOptions {
  readonly id: string;
  readonly authority: string[];
  readonly threshold: number;
  readonly witnessThreshold?: number;
  readonly guardian?: string[];
  readonly guardianThreshold?: number;
  readonly statusMaxAge: number;
  readonly allowHttp?: true;
  readonly output: string;
}

/** `carecord network create`: writes the file by which hospitals and authorities know whom to trust. */
export function networkCreateCommand(): Command {
  return new Command('create')
    .description('Write the network file of a new network: it says which authorities admit hospitals. Each authority must be running; each is asked for its DID.')
    .requiredOption('--id <network>', 'the name of the network, for example carecord-fi')
    .requiredOption('--authority <url>', 'where an authority answers; once for each of them', (url: string, others?: string[]) => [...(others ?? []), nodeAddress(url)])
    .option('--threshold <k>', 'how many authorities must admit a hospital', wholeNumber, 1)
    .option('--witness-threshold <k>', "how many must witness each change of a hospital's keys; 0: none (default: as many as must admit it)", wholeNumber)
    .option('--guardian <url or did>', 'a member that guards the key of blinded look-ups; once for each of them (default: the authorities)', collect)
    .option('--guardian-threshold <t>', 'how many of them evaluate a look-up (default: more than half)', wholeNumber)
    .option('--status-max-age <hours>', 'after how long a status list says nothing any more', wholeNumber, 24)
    .option('--allow-http', 'allow addresses without TLS: for a network on one machine alone')
    .option('--output <file>', 'where to write the file; it must not exist', 'network.json')
    .action(networkCreate);
}

async function networkCreate(options: NetworkCreateOptions): Promise<void> {
  const plain = options.allowHttp === true ? undefined : options.authority.find((url) => new URL(url).protocol === 'http:');
  if (plain !== undefined) throw new CliError('OPTION_INVALID', `${plain} is an address without TLS: give its https:// address, or --allow-http for a network on one machine alone.`);
  const { text, authorities } = await createNetworkFile({
    networkId: options.id,
    authorityUrls: options.authority,
    threshold: options.threshold,
    witnessThreshold: options.witnessThreshold ?? options.threshold,
    ...(options.guardian === undefined ? {} : { guardians: options.guardian }),
    ...(options.guardianThreshold === undefined ? {} : { guardianThreshold: options.guardianThreshold }),
    statusMaxAgeHours: options.statusMaxAge,
    allowHttp: options.allowHttp === true,
  });
  await writeNew(options.output, text);
  process.stdout.write(`The network "${options.id}": ${options.threshold} of ${authorities.length} authorities admit a hospital.\n`);
  for (const { did, url } of authorities) process.stdout.write(`  ${did}\n    at ${url}\n`);
  process.stdout.write(
    `\nAsk each authority, by telephone for example, whether its DID is the one above. Then give ${options.output} to all of them and to every hospital, and name it in CARECORD_NETWORK_FILE.\n`,
  );
}

/** A file that is there already may be in use: it is not replaced. @throws CliError `FILE_NOT_WRITTEN` */
export async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o644).catch((cause: unknown) => {
    throw new CliError('FILE_NOT_WRITTEN', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}): choose another place with --output.`, { cause });
  });
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
