import { readFile } from 'node:fs/promises';
import { appointGuardians } from '@carecord/node';
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { writeNew } from './network-create.ts';
import { collect, wholeNumber } from './option-values.ts';

interface NetworkGuardiansOptions {
  readonly from?: string;
  readonly guardian: string[];
  readonly threshold?: number;
  readonly newKey?: true;
  readonly output: string;
}

/** `carecord network guardians`: writes the file by which authorities appoint guardians. */
export function networkGuardiansCommand(): Command {
  return new Command('guardians')
    .description('Write the file by which the authorities appoint the guardians of the look-up. Every authority gets it and names it in CARECORD_GUARDIANS_FILE; members follow once enough authorities have signed.')
    .requiredOption('--guardian <did>', 'the DID of a member that is to be a guardian; once for each of them', collect)
    .option('--from <file>', 'the guardians file so far, or the network file while there is none: the guardians before hand the key over')
    .option('--threshold <t>', 'how many of them evaluate a look-up (default: more than half)', wholeNumber)
    .option('--new-key', 'let them make a new key, for a new epoch, instead of taking over the present one')
    .option('--output <file>', 'where to write the file; it must not exist', 'guardians.json')
    .action(networkGuardians);
}

async function networkGuardians({ from, guardian, threshold, newKey, output }: NetworkGuardiansOptions): Promise<void> {
  const text = await appointGuardians({
    members: guardian,
    ...(from === undefined ? {} : { previous: await read(from) }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(newKey === undefined ? {} : { newKey }),
  });
  await writeNew(output, text);
  process.stdout.write(`${guardian.length} guardians are appointed in ${output}. Give it to every authority, in the place that CARECORD_GUARDIANS_FILE names there; nothing has to be started again.\n`);
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError('FILE_UNUSABLE', `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}).`, { cause });
  }
}
