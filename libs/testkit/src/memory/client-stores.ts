import type { Transaction } from '@carecord/core';
import type { IntegrationClientStore, StaffStore, StoredIntegrationClient, UsedAssertionStore } from '@carecord/storage';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** Registered programs in memory, of the accounts of a staff store. */
export class MemoryIntegrationClientStore implements IntegrationClientStore {
  private readonly state = new MemoryState<Map<string, StoredIntegrationClient>>(new Map(), (clients) => new Map(clients));

  constructor(private readonly staff: Pick<StaffStore, 'lock'>) {}

  async insert(transaction: Transaction, client: StoredIntegrationClient): Promise<void> {
    if ((await this.staff.lock(transaction, client.staffId)) === undefined) throw new Error('There is no such account.');
    const clients = this.state.write(transaction);
    const taken = [...clients.values()].some(({ clientId, staffId }) => clientId === client.clientId || staffId === client.staffId);
    if (taken) throw new Error('There is such a client already.');
    clients.set(client.clientId, clone(client));
  }

  find(clientId: string): Promise<StoredIntegrationClient | undefined> {
    return Promise.resolve(clone(this.state.read().get(clientId)));
  }

  list(): Promise<StoredIntegrationClient[]> {
    const order = (one: StoredIntegrationClient, other: StoredIntegrationClient): number =>
      one.createdAt.getTime() - other.createdAt.getTime() || (one.clientId < other.clientId ? -1 : 1);
    return Promise.resolve([...this.state.read().values()].sort(order).map(clone));
  }

  replaceKeys(transaction: Transaction, clientId: string, keySet: unknown): Promise<boolean> {
    const clients = this.state.write(transaction);
    const client = clients.get(clientId);
    if (client !== undefined) clients.set(clientId, { ...client, keySet: clone(keySet) });
    return Promise.resolve(client !== undefined);
  }
}

/** Statements that were taken, in memory. */
export class MemoryUsedAssertionStore implements UsedAssertionStore {
  private readonly taken = new Map<string, Date>();

  take(idHash: Uint8Array, expiresAt: Date): Promise<boolean> {
    const key = Buffer.from(idHash).toString('hex');
    const isNew = !this.taken.has(key);
    if (isNew) this.taken.set(key, clone(expiresAt));
    return Promise.resolve(isNew);
  }

  removeExpired(before: Date): Promise<number> {
    const over = [...this.taken].filter(([, expiresAt]) => expiresAt < before);
    for (const [key] of over) this.taken.delete(key);
    return Promise.resolve(over.length);
  }
}
