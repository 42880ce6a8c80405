import type { Transaction } from '@carecord/core';
import type { LocatorStore, PatientTag, Publication, StoredLocation, StoredTag } from '@carecord/locator';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

const NOTHING_PUBLISHED: Publication = { sequence: 0, slot: undefined, listing: undefined, expiresAt: undefined };

/** Tags, publications and look-up results in memory. Transactions run one at a time, so no row needs a lock of its own. */
export class MemoryLocatorStore implements LocatorStore {
  private readonly tags = new MemoryState<Map<string, StoredTag>>(new Map(), (tags) => new Map(tags));
  private readonly locations = new MemoryState<Map<string, StoredLocation>>(new Map(), (locations) => new Map(locations));

  async tagsOfPatient(patientId: string): Promise<StoredTag[]> {
    return clone(this.all().filter((tag) => tag.patientId === patientId));
  }

  async saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void> {
    const stored = this.tags.write(transaction);
    for (const tag of clone(tags)) {
      const key = keyOf(tag.patientId, tag.identifierToken);
      stored.set(key, { ...tag, publication: stored.get(key)?.publication ?? NOTHING_PUBLISHED });
    }
  }

  async removeTags(transaction: Transaction, patientId: string, identifierTokens: readonly Uint8Array[]): Promise<void> {
    const stored = this.tags.write(transaction);
    for (const identifierToken of identifierTokens) stored.delete(keyOf(patientId, identifierToken));
  }

  async nextSequence(transaction: Transaction, patientId: string, identifierToken: Uint8Array, atLeast: number): Promise<number | undefined> {
    const stored = this.tags.write(transaction);
    const key = keyOf(patientId, identifierToken);
    const tag = stored.get(key);
    if (tag === undefined) return undefined;
    const sequence = Math.max(tag.publication.sequence + 1, atLeast);
    stored.set(key, { ...tag, publication: { ...tag.publication, sequence } });
    return sequence;
  }

  async savePublication(transaction: Transaction, patientId: string, identifierToken: Uint8Array, publication: Publication): Promise<void> {
    const stored = this.tags.write(transaction);
    const key = keyOf(patientId, identifierToken);
    const tag = stored.get(key);
    if (tag === undefined || tag.publication.sequence > publication.sequence) return;
    stored.set(key, { ...tag, publication: clone(publication) });
  }

  async patientsByTagToken(tagToken: Uint8Array): Promise<string[]> {
    const matching = this.all().filter((tag) => hex(tag.tagToken) === hex(tagToken));
    return [...new Set(matching.map((tag) => tag.patientId))].sort();
  }

  async patientByHandleToken(handleToken: Uint8Array): Promise<string | undefined> {
    return this.all().find((tag) => hex(tag.handleToken) === hex(handleToken))?.patientId;
  }

  async patientsDue(filter: { expiresBefore: Date; epoch: number; limit: number }): Promise<string[]> {
    const due = this.all().filter(
      ({ epoch, publication }) =>
        epoch !== filter.epoch || (publication.listing === 'listed' && expiryOf(publication) < filter.expiresBefore.getTime()),
    );
    due.sort((first, second) => expiryOf(first.publication) - expiryOf(second.publication));
    return [...new Set(due.map((tag) => tag.patientId))].slice(0, filter.limit);
  }

  async saveLocation(transaction: Transaction, location: StoredLocation): Promise<void> {
    this.locations.write(transaction).set(location.id, clone(location));
  }

  async findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined> {
    const location = this.locations.read().get(id);
    return location?.staffId === staffId && location.expiresAt > now ? clone(location) : undefined;
  }

  async removeExpiredLocations(transaction: Transaction, now: Date): Promise<number> {
    const stored = this.locations.write(transaction);
    const expired = [...stored.values()].filter((location) => location.expiresAt <= now);
    for (const location of expired) stored.delete(location.id);
    return expired.length;
  }

  private all(): StoredTag[] {
    return [...this.tags.read().values()];
  }
}

function keyOf(patientId: string, identifierToken: Uint8Array): string {
  return `${patientId} ${hex(identifierToken)}`;
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

/** What was never published sorts last, as NULLS LAST does in SQL. */
function expiryOf(publication: Publication): number {
  return publication.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
}
