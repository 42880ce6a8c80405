import type { Transaction } from '@carecord/core';
import type {
  DueSubject,
  LocatorStore,
  PatientTag,
  PointerClaim,
  PointerKey,
  PointerState,
  ReferenceStore,
  StoredLocation,
  StoredPointer,
  StoredReference,
  StoredTag,
  TaggedPatient,
  TagKey,
} from '@carecord/locator';
import { RECIPES } from '@carecord/locator';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** Tags, pointers, references and look-up results in memory. Transactions run one at a time, so no row needs a lock of its own. */
export class MemoryLocatorStore implements LocatorStore, ReferenceStore {
  private readonly tags = new MemoryState<Map<string, PatientTag>>(new Map(), (tags) => new Map(tags));
  private readonly pointers = new MemoryState<Map<string, StoredPointer & TagKey>>(new Map(), (pointers) => new Map(pointers));
  private readonly references = new MemoryState<Map<string, StoredReference>>(new Map(), (references) => new Map(references));
  private readonly locations = new MemoryState<Map<string, StoredLocation>>(new Map(), (locations) => new Map(locations));

  tagsOf(patientIds: readonly string[]): Promise<StoredTag[]> {
    return Promise.resolve(this.allTags().filter(({ patientId }) => patientIds.includes(patientId)).map((tag) => this.withPointers(tag)));
  }

  saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void> {
    const stored = this.tags.write(transaction);
    for (const tag of clone(tags)) if (!stored.has(tagName(tag))) stored.set(tagName(tag), tag);
    return Promise.resolve();
  }

  removeTags(transaction: Transaction, keys: readonly TagKey[]): Promise<void> {
    const [tags, pointers] = [this.tags.write(transaction), this.pointers.write(transaction)];
    const gone = new Set(keys.map(tagName));
    for (const name of gone) tags.delete(name);
    for (const [name, pointer] of pointers) if (gone.has(tagName(pointer))) pointers.delete(name);
    return Promise.resolve();
  }

  async removeEndedEpochs(transaction: Transaction, liveEpochs: readonly number[], limit: number): Promise<number> {
    const all = [...this.tags.write(transaction).values()];
    const moved = new Set(all.filter(({ epoch }) => liveEpochs.includes(epoch)).map(({ patientId }) => patientId));
    const ended = all.filter(({ epoch, recipe, patientId }) => !liveEpochs.includes(epoch) && (recipe === 'dummy' || moved.has(patientId)));
    const gone = ended.slice(0, limit);
    await this.removeTags(transaction, gone);
    return gone.length;
  }

  claimPointers(transaction: Transaction, claims: readonly PointerClaim[]): Promise<(number | undefined)[]> {
    const [tags, pointers] = [this.tags.write(transaction), this.pointers.write(transaction)];
    const sequences = clone(claims).map(({ slot, atLeast, ...key }) => {
      if (!tags.has(tagName(key))) return undefined;
      const before = pointers.get(pointerName(key));
      const sequence = Math.max((before?.sequence ?? 0) + 1, atLeast);
      const kept = before ?? { ...key, state: undefined, expiresAt: undefined, touched: 0 };
      pointers.set(pointerName(key), { ...kept, sequence, slot, touched: kept.touched | (1 << slot), state: kept.state === 'withdrawn' ? undefined : kept.state });
      return sequence;
    });
    return Promise.resolve(sequences);
  }

  savePointers(transaction: Transaction, states: readonly (PointerKey & PointerState)[]): Promise<void> {
    const pointers = this.pointers.write(transaction);
    for (const { sequence, slot, touched, state, expiresAt, ...key } of clone(states)) {
      const before = pointers.get(pointerName(key));
      if (before !== undefined && before.sequence <= sequence) pointers.set(pointerName(key), { ...before, sequence, slot, touched, state, expiresAt });
    }
    return Promise.resolve();
  }

  patientsByTagToken(tagToken: Uint8Array): Promise<TaggedPatient[]> {
    const matching = this.allTags().filter((tag) => hex(tag.tagToken) === hex(tagToken));
    matching.sort((one, other) => strengthOf(other) - strengthOf(one));
    const patients = new Map(matching.map(({ patientId, recipe, tagToken: token }) => [patientId, { patientId, recipe, tagToken: token }]));
    return Promise.resolve([...patients.values()].sort((one, other) => (one.patientId < other.patientId ? -1 : 1)));
  }

  patientByHandleToken(handleToken: Uint8Array): Promise<TaggedPatient | undefined> {
    const tag = this.allTags().find((one) => hex(one.handleToken) === hex(handleToken));
    return Promise.resolve(tag && { patientId: tag.patientId, recipe: tag.recipe, tagToken: tag.tagToken });
  }

  due(filter: { expiresBefore: Date; liveEpochs: readonly number[]; limit: number }): Promise<DueSubject[]> {
    const urgency = new Map<string, number>();
    const note = (patientId: string, at: number): unknown => urgency.set(patientId, Math.min(at, urgency.get(patientId) ?? at));
    for (const { patientId, state, epoch, expiresAt } of this.pointers.read().values()) {
      const at = expiresAt?.getTime() ?? 0;
      const isDue = state === undefined || (state === 'listed' && at < filter.expiresBefore.getTime());
      if (isDue && filter.liveEpochs.includes(epoch)) note(patientId, at);
    }
    const tags = Map.groupBy(this.allTags(), ({ patientId }) => patientId);
    for (const [patientId, own] of tags) {
      const lacks = filter.liveEpochs.some((epoch) => !own.some((tag) => tag.epoch === epoch));
      const dummy = own[0]?.recipe === 'dummy';
      if (lacks && !dummy) note(patientId, Number.POSITIVE_INFINITY);
      if (dummy && own.some((tag) => filter.liveEpochs.includes(tag.epoch) && this.withPointers(tag).pointers.length === 0)) note(patientId, 0);
    }
    const order = [...urgency].sort(([one, first], [other, second]) => (first === second ? (one < other ? -1 : 1) : first - second));
    return Promise.resolve(order.slice(0, filter.limit).map(([subjectId]) => ({ subjectId, dummy: tags.get(subjectId)?.[0]?.recipe === 'dummy' })));
  }

  countPointers(epoch: number, now: Date): Promise<{ patients: number; dummies: number }> {
    const dummies = this.allTags().filter((tag) => tag.epoch === epoch && tag.recipe === 'dummy');
    const ids = new Set(dummies.map(({ patientId }) => patientId));
    const standing = [...this.pointers.read().values()].filter(
      (pointer) => pointer.epoch === epoch && !ids.has(pointer.patientId) && pointer.state !== 'withdrawn' && (pointer.expiresAt === undefined || pointer.expiresAt > now),
    );
    return Promise.resolve({ patients: standing.length, dummies: dummies.length });
  }

  randomDummies(epoch: number, limit: number): Promise<StoredTag[]> {
    const dummies = this.allTags().filter((tag) => tag.epoch === epoch && tag.recipe === 'dummy');
    return Promise.resolve(shuffled(dummies).slice(0, limit).map((tag) => this.withPointers(tag)));
  }

  referencesOf(subjectIds: readonly string[]): Promise<StoredReference[]> {
    return Promise.resolve(clone([...this.references.read().values()].filter(({ subjectId }) => subjectIds.includes(subjectId))));
  }

  referencesDue(expiresBefore: Date, limit: number): Promise<StoredReference[]> {
    const due = [...this.references.read().values()].filter(({ expiresAt }) => expiresAt < expiresBefore);
    due.sort((one, other) => one.expiresAt.getTime() - other.expiresAt.getTime());
    return Promise.resolve(clone(due.slice(0, limit)));
  }

  saveReferences(transaction: Transaction, references: readonly StoredReference[]): Promise<void> {
    const stored = this.references.write(transaction);
    for (const reference of clone(references)) stored.set(reference.subjectId, reference);
    return Promise.resolve();
  }

  removeReferences(transaction: Transaction, subjectIds: readonly string[]): Promise<void> {
    const stored = this.references.write(transaction);
    for (const subjectId of subjectIds) stored.delete(subjectId);
    return Promise.resolve();
  }

  countReferences(): Promise<{ patients: number; dummies: number }> {
    const all = [...this.references.read().values()];
    const dummies = all.filter(({ dummyGeneration }) => dummyGeneration !== undefined).length;
    return Promise.resolve({ patients: all.length - dummies, dummies });
  }

  randomDummyReferences(limit: number): Promise<StoredReference[]> {
    const dummies = [...this.references.read().values()].filter(({ dummyGeneration }) => dummyGeneration !== undefined);
    return Promise.resolve(clone(shuffled(dummies).slice(0, limit)));
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

  private allTags(): PatientTag[] {
    return [...this.tags.read().values()];
  }

  private withPointers(tag: PatientTag): StoredTag {
    const own = [...this.pointers.read().values()].filter((pointer) => tagName(pointer) === tagName(tag));
    const pointers = own.map(({ recipientToken, sealedRecipient, sequence, slot, touched, state, expiresAt }) => ({ recipientToken, sealedRecipient, sequence, slot, touched, state, expiresAt }));
    return clone({ ...tag, pointers });
  }
}

function tagName({ patientId, inputToken, epoch }: TagKey): string {
  return `${patientId} ${hex(inputToken)} ${epoch}`;
}

function pointerName(key: PointerKey): string {
  return `${tagName(key)} ${hex(key.recipientToken)}`;
}

function strengthOf({ recipe }: PatientTag): number {
  return recipe === 'dummy' ? RECIPES.length : RECIPES.indexOf(recipe);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items.map((item) => ({ item, order: Math.random() })).sort((one, other) => one.order - other.order).map(({ item }) => item);
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
