import { errorCodeOf, later } from '@carecord/core';
import type { KeyOperations } from '../keys/key-operations.ts';
import { KeyCleaning } from '../identity/key-cleaning.ts';
import { refreshStatuses } from '../identity/status-refresh.ts';
import { repeat } from '../lifecycle/repeating.ts';
import type { Foundation } from './foundation.ts';
import type { NetworkParts } from './network-parts.ts';

/** How soon a replica follows what another one has changed. */
const FOLLOW_MILLISECONDS = 5_000;
/** Removals are pushed to whoever is connected; who was not hears of them within this. */
const STATUS_MILLISECONDS = 60_000;
const HOUR_MILLISECONDS = 60 * 60_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
/** Keys are destroyed soon after nothing needs them. */
const KEY_CLEANING_MILLISECONDS = 60_000;
/** Why a version of the DID is not taken into use: nobody but the witnesses has seen it then, and the one before stands. */
const NOT_WITNESSED = ['AUTHORITY_UNREACHABLE', 'ADMISSION_REFUSED', 'HISTORY_FORKED'];

/** Starts what keeps a node's identity, and what it knows of others, up to date. Ends with the node. */
export function startIdentityTasks(foundation: Foundation, parts: NetworkParts, keys: Pick<KeyOperations, 'rotateIdentity'>, keyRotationDays: number): void {
  const { clock, logger, closers, storage } = foundation;
  const { rotation, trust, statuses, membership, identity } = parts;
  const close = repeat(
    [
      {
        name: 'follow-identity',
        everyMilliseconds: FOLLOW_MILLISECONDS,
        run: async () => {
          if (await rotation.follow()) logger.info('identity-followed');
          const changed = await trust.refresh();
          await statuses.load();
          // An authority that replaced its keys at once has signed its list anew, and the one before counts no more.
          if (changed) await refreshOwnStatuses(foundation, parts);
        },
      },
      { name: 'use-membership', everyMilliseconds: STATUS_MILLISECONDS, run: () => membership.useStored() },
    ],
    { clock, logger },
  );
  closers.add('identity-tasks', close);

  storage.jobs.add({ name: 'refresh-statuses', everyMilliseconds: STATUS_MILLISECONDS, run: () => refreshOwnStatuses(foundation, parts) });
  storage.jobs.add({ name: 'refresh-authorities', everyMilliseconds: HOUR_MILLISECONDS, run: () => trust.fetch() });
  storage.jobs.add({ name: 'renew-membership', everyMilliseconds: HOUR_MILLISECONDS, run: () => membership.renew() });
  storage.jobs.add({
    name: 'rotate-identity',
    everyMilliseconds: HOUR_MILLISECONDS,
    run: async () => {
      await finishRotation(() => rotation.resume(), foundation);
      const due = later(identity.signing().resolved.updatedAt, keyRotationDays * DAY_MILLISECONDS);
      if (clock.now() >= due) await keys.rotateIdentity({ urgent: false }, { kind: 'system', id: 'node' });
    },
  });
}

/**
 * Runs a rotation that must not keep a hospital from its own patients: one that the authorities do not witness now is finished
 * later, by the hourly job.
 */
export async function finishRotation(rotate: () => Promise<unknown>, { logger }: Pick<Foundation, 'logger'>): Promise<void> {
  try {
    await rotate();
  } catch (error) {
    if (!NOT_WITNESSED.includes(errorCodeOf(error))) throw error;
    logger.warn('rotation-not-witnessed', { code: errorCodeOf(error) }, error);
  }
}

/** Adds the job that destroys the private keys which rotations have left behind. */
export function addKeyCleaning(
  { ring, storage, clock, logger }: Pick<Foundation, 'ring' | 'clock' | 'logger'> & { readonly storage: { readonly jobs: Pick<Foundation['storage']['jobs'], 'add'> } },
  did: string,
  recipientKeysInUse: () => Promise<ReadonlySet<string>>,
): void {
  const keys = new KeyCleaning({ ring, did, recipientKeysInUse, clock, logger });
  storage.jobs.add({
    name: 'destroy-keys',
    everyMilliseconds: KEY_CLEANING_MILLISECONDS,
    run: async () => {
      await keys.run();
    },
  });
}

/** Fetches the newest status lists now. */
export async function refreshOwnStatuses({ logger }: Pick<Foundation, 'logger'>, { clients, statuses, late }: NetworkParts): Promise<void> {
  await refreshStatuses({
    clients,
    statuses,
    fromNetwork: () => late.host?.refreshStatusLists() ?? Promise.resolve(),
    announce: (list) => late.host?.announceStatus(list) ?? Promise.resolve(),
    logger,
  });
}
