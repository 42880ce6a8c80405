import type { Transaction } from '@carecord/core';
import type { SettingStore } from '@carecord/storage';
import type { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';

/**
 * Reads a JSON setting; with a transaction it is locked until that ends.
 * @returns undefined when there is none
 * @throws NodeError `DATABASE_MISMATCH` when what is there is damaged: counting it as absent would overwrite it
 */
export async function readJsonSetting<Schema extends z.ZodType>(
  settings: SettingStore,
  name: string,
  schema: Schema,
  transaction?: Transaction,
): Promise<z.infer<Schema> | undefined> {
  const text = await settings.read(name, transaction);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new NodeError('DATABASE_MISMATCH', `The setting "${name}" in the database is damaged: restore the database from its backup.`, { cause });
  }
}
