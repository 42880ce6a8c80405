/**
 * What the node keeps that belongs to no lib: staff, sessions, settings, admission tickets. Their user is `apps/node`,
 * which nothing imports, so their interfaces stand here.
 */
import type { Transaction } from '@carecord/core';

/** A member of the staff who can sign in. */
export interface StaffAccount {
  /** UUID: stands for the person in the audit log. */
  readonly id: string;
  readonly username: string;
  /** Argon2id, PHC string format. */
  readonly passwordHash: string;
  readonly role: string;
  readonly disabled: boolean;
}

/** Staff accounts, by id and by user name. */
export interface StaffStore {
  findByUsername(username: string): Promise<StaffAccount | undefined>;
  findById(staffId: string): Promise<StaffAccount | undefined>;
  /** Adds an account, or replaces password, role and `disabled` of the one with this user name, which keeps its id; returns the account as it stands. */
  save(account: StaffAccount): Promise<StaffAccount>;
}

/** A session at rest: never the token itself. */
export interface StoredSession {
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  readonly staffId: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
}

/** Sessions of staff, known to every replica and to a restarted node. */
export interface SessionStore {
  insert(session: StoredSession): Promise<void>;
  find(tokenHash: Uint8Array): Promise<StoredSession | undefined>;
  /** Notes the use of a session; one that is gone stays gone. */
  touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void>;
  remove(tokenHash: Uint8Array): Promise<void>;
  /** Ends all sessions of a staff member; returns how many. */
  removeOfStaff(staffId: string): Promise<number>;
  /** Deletes what was created or last used before these instants; returns how many. */
  removeExpired(limits: { readonly createdBefore: Date; readonly lastUsedBefore: Date }): Promise<number>;
}

/** Small texts that a node keeps about itself, by name: its DID log, its membership. Nothing secret and nobody's data. */
export interface SettingStore {
  read(name: string): Promise<string | undefined>;
  write(name: string, value: string): Promise<void>;
}

/** An authority's one-time permissions to apply for membership, kept as hashes. */
export interface TicketStore {
  /** Adds tickets; those that are known stay as they are. */
  add(tickets: readonly { readonly tokenHash: Uint8Array; readonly expiresAt: Date }[], now: Date): Promise<void>;
  /**
   * Uses a ticket for a DID: `used` when it was open, or when this very DID used it before (its answer may have been lost);
   * `invalid` when it is unknown, over, or used by another one. The row is locked until the transaction ends.
   */
  use(transaction: Transaction, tokenHash: Uint8Array, did: string, now: Date): Promise<'used' | 'invalid'>;
}
