import type { Transaction } from '@carecord/core';
import type { LocatorStore, PatientTag, Publication, StoredLocation, StoredTag } from '@carecord/locator';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

const NOTHING_PUBLISHED: Publication = { sequence: 0, slot: undefined, listing: undefined, expiresAt: undefined };

/** Tags, publications and look-up results in memory. Transactions run one at a time, so no row needs a lock of its own. */
export class MemoryLocatorStore implements LocatorStore {
  private readonly tags = new MemoryState<Map<string, StoredTag>>(new Map(), (tags) => new Map(tags));
  private readonly locations = new MemoryState<Map<string, StoredLocation>>(new Map(), (locations) => new Map(locations));

  tagsOfPatient(patientId: string): Promise<StoredTag[]> {
    return Promise.resolve(clone(this.all().filter((tag) => tag.patientId === patientId)));
  }

  saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void> {
    const stored = this.tags.write(transaction);
    for (const tag of clone(tags)) {
      const key = keyOf(tag.patientId, tag.identifierToken);
      stored.set(key, { ...tag, publication: stored.get(key)?.publication ?? NOTHING_PUBLISHED });
    }
    return Promise.resolve();
  }

  removeTags(transaction: Transaction, patientId: string, identifierTokens: readonly Uint8Array[]): Promise<void> {
    const stored = this.tags.write(transaction);
    for (const identifierToken of identifierTokens) stored.delete(keyOf(patientId, identifierToken));
    return Promise.resolve();
  }

  nextSequence(transaction: Transaction, patientId: string, identifierToken: Uint8Array, atLeast: number): Promise<number | undefined> {
    const stored = this.tags.write(transaction);
    const key = keyOf(patientId, identifierToken);
    const tag = stored.get(key);
    if (tag === undefined) return Promise.resolve(undefined);
    const sequence = Math.max(tag.publication.sequence + 1, atLeast);
    stored.set(key, { ...tag, publication: { ...tag.publication, sequence } });
    return Promise.resolve(sequence);
  }

  savePublication(transaction: Transaction, patientId: string, identifierToken: Uint8Array, publication: Publication): Promise<void> {
    const stored = this.tags.write(transaction);
    const key = keyOf(patientId, identifierToken);
    const tag = stored.get(key);
    if (tag !== undefined && tag.publication.sequence <= publication.sequence) stored.set(key, { ...tag, publication: clone(publication) });
    return Promise.resolve();
  }

  patientsByTagToken(tagToken: Uint8Array): Promise<string[]> {
    const matching = this.all().filter((tag) => hex(tag.tagToken) === hex(tagToken));
    return Promise.resolve([...new Set(matching.map((tag) => tag.patientId))].sort());
  }

  patientByHandleToken(handleToken: Uint8Array): Promise<string | undefined> {
    return Promise.resolve(this.all().find((tag) => hex(tag.handleToken) === hex(handleToken))?.patientId);
  }

  patientsDue(filter: { expiresBefore: Date; epoch: number; limit: number }): Promise<string[]> {
    const due = this.all().filter(
      ({ epoch, publication }) =>
        epoch !== filter.epoch || (publication.listing === 'listed' && expiryOf(publication) < filter.expiresBefore.getTime()),
    );
    due.sort((first, second) => expiryOf(first.publication) - expiryOf(second.publication));
    return Promise.resolve([...new Set(due.map((tag) => tag.patientId))].slice(0, filter.limit));
  }

  saveLocation(transaction: Transaction, location: StoredLocation): Promise<void> {
    this.locations.write(transaction).set(location.id, clone(location));
    return Promise.resolve();
  }

  findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined> {
    const location = this.locations.read().get(id);
    return Promise.resolve(location?.staffId === staffId && location.expiresAt > now ? clone(location) : undefined);
  }

  removeExpiredLocations(transaction: Transaction, now: Date): Promise<number> {
    const stored = this.locations.write(transaction);
    const expired = [...stored.values()].filter((location) => location.expiresAt <= now);
    for (const location of expired) stored.delete(location.id);
    return Promise.resolve(expired.length);
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
