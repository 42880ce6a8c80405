import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { demoHospitals, scenarioHospitals } from './demo-hospitals.ts';
import type { LocalNetworkLayout } from './directory.ts';

/** The scenario is played by three. */
export const FEWEST_HOSPITALS = scenarioHospitals.length;
export const MOST_HOSPITALS = demoHospitals.length;

const sizeSchema = z.object({ hospitals: z.int().min(FEWEST_HOSPITALS).max(MOST_HOSPITALS) });

/**
 * How many hospitals to start: as many as there were at the last start, or more. Fewer would leave out members that hold a part
 * of the network's values, and records that others have found.
 * @param wanted how many the person asked for; undefined: as many as there are
 * @throws CliError `OPTION_INVALID` for fewer than there are; `FILE_UNUSABLE` when the folder says something else than a number
 */
export async function hospitalsToStart({ root, size }: Pick<LocalNetworkLayout, 'root' | 'size'>, wanted: number | undefined): Promise<number> {
  const present = await hospitalsPresent(size);
  if (wanted !== undefined && wanted < present) {
    throw new CliError('OPTION_INVALID', `The network in ${root} has ${present} hospitals, of which none can be left out: leave away --hospitals, or remove the network first ("npm run reset").`);
  }
  return wanted ?? present;
}

/** Remembers how many hospitals have joined. */
export async function rememberHospitals({ size }: Pick<LocalNetworkLayout, 'size'>, hospitals: number): Promise<void> {
  await writeFile(size, JSON.stringify({ hospitals }), { mode: 0o600 });
}

async function hospitalsPresent(path: string): Promise<number> {
  try {
    return sizeSchema.parse(JSON.parse(await readFile(path, 'utf8'))).hospitals;
  } catch (cause) {
    // A network that was not up yet, or of a time when there were always three.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return FEWEST_HOSPITALS;
    throw new CliError('FILE_UNUSABLE', `${path} does not say how many hospitals there are: remove the network ("npm run reset") and start it again.`, { cause });
  }
}
