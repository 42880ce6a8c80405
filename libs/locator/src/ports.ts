import type { Listing, Transaction } from '@carecord/core';
import type { NetworkDescription } from '@carecord/identity';

/** What the locator must know of its network. */
export type LocatedNetwork = Pick<NetworkDescription, 'epoch' | 'guardian' | 'guardianPublicKey' | 'networkId'>;

/**
 * What a hospital keeps about one identifier of one patient: never the identifier, and the tag only sealed.
 * The pair (`patientId`, `identifierToken`) is unique; `handleToken` is unique; a `tagToken` may stand with several
 * patients (one person registered twice).
 */
export interface PatientTag {
  /** The patient's internal id, a UUID. */
  readonly patientId: string;
  /** Keyed token of the identifier, 32 bytes: tells whether it was evaluated before. */
  readonly identifierToken: Uint8Array;
  /** Match token of the tag as this hospital is asked by it (`askingTag`), 32 bytes: finds the patient when another hospital asks by tag. */
  readonly tagToken: Uint8Array;
  /** Keyed hash of the handle in the pointer, 32 bytes: finds the patient when another hospital asks by handle. */
  readonly handleToken: Uint8Array;
  /** The tag, sealed under a hospital key; at most 128 bytes. */
  readonly sealedTag: Uint8Array;
  /** The network's epoch in which the tag was made; a tag of an earlier epoch is made anew. */
  readonly epoch: number;
}

/** What was last written into the DHT for one identifier of one patient. */
export interface Publication {
  /** The pointer's sequence: 0 before the first, then only growing; a safe integer that needs 53 bits. */
  readonly sequence: number;
  /** The slot that holds the value, 0 to 3; undefined before the first. */
  readonly slot: number | undefined;
  /** `listed`: a pointer stands there; `unlisted`: a tombstone; undefined: nothing was written. */
  readonly listing: Listing | undefined;
  /** Until when it is good: the value's expiry, or sooner where too few storers took it. */
  readonly expiresAt: Date | undefined;
}

/** A tag together with its publication, as the store gives them back. */
export interface StoredTag extends PatientTag {
  readonly publication: Publication;
}

/** The result of one look-up, kept for the staff member who made it so that an access request can name it. */
export interface StoredLocation {
  readonly id: string;
  readonly staffId: string;
  /** Tag and pointers, sealed under a hospital key; at most 32 KiB. */
  readonly sealed: Uint8Array;
  readonly expiresAt: Date;
}

/** Where the locator keeps tags, publications and look-up results. */
export interface LocatorStore {
  /** All tags of a patient, in no particular order. */
  tagsOfPatient(patientId: string): Promise<StoredTag[]>;
  /** Adds tags, or replaces tag, tokens and epoch of those with the same (patientId, identifierToken); a replaced one keeps its publication. */
  saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void>;
  /** Forgets the given tags of a patient together with their publications; unknown ones are ignored. */
  removeTags(transaction: Transaction, patientId: string, identifierTokens: readonly Uint8Array[]): Promise<void>;
  /**
   * Takes the next sequence for a tag's pointer under a row lock: sets it to `max(sequence + 1, atLeast)` and returns it.
   * @returns undefined when there is no such tag
   */
  nextSequence(transaction: Transaction, patientId: string, identifierToken: Uint8Array, atLeast: number): Promise<number | undefined>;
  /** Notes what was published under `publication.sequence`; ignored when a higher sequence has been taken since, or the tag is gone. */
  savePublication(transaction: Transaction, patientId: string, identifierToken: Uint8Array, publication: Publication): Promise<void>;
  /** The internal ids of the patients with this match token, each once, sorted. */
  patientsByTagToken(tagToken: Uint8Array): Promise<string[]>;
  /** The internal id of the patient with this handle token. */
  patientByHandleToken(handleToken: Uint8Array): Promise<string | undefined>;
  /**
   * Patients whose pointers must be written again: a `listed` publication that expires before `expiresBefore`, or any
   * tag of another epoch than `epoch`. Each patient once, soonest expiry first, at most `limit`.
   */
  patientsDue(filter: { readonly expiresBefore: Date; readonly epoch: number; readonly limit: number }): Promise<string[]>;
  /** Keeps a look-up result. */
  saveLocation(transaction: Transaction, location: StoredLocation): Promise<void>;
  /** A look-up result that this staff member made and that has not expired at `now`. */
  findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined>;
  /** Deletes look-up results that expired at or before `now`; returns how many. */
  removeExpiredLocations(transaction: Transaction, now: Date): Promise<number>;
}
