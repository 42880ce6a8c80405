import { readFile } from 'node:fs/promises';
import { guardianMistake, guardianShape } from '@carecord/identity';
import type { GuardianPlan } from '@carecord/locator';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';

/** Twice sixteen DIDs. */
const MAX_CHARACTERS = 32 * 1024;

const planSchema = z.strictObject(guardianShape);

/**
 * Reads who guards the look-up (JSON: `sequence`, `guardians`, `formerGuardians`, `epoch`).
 * @throws NodeError `GUARDIANS_INVALID` with a sentence for the operator
 */
export function parseGuardianPlan(text: string): GuardianPlan {
  if (text.length > MAX_CHARACTERS) throw invalid(`it is longer than ${MAX_CHARACTERS} characters`);
  const parsed = planSchema.safeParse(jsonOf(text));
  if (!parsed.success) throw invalid(`"${parsed.error.issues[0]?.path.join('.') ?? ''}" is missing or not valid`);
  const { guardians, formerGuardians } = parsed.data;
  const mistake = guardianMistake(guardians) ?? (formerGuardians && guardianMistake(formerGuardians));
  if (mistake !== undefined) throw new NodeError('GUARDIANS_INVALID', `The guardians file: ${mistake}`);
  return parsed.data;
}

/** The plan in an authority's file; `undefined` while there is no such file. @throws NodeError `GUARDIANS_INVALID` */
export async function readGuardiansFile(path: string): Promise<GuardianPlan | undefined> {
  try {
    return parseGuardianPlan(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

function invalid(why: string): NodeError {
  return new NodeError('GUARDIANS_INVALID', `The guardians file cannot be used: ${why}.`);
}
