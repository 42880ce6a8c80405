import type { Transaction } from '@carecord/core';
import type { SigningPublicKeys } from '@carecord/crypto';
import type { NetworkDescription } from '@carecord/identity';

/** What the authorities say about guardians. */
export type GuardianPlan = Pick<NetworkDescription, 'epoch' | 'formerGuardians' | 'guardians' | 'sequence'>;

/** Asks for a member's signing keys that count now; `undefined` when it is not a member or cannot be found. */
export type SigningKeysOf = (did: string) => Promise<readonly SigningPublicKeys[] | undefined>;

/** Names a guardian key: its epoch, and which sharing of it. */
export interface KeyName {
  readonly epoch: number;
  readonly version: number;
}

/** What everybody may know of a guardian key. */
export interface StoredKey extends KeyName {
  /** The signed statement, encoded; at most 128 KiB. */
  readonly statement: Uint8Array;
}

/** A guardian's share of a key. */
export interface StoredShare extends KeyName {
  /** Sealed under a key of the node; at most 256 bytes. */
  readonly sealed: Uint8Array;
}

/** Where the making of a key stands at one guardian. */
export const CEREMONY_PHASES = ['dealing', 'echoed', 'complete'] as const;
export type CeremonyPhase = (typeof CEREMONY_PHASES)[number];

/** The making of one key at one guardian. */
export interface StoredCeremony extends KeyName {
  /** From 0; one that went wrong is followed by the next, with nothing of the one before. */
  readonly attempt: number;
  readonly phase: CeremonyPhase;
  /** Secrets and what was signed, sealed under a key of the node; at most 64 KiB. */
  readonly sealed: Uint8Array;
}

/** What a guardian knows of a hospital's admissions. */
export interface StoredAdmissions {
  readonly hospital: string;
  /** Patients that it has admitted, by its highest statement. */
  readonly admitted: number;
  /** Events in its audit log by that statement. */
  readonly auditSequence: number;
  readonly statedAt: Date;
  /** Patients that count for its publishing: what was admitted, as far as it may grow. */
  readonly credited: number;
  /** How many more may be credited as of `allowedAt`. */
  readonly allowance: number;
  readonly allowedAt: Date;
}

/** A count that must not go above a limit. */
export interface CountedUse {
  /** A day (`2026-11-30`) or an epoch (`epoch-3`). */
  readonly period: string;
  /** Who is counted, at most 512 characters. */
  readonly subject: string;
  readonly amount: number;
  readonly limit: number;
}

/** Where guardians keep shares and counts, and everybody the guardians' keys. */
export interface GuardianStore {
  /** The newest statement of each epoch, newest epoch first. */
  keys(): Promise<StoredKey[]>;
  /** Keeps a statement unless one of the same epoch with the same or a higher version is there. @returns whether it was kept */
  saveKey(transaction: Transaction, key: StoredKey): Promise<boolean>;
  /** Replaces the statement of this very version, for more signatures; ignored when another version is there. */
  updateKey(transaction: Transaction, key: StoredKey): Promise<void>;
  /** Forgets statements and shares of an epoch that is over. */
  removeEpoch(transaction: Transaction, epoch: number): Promise<void>;
  /** Without a transaction what is committed. */
  share(name: KeyName): Promise<StoredShare | undefined>;
  /** Names of all shares. */
  shares(): Promise<KeyName[]>;
  /** One that is there already fails the transaction. */
  saveShare(transaction: Transaction, share: StoredShare): Promise<void>;
  removeShare(transaction: Transaction, name: KeyName): Promise<void>;
  ceremony(name: KeyName): Promise<StoredCeremony | undefined>;
  ceremonies(): Promise<StoredCeremony[]>;
  /** Begins a ceremony unless there is one of this name. @returns whether it was begun */
  beginCeremony(transaction: Transaction, ceremony: StoredCeremony): Promise<boolean>;
  /** Replaces a ceremony that is still at this attempt and phase. @returns whether it was */
  replaceCeremony(transaction: Transaction, ceremony: StoredCeremony, expected: Pick<StoredCeremony, 'attempt' | 'phase'>): Promise<boolean>;
  removeCeremony(transaction: Transaction, name: KeyName): Promise<void>;
  /**
   * Adds to counts, under row locks, when each of them stays within its limit.
   * @returns the first that would not, and then nothing is added
   */
  count(transaction: Transaction, uses: readonly CountedUse[]): Promise<CountedUse | undefined>;
  /** Forgets the counts of days before this one (`2026-11-30`). @returns how many */
  removeCountsBefore(transaction: Transaction, day: string): Promise<number>;
  /** Locked until the transaction ends, if there is any. */
  admissions(transaction: Transaction, hospital: string): Promise<StoredAdmissions | undefined>;
  /** Adds or replaces. */
  saveAdmissions(transaction: Transaction, admissions: StoredAdmissions): Promise<void>;
}
