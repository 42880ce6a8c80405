import { rename, stat, writeFile } from 'node:fs/promises';
import { appointGuardians } from '@carecord/node';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import type { LocalNetworkLayout } from './directory.ts';
import type { NodeProcess } from './node-process.ts';

/** The authority and two hospitals, of whom two are needed for a look-up. */
const GUARDIANS = 3;
const THRESHOLD = 2;
/** They hear of their appointment within seconds, and make a key in some rounds of seconds each. */
const KEY_TIMEOUT_MILLISECONDS = 120_000;
const POLL_MILLISECONDS = 250;

const readinessSchema = z.object({ parts: z.array(z.looseObject({ name: z.string(), keyEpoch: z.number().optional() })) });

interface Member {
  readonly did: string;
  readonly process: NodeProcess;
}

/**
 * What operators do with "carecord network guardians": the first time, appoints guardians; then waits until every hospital knows
 * their key.
 * @throws CliError `NODE_NOT_READY`
 */
export async function ensureGuardians({ guardiansFile }: Pick<LocalNetworkLayout, 'guardiansFile'>, authority: Member, hospitals: readonly Member[]): Promise<void> {
  if (!(await exists(guardiansFile))) {
    const members = [authority, ...hospitals].slice(0, GUARDIANS).map(({ did }) => did);
    // The authority looks for the file all the time: it finds all of it or nothing.
    const draft = `${guardiansFile}.new`;
    await writeFile(draft, await appointGuardians({ members, threshold: THRESHOLD }), { mode: 0o600 });
    await rename(draft, guardiansFile);
  }
  await Promise.all(hospitals.map(({ process }) => waitForKey(process.ready.http)));
}

async function waitForKey(address: string): Promise<void> {
  const until = Date.now() + KEY_TIMEOUT_MILLISECONDS;
  while (!(await knowsKey(address))) {
    if (Date.now() > until) throw new CliError('NODE_NOT_READY', 'The guardians have not made their key in time: see the logs of the nodes.');
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

async function knowsKey(address: string): Promise<boolean> {
  const answer = await fetch(`${address}/health/ready`);
  const { parts } = readinessSchema.parse(await answer.json());
  return parts.some(({ name, keyEpoch }) => name === 'guardians' && (keyEpoch ?? 0) > 0);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
