/** A staff account as the node keeps it. */
export interface StaffAccount {
  /** UUID: stands for the person in the audit log. */
  readonly id: string;
  readonly username: string;
  /** Argon2id, PHC string format. */
  readonly passwordHash: string;
  readonly role: string;
  readonly disabled: boolean;
}

/** Where staff accounts are kept. */
export interface StaffStore {
  findByUsername(username: string): Promise<StaffAccount | undefined>;
  findById(staffId: string): Promise<StaffAccount | undefined>;
  /** Adds an account, or replaces password and role of the one with this username; returns the account as it stands. */
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

/** Where sessions are kept, so that any replica and a restarted node know them. */
export interface SessionStore {
  insert(session: StoredSession): Promise<void>;
  find(tokenHash: Uint8Array): Promise<StoredSession | undefined>;
  touch(tokenHash: Uint8Array, lastUsedAt: Date): Promise<void>;
  remove(tokenHash: Uint8Array): Promise<void>;
  /** Deletes what was created or last used before these instants; returns how many. */
  removeExpired(limits: { readonly createdBefore: Date; readonly lastUsedBefore: Date }): Promise<number>;
}
