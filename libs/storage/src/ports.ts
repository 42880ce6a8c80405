/**
 * What the node keeps that belongs to no lib: staff, how they sign in, settings, admission tickets. Their user is `apps/node`,
 * which nothing imports, so their interfaces stand here.
 */
import type { Transaction } from '@carecord/core';

/** A member of the staff, or a program, that can sign in. */
export interface StaffAccount {
  /** UUID: stands for the person in the audit log. */
  readonly id: string;
  readonly username: string;
  /** Argon2id, PHC string format; absent when this one signs in otherwise. */
  readonly passwordHash?: string;
  /** The password was set by somebody else, so it serves only to set an own one. */
  readonly passwordExpired: boolean;
  readonly role: string;
  readonly disabled: boolean;
  /** The secret of the one-time codes, sealed; without `totpConfirmedAt` it is still being set up and counts for nothing. */
  readonly sealedTotp?: Uint8Array;
  readonly totpConfirmedAt?: Date;
  /** Keyed token, 32 bytes, of (issuer, subject) at the hospital's OpenID provider. */
  readonly providerToken?: Uint8Array;
}

/** What changes in an account; what is not named stays, null takes away. */
export interface StaffChange {
  readonly passwordHash?: string | null;
  readonly passwordExpired?: boolean;
  readonly role?: string;
  readonly disabled?: boolean;
  readonly sealedTotp?: Uint8Array | null;
  readonly totpConfirmedAt?: Date | null;
  readonly providerToken?: Uint8Array | null;
}

/** Staff accounts. */
export interface StaffStore {
  findByUsername(username: string): Promise<StaffAccount | undefined>;
  findById(staffId: string): Promise<StaffAccount | undefined>;
  findByProviderToken(providerToken: Uint8Array): Promise<StaffAccount | undefined>;
  /** Accounts by user name, those after `after` if it is given. */
  list(page: { readonly after?: string; readonly limit: number }): Promise<StaffAccount[]>;
  /** The account, locked until the transaction ends. */
  lock(transaction: Transaction, staffId: string): Promise<StaffAccount | undefined>;
  /** The accounts with a role, by id, all of them locked until the transaction ends. */
  lockRole(transaction: Transaction, role: string): Promise<StaffAccount[]>;
  /** Adds an account; `taken` when there is one with this id, user name or provider token. */
  insert(transaction: Transaction, account: StaffAccount): Promise<'inserted' | 'taken'>;
  /** Changes an account and returns it as it stands; undefined when there is none. A change of `sealedTotp` forgets which codes were taken. */
  change(transaction: Transaction, staffId: string, change: StaffChange): Promise<StaffAccount | undefined>;
  /** Adds an account, or replaces password, role and `disabled` of the one with this user name, which keeps its id; returns the account as it stands. */
  save(account: StaffAccount): Promise<StaffAccount>;
  /** Takes the one-time code of a time step: false when it, or that of a later step, was taken before. Of two at once one is taken. */
  takeTotpStep(staffId: string, step: number): Promise<boolean>;
}

/** A session at rest: never the token itself. */
export interface StoredSession {
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly staffId: string;
  /** How the person proved who they are. */
  readonly method: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** When the person last proved it again for something sensitive. */
  readonly stepUpAt?: Date;
  /** An end of its own, before the general limits. */
  readonly expiresAt?: Date;
}

/** Sessions of staff, known to every replica and to a restarted node. */
export interface SessionStore {
  insert(transaction: Transaction, session: StoredSession): Promise<void>;
  find(tokenHash: Uint8Array): Promise<StoredSession | undefined>;
  /** The sessions of a staff member, newest first. */
  listOfStaff(staffId: string): Promise<StoredSession[]>;
  /** Notes the use of a session; one that is gone stays gone. */
  touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void>;
  /** Notes that the person proved again who they are; false when the session is gone. */
  stepUp(transaction: Transaction, tokenHash: Uint8Array, stepUpAt: Date): Promise<boolean>;
  remove(tokenHash: Uint8Array): Promise<void>;
  /** Ends the sessions of a staff member, all of them or all but one; returns how many. */
  removeOfStaff(transaction: Transaction, staffId: string, keep?: Uint8Array): Promise<number>;
  /** Deletes what was created or last used before these instants, or has reached its own end; returns how many. */
  removeExpired(limits: { readonly createdBefore: Date; readonly lastUsedBefore: Date; readonly now: Date }): Promise<number>;
}

/** A WebAuthn credential. */
export interface StoredPasskey {
  readonly credentialId: Uint8Array;
  readonly staffId: string;
  /** COSE key (RFC 9052). */
  readonly publicKey: Uint8Array;
  /** The authenticator's own count of signatures; 0 for ever where it does not count. */
  readonly signCount: number;
  readonly transports: readonly string[];
  /** What its owner calls it. */
  readonly label: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date;
}

/** Passkeys of staff. */
export interface PasskeyStore {
  find(credentialId: Uint8Array): Promise<StoredPasskey | undefined>;
  /** Oldest first. */
  listOfStaff(staffId: string): Promise<StoredPasskey[]>;
  /** Adds a passkey; `taken` when the credential id is known, whoever has it. */
  insert(transaction: Transaction, passkey: StoredPasskey): Promise<'inserted' | 'taken'>;
  /** Notes a use: false when the passkey is gone or its count is no longer `from`, so that of two uses at once one counts. */
  noteUse(credentialId: Uint8Array, use: { readonly from: number; readonly to: number; readonly at: Date }): Promise<boolean>;
  /** Deletes a passkey of this staff member; false when there is none. */
  remove(transaction: Transaction, staffId: string, credentialId: Uint8Array): Promise<boolean>;
  /** Deletes all passkeys of a staff member; returns how many. */
  removeOfStaff(transaction: Transaction, staffId: string): Promise<number>;
}

/** Codes for when the second factor is lost, kept as keyed tokens of 32 bytes. */
export interface RecoveryCodeStore {
  /** Replaces all codes of a staff member, used ones too. */
  replace(transaction: Transaction, staffId: string, codeHashes: readonly Uint8Array[], createdAt: Date): Promise<void>;
  /** Uses a code: true once, and only for whom it was made. */
  use(staffId: string, codeHash: Uint8Array, usedAt: Date): Promise<boolean>;
  /** How many are left. */
  count(staffId: string): Promise<number>;
}

/** A sign-in that is under way. */
export interface StoredSignInChallenge {
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly kind: string;
  readonly staffId?: string;
  /** What has to be known when it goes on, sealed. */
  readonly sealed: Uint8Array;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Sign-ins under way: each is taken once. */
export interface SignInChallengeStore {
  insert(challenge: StoredSignInChallenge): Promise<void>;
  /** Takes the challenge away and returns it, unless it is unknown, of another kind or over: of two at once one gets it. */
  take(tokenHash: Uint8Array, kind: string, now: Date): Promise<StoredSignInChallenge | undefined>;
  /** Deletes the challenges of a staff member; returns how many. */
  removeOfStaff(transaction: Transaction, staffId: string): Promise<number>;
  /** Deletes what is over; returns how many. */
  removeExpired(now: Date): Promise<number>;
}

/** Failed attempts in a row, by a keyed token of what was attempted. */
export interface SignInFailureStore {
  /**
   * Counts an attempt before it is checked, in one step, so that attempts at the same time cannot slip through together.
   * Attempts after the limit do not prolong the lock; when the last one that counted is `forgetBefore` or older, counting begins anew.
   * @returns whether the attempt may be made
   */
  attempt(subjectToken: Uint8Array, rule: { readonly limit: number; readonly now: Date; readonly forgetBefore: Date }): Promise<'open' | 'locked'>;
  /** True once a lock: whoever meets it first tells the audit log. */
  announce(subjectToken: Uint8Array): Promise<boolean>;
  /** Takes the attempts back: it was the right person. */
  clear(subjectToken: Uint8Array): Promise<void>;
  /** Deletes what was last attempted before this instant; returns how many. */
  removeOlder(before: Date): Promise<number>;
}

/** Small texts that a node keeps about itself, by name: its DID history, its membership. Nothing secret and nobody's data. */
export interface SettingStore {
  /** As committed, or as the transaction sees it, in which case the setting is locked until that ends. */
  read(name: string, transaction?: Transaction): Promise<string | undefined>;
  /** @param value `undefined` removes the setting */
  write(name: string, value: string | undefined, transaction?: Transaction): Promise<void>;
}

/** A one-time permission to be admitted. */
export interface NewTicket {
  readonly tokenHash: Uint8Array;
  readonly expiresAt: Date;
  /** The one organisation that it is for. @default whoever has it */
  readonly name?: string;
}

/** An authority's one-time permissions to be admitted, kept as hashes. */
export interface TicketStore {
  /** Adds tickets; those that are known stay as they are. */
  add(tickets: readonly NewTicket[], now: Date): Promise<void>;
  /**
   * Uses a ticket for a DID of this name: `used` when it was open, or when this very DID used it before (its answer may have
   * been lost); `invalid` when it is unknown, over, for another name, or used by another one. The row is locked until the
   * transaction ends.
   */
  use(transaction: Transaction, tokenHash: Uint8Array, applicant: { readonly did: string; readonly name: string }, now: Date): Promise<'used' | 'invalid'>;
}
