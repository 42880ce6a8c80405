import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNonce } from '@carecord/crypto';
import type { DidHistory } from '@carecord/identity';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';

const FILE = 'shown-did.json';
const OWNER_ONLY = 0o600;
const shownSchema = z.strictObject({ did: z.string(), versionId: z.string() });

/**
 * The newest version of the own DID that this replica has shown to others. It lies in the data directory, because a database that is
 * restored from a backup has forgotten it, and would give its number to another version: others would refuse this node for ever.
 */
export class ShownVersion {
  private readonly path: string;

  constructor(dataDirectory: string) {
    this.path = join(dataDirectory, FILE);
  }

  /** @throws NodeError `HISTORY_FORKED` when a history does not have the version that was shown */
  async check(did: string, history: DidHistory): Promise<void> {
    const shown = await this.read();
    // Versions name the hash of their content: no other one contains this text.
    if (shown?.did !== did || history.includes(`"versionId":${JSON.stringify(shown.versionId)}`)) return;
    throw new NodeError('HISTORY_FORKED', "The database is older than the version of this hospital's DID that others have seen: restore the newest backup. Until then nobody accepts this node.");
  }

  /** Remembers a version, before it is shown. @throws the file system's errors */
  async keep(did: string, versionId: string): Promise<void> {
    const temporary = `${this.path}.${Buffer.from(randomNonce(6)).toString('hex')}`;
    try {
      await writeFile(temporary, JSON.stringify({ did, versionId }), { mode: OWNER_ONLY, flag: 'wx', flush: true });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** What cannot be read protects from nothing, and stops nothing. */
  private async read(): Promise<z.infer<typeof shownSchema> | undefined> {
    try {
      return shownSchema.parse(JSON.parse(await readFile(this.path, 'utf8')));
    } catch {
      return undefined;
    }
  }
}
