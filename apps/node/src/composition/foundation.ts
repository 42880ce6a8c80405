import type { Logger as PinoLogger } from 'pino';
import { systemClock } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { AuditLog } from '@carecord/audit';
import { openStorage } from '@carecord/storage';
import type { Storage } from '@carecord/storage';
import type { Configuration } from '../config/configuration.ts';
import { loadOrCreateIdentity } from '../identity/node-identity.ts';
import type { NodeIdentity } from '../identity/node-identity.ts';
import { Closers } from '../lifecycle/closers.ts';
import { createPino, nodeLogger } from '../logging/node-logger.ts';

/** What a hospital and an authority have in common once they are open. */
export interface Foundation {
  readonly clock: Clock;
  readonly pino: PinoLogger;
  readonly logger: Logger;
  readonly closers: Closers;
  readonly storage: Storage;
  readonly identity: NodeIdentity;
  readonly audit: AuditLog;
}

/** Opens the database, brings it to the present schema, and loads the node's keys and DID. */
export async function openFoundation(configuration: Configuration): Promise<Foundation> {
  const clock = systemClock;
  const pino = createPino(configuration);
  const logger = nodeLogger(pino);
  const closers = new Closers(logger);
  try {
    const storage = await openStorage({ databaseUrl: configuration.databaseUrl, clock, logger });
    closers.add('storage', () => storage.close());
    const identity = await loadOrCreateIdentity({
      dataDirectory: configuration.dataDirectory,
      passphrase: configuration.keyPassphrase,
      domain: configuration.domain,
      settings: storage.settings,
      clock,
    });
    return { clock, pino, logger, closers, storage, identity, audit: new AuditLog(storage.audit, clock) };
  } catch (error) {
    await closers.close();
    throw error;
  }
}
