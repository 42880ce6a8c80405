import type { StatusListStore, StoredStatusList } from '@carecord/identity';
import { clone } from './clone.ts';

/** Status lists in memory. */
export class MemoryStatusListStore implements StatusListStore {
  private readonly lists = new Map<string, StoredStatusList>();

  all(): Promise<readonly StoredStatusList[]> {
    return Promise.resolve(clone([...this.lists.values()]));
  }

  save(entry: StoredStatusList): Promise<void> {
    const known = this.lists.get(entry.authority);
    if (known === undefined || known.issuedAt < entry.issuedAt) this.lists.set(entry.authority, clone(entry));
    return Promise.resolve();
  }
}
