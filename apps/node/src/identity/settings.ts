import type { SettingStore } from '@carecord/storage';
import type { z } from 'zod';

/** Reads a JSON setting; one that does not have the expected shape counts as absent. */
export async function readJsonSetting<Schema extends z.ZodType>(settings: SettingStore, name: string, schema: Schema): Promise<z.infer<Schema> | undefined> {
  const text = await settings.read(name);
  if (text === undefined) return undefined;
  const result = schema.safeParse(JSON.parse(text));
  return result.success ? result.data : undefined;
}
