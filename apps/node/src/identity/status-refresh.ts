import { errorCodeOf } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import type { Logger } from '@carecord/core';
import { IdentityError } from '@carecord/identity';
import type { StatusBook } from '@carecord/identity';
import { NodeError } from '../failures/node-error.ts';
import type { AuthorityClient } from './authority-client.ts';

/** What the newest status lists are fetched from and into. */
export interface StatusRefreshOptions {
  readonly clients: ReadonlyMap<string, AuthorityClient>;
  readonly statuses: Pick<StatusBook, 'offer'>;
  /** Asks members and the DHT; absent until the network runs. */
  readonly fromNetwork: () => Promise<unknown>;
  /** Passes a newer list on. */
  readonly announce: (list: GeneralJws) => Promise<unknown>;
  readonly logger: Logger;
}

/** Fetches the newest status list of each authority: from itself, and from the network where it does not answer. */
export async function refreshStatuses({ clients, statuses, fromNetwork, announce, logger }: StatusRefreshOptions): Promise<void> {
  let missing = false;
  for (const [authority, client] of clients) {
    try {
      const list = await client.statusList();
      if (await statuses.offer(list)) await announce(list).catch((error: unknown) => logger.warn('status-list-not-announced', { authority }, error));
    } catch (error) {
      if (!(error instanceof NodeError || error instanceof IdentityError)) throw error;
      logger.warn('status-list-not-fetched', { authority, code: errorCodeOf(error) });
      missing = true;
    }
  }
  if (missing) await fromNetwork();
}
