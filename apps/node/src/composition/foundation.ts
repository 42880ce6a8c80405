import type { Logger as PinoLogger } from 'pino';
import { systemClock } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import { AuditLog } from '@carecord/audit';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { KeyRing, KeysError } from '@carecord/keys';
import type { KeyHolder } from '@carecord/keys';
import { openStorage } from '@carecord/storage';
import type { Storage } from '@carecord/storage';
import type { Configuration } from '../config/configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { Closers } from '../lifecycle/closers.ts';
import { createPino, nodeLogger } from '../logging/node-logger.ts';
import { AddressGuard, placeOf } from '../outbound/address-guard.ts';
import { OutboundHttp } from '../outbound/outbound-http.ts';
import { openKeyHolder } from './open-key-holder.ts';

/** What a hospital and an authority have in common once they are open. */
export interface Foundation {
  readonly clock: Clock;
  readonly pino: PinoLogger;
  readonly logger: Logger;
  readonly closers: Closers;
  readonly storage: Storage;
  readonly holder: KeyHolder;
  readonly ring: KeyRing;
  readonly audit: AuditLog;
  /** The one way out over HTTP. */
  readonly http: OutboundHttp;
}

/** Opens the database, brings it to the present schema, and opens the node's keys. */
export async function openFoundation(configuration: Configuration): Promise<Foundation> {
  const clock = systemClock;
  const pino = createPino(configuration);
  const logger = nodeLogger(pino);
  const closers = new Closers(logger);
  try {
    const storage = await openStorage({ databaseUrl: configuration.databaseUrl, clock, logger });
    closers.add('storage', () => storage.close());
    await checkClock(storage, clock);
    const holder = await openKeyHolder(configuration);
    closers.add('key-holder', () => holder.close());
    const ring = await openKeyRing(holder, storage, clock);
    closers.add('key-ring', () => {
      ring.close();
      return Promise.resolve();
    });
    return { clock, pino, logger, closers, storage, holder, ring, audit: new AuditLog(storage.audit, clock), http: outboundHttp(configuration) };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** @throws NodeError `DATABASE_MISMATCH` when the root keys are not those of this database */
async function openKeyRing(holder: KeyHolder, { nodeKeys, transactions }: Storage, clock: Clock): Promise<KeyRing> {
  try {
    return await KeyRing.open({ holder, store: nodeKeys, transactions, clock });
  } catch (cause) {
    if (!(cause instanceof KeysError) || (cause.code !== 'UNWRAP_FAILED' && cause.code !== 'ROOT_KEY_UNKNOWN')) throw cause;
    throw new NodeError('DATABASE_MISMATCH', 'The root keys do not open the keys in this database: the sealed file, token or key server is that of another node, or one of the two was restored from an older backup.', { cause });
  }
}

/** Leases, sessions and replay checks compare times of this machine with times that other replicas wrote. */
async function checkClock(storage: Pick<Storage, 'now'>, clock: Clock): Promise<void> {
  const difference = Math.abs((await storage.now()).getTime() - clock.now().getTime());
  if (difference <= CLOCK_SKEW_MILLISECONDS) return;
  throw new NodeError('CLOCK_SKEW', `This machine's clock differs from that of the database by more than ${CLOCK_SKEW_MILLISECONDS / 1000} seconds: set both by NTP.`);
}

/** The authorities are the operator's own choice, wherever they are; so is what is listed. */
function outboundHttp({ network, allowedHosts, demo }: Configuration): OutboundHttp {
  const authorities = (network?.authorities ?? []).map(({ url }) => placeOf(url));
  return new OutboundHttp({ guard: new AddressGuard([...allowedHosts, ...authorities]), plainHttp: demo });
}
