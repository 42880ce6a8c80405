/** What a node keeps about programs that sign in by a key of their own. Its user is `apps/node`, so the interfaces stand here. */
import type { Transaction } from '@carecord/core';

/** A program, such as an EHR, that was registered (RFC 7523). */
export interface StoredIntegrationClient {
  readonly clientId: string;
  /** The account in whose name it acts; whether the client is disabled stands there. */
  readonly staffId: string;
  readonly name: string;
  /** JSON Web Key Set (RFC 7517), public keys alone; the caller parses it. */
  readonly keySet: unknown;
  readonly createdAt: Date;
}

/** The registered programs. */
export interface IntegrationClientStore {
  /** Adds a client; a client id or an account that has one already, or an account that is not there, fails the transaction. */
  insert(transaction: Transaction, client: StoredIntegrationClient): Promise<void>;
  find(clientId: string): Promise<StoredIntegrationClient | undefined>;
  /** All of them, oldest first. */
  list(): Promise<StoredIntegrationClient[]>;
  /** Replaces all keys of a client; false when there is no such client. */
  replaceKeys(transaction: Transaction, clientId: string, keySet: unknown): Promise<boolean>;
}

/** One-time statements that were taken: client assertions and logout tokens, by a hash of who made them and their `jti`. */
export interface UsedAssertionStore {
  /**
   * Takes a statement, for all replicas at once and at once for good.
   * @param expiresAt from when on it is refused for its age, so that it need not be remembered
   * @returns false when it was taken before
   */
  take(idHash: Uint8Array, expiresAt: Date): Promise<boolean>;
  /** Forgets what expired before an instant; returns how many. */
  removeExpired(before: Date): Promise<number>;
}
