import { later } from '@carecord/core';
import type { KeyOperations } from '../keys/key-operations.ts';
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
          await trust.refresh();
          await statuses.load();
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
      const due = later(identity.signing().resolved.updatedAt, keyRotationDays * DAY_MILLISECONDS);
      if (clock.now() >= due) await keys.rotateIdentity({ urgent: false }, { kind: 'system', id: 'node' });
    },
  });
}

/** Fetches the newest status lists now. */
export async function refreshOwnStatuses({ logger }: Pick<Foundation, 'logger'>, { clients, statuses, late, identity }: NetworkParts): Promise<void> {
  const others = new Map([...clients].filter(([did]) => did !== identity.did));
  await refreshStatuses({
    clients: others,
    statuses,
    fromNetwork: () => late.host?.refreshStatusLists() ?? Promise.resolve(),
    announce: (list) => late.host?.announceStatus(list) ?? Promise.resolve(),
    logger,
  });
}
