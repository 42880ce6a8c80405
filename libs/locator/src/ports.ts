import type { Transaction } from '@carecord/core';
import type { NetworkDescription } from '@carecord/identity';
import type { Recipe } from './recipes.ts';

/** What the locator must know of its network. */
export type LocatedNetwork = Pick<NetworkDescription, 'networkId'>;

/** A recipe, or `dummy`: what stands for a patient who does not exist, so that nobody can count those who do. */
export type TagRecipe = Recipe | 'dummy';

/** Names what a hospital keeps about one input (an identifier, a name) of one patient in one epoch; unique. */
export interface TagKey {
  /** The patient's internal id, a UUID. */
  readonly patientId: string;
  /** Keyed token of the input, 32 bytes: tells whether it was evaluated before. */
  readonly inputToken: Uint8Array;
  readonly epoch: number;
}

/**
 * What a hospital keeps about one input: never the input, and the tag only sealed. `handleToken` is unique; a `tagToken` may
 * stand with several patients (one person registered twice, or two of the same name and birth date).
 */
export interface PatientTag extends TagKey {
  readonly recipe: TagRecipe;
  /** Match token of the tag as this hospital is asked by it (`askingTag`), 32 bytes: finds the patient when another hospital asks by tag. */
  readonly tagToken: Uint8Array;
  /** Keyed hash of the handle in the pointer, 32 bytes: finds the patient when another hospital asks by handle. */
  readonly handleToken: Uint8Array;
  /** The tag, sealed under a hospital key; at most 128 bytes. */
  readonly sealedTag: Uint8Array;
}

/** Names one pointer: of a tag, to everybody (an empty `recipientToken`) or to one hospital; unique. */
export interface PointerKey extends TagKey {
  /** Keyed token of the recipient's DID, 32 bytes; empty: listed to all members. */
  readonly recipientToken: Uint8Array;
}

/** How a pointer stands in the DHT. */
export interface PointerState {
  /** 0 before the first, then only growing; a safe integer that needs 53 bits. */
  readonly sequence: number;
  /** The slot that holds it, 0 to 7, or in which it was last tried. */
  readonly slot: number;
  /** Slots in which a value of ours may stand, as bits: what was written there and not seen taken back. */
  readonly touched: number;
  /** `listed`: a pointer stands there; `withdrawn`: it was taken back; `undefined`: it was being written when the node died. */
  readonly state: 'listed' | 'withdrawn' | undefined;
  /** Until when it is good: the value's expiry, or sooner where too few storers took it. */
  readonly expiresAt: Date | undefined;
}

/** A pointer, as the store gives it back. */
export interface StoredPointer extends PointerState {
  readonly recipientToken: Uint8Array;
  /** The recipient's DID, sealed under a hospital key, at most 400 bytes; empty: listed to all members. */
  readonly sealedRecipient: Uint8Array;
}

/** A tag together with its pointers. */
export interface StoredTag extends PatientTag {
  readonly pointers: readonly StoredPointer[];
}

/** Where a pointer is about to be written. */
export interface PointerClaim extends PointerKey {
  readonly sealedRecipient: Uint8Array;
  readonly slot: number;
  /** The sequence is at least this. */
  readonly atLeast: number;
}

/** Who was found by a token. */
export interface TaggedPatient {
  readonly patientId: string;
  readonly recipe: TagRecipe;
  readonly tagToken: Uint8Array;
}

/** What is to be published again. */
export interface DueSubject {
  /** The patient's internal id, or a dummy's. */
  readonly subjectId: string;
  readonly dummy: boolean;
}

/** The result of one look-up, kept for the staff member who made it so that an access request can name it. */
export interface StoredLocation {
  readonly id: string;
  readonly staffId: string;
  /** Tag and pointers, sealed under a hospital key; at most 160 KiB. */
  readonly sealed: Uint8Array;
  readonly expiresAt: Date;
}

/** What the DHT says, or should say, about where bytes are: of a patient's manifest, or of a dummy. */
export interface StoredReference {
  /** The patient's internal id, or that of a dummy; a UUID, unique. */
  readonly subjectId: string;
  /** Undefined: of a patient. Else how often the dummy was replaced. */
  readonly dummyGeneration: number | undefined;
  readonly contentId: string;
  readonly sequence: number;
  /** Until when it is good. */
  readonly expiresAt: Date;
}

/** Where the locator keeps tags, pointers and look-up results. What is unknown is left out; lists may be empty. */
export interface LocatorStore {
  /** All tags of these patients, in no particular order. */
  tagsOf(patientIds: readonly string[]): Promise<StoredTag[]>;
  /** Adds tags; those that are there already (same {@link TagKey}) stay as they are. */
  saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void>;
  /** Forgets tags together with their pointers. */
  removeTags(transaction: Transaction, keys: readonly TagKey[]): Promise<void>;
  /**
   * Forgets at most `limit` tags, with their pointers, of all epochs but these: those of dummies, and of patients who have a tag in one
   * of these; returns how many. The others still say who has to be evaluated anew.
   */
  removeEndedEpochs(transaction: Transaction, liveEpochs: readonly number[], limit: number): Promise<number>;
  /**
   * Takes the next sequence of each pointer under row locks (`max(sequence + 1, atLeast)`), notes the slot and marks it as touched:
   * before anything is written, so that a crash cannot lead to a sequence being used twice or a value being forgotten. A pointer that was
   * withdrawn is so no longer: a value that says something may stand from now on.
   * @returns the pointers' sequences in the order given; `undefined` where there is no such tag
   */
  claimPointers(transaction: Transaction, claims: readonly PointerClaim[]): Promise<(number | undefined)[]>;
  /** Notes how pointers stand; ignored where a higher sequence has been taken since, or the pointer is gone. */
  savePointers(transaction: Transaction, pointers: readonly (PointerKey & PointerState)[]): Promise<void>;
  /** The patients with this match token, each once by its strongest recipe, sorted by id. */
  patientsByTagToken(tagToken: Uint8Array): Promise<TaggedPatient[]>;
  /** The patient with this handle token. */
  patientByHandleToken(handleToken: Uint8Array): Promise<TaggedPatient | undefined>;
  /**
   * Patients and dummies (internal ids) to be published: with a pointer that is `listed` and expires before `expiresBefore`, or was
   * being written; dummies that were never written; or patients without a tag of each of the live epochs. Each once, the soonest expiry first and new epochs last, at
   * most `limit`.
   */
  due(filter: { readonly expiresBefore: Date; readonly liveEpochs: readonly number[]; readonly limit: number }): Promise<DueSubject[]>;
  /** How many pointers of this epoch stand in the DHT at `now`, listed or being written: of patients, and of dummies. */
  countPointers(epoch: number, now: Date): Promise<{ readonly patients: number; readonly dummies: number }>;
  /** Some dummies of an epoch, chosen at random, with their pointers. */
  randomDummies(epoch: number, limit: number): Promise<StoredTag[]>;
  /** Keeps a look-up result. */
  saveLocation(transaction: Transaction, location: StoredLocation): Promise<void>;
  /** A look-up result that this staff member made and that has not expired at `now`. */
  findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined>;
  /** Deletes look-up results that expired at or before `now`; returns how many. */
  removeExpiredLocations(transaction: Transaction, now: Date): Promise<number>;
}

/** Where is kept what was said about who holds which bytes. */
export interface ReferenceStore {
  /** What was last said about these subjects. */
  referencesOf(subjectIds: readonly string[]): Promise<StoredReference[]>;
  /** Subjects whose reference expires before, the soonest first, at most `limit`. */
  referencesDue(expiresBefore: Date, limit: number): Promise<StoredReference[]>;
  /** Adds references, or replaces those of the same subject. */
  saveReferences(transaction: Transaction, references: readonly StoredReference[]): Promise<void>;
  removeReferences(transaction: Transaction, subjectIds: readonly string[]): Promise<void>;
  countReferences(): Promise<{ readonly patients: number; readonly dummies: number }>;
  /** Some dummies, chosen at random. */
  randomDummyReferences(limit: number): Promise<StoredReference[]>;
}
