import type { Transaction } from '@carecord/core';

/** Keys and seeds have 32 to 64 bytes, a few together a hundred: whatever is larger belongs under a key of its own. */
export const MAX_WRAPPED_SECRET_BYTES = 1024;

/** A small secret under a root key: only the holder of that root key can open it. */
export interface WrappedKey {
  /** Which root key wraps it, e.g. `root-3`. */
  readonly rootKeyId: string;
  readonly ciphertext: Uint8Array;
}

/** `memory`: for tests. */
export type KeyHolderKind = 'sealed-file' | 'pkcs11' | 'vault-transit' | 'memory';

/**
 * Keeps a hospital's root keys, the top of the key hierarchy. It wraps and unwraps small secrets; the root keys themselves
 * leave it never (PKCS#11, Vault) or for nobody but the process that opened the file (sealed file). Several processes may
 * use one holder at once: each sees at once what another made or destroyed.
 */
export interface KeyHolder {
  readonly kind: KeyHolderKind;
  /**
   * Ids of the root keys that exist, oldest first, e.g. `root-1`; the last one wraps from now on. None in a new holder:
   * {@link KeyHolder.createRootKey} makes the first.
   */
  rootKeyIds(): Promise<readonly string[]>;
  /**
   * Wraps under the newest root key.
   * @param secret at most {@link MAX_WRAPPED_SECRET_BYTES}
   * @param context what the secret is for; `binding` what it belongs to: both must be given again to unwrap
   * @throws KeysError `SECRET_SIZE`, `SECRET_TOO_LARGE`, `ROOT_KEY_UNKNOWN` (there is none yet), `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`
   */
  wrap(secret: Uint8Array, context: string, binding: Uint8Array): Promise<WrappedKey>;
  /** @throws KeysError `ROOT_KEY_UNKNOWN` (destroyed or never there), `UNWRAP_FAILED`, `HOLDER_UNREACHABLE`, `HOLDER_REFUSED` */
  unwrap(wrapped: WrappedKey, context: string, binding: Uint8Array): Promise<Uint8Array>;
  /** Makes the next root key, which wraps from now on. @returns its id */
  createRootKey(): Promise<string>;
  /**
   * Destroys the oldest root key: what lies under it alone can never be opened again. Repeating it is harmless.
   * @throws KeysError `ROOT_KEY_CURRENT` for the newest one, `ROOT_KEY_NOT_OLDEST` while an older one exists,
   *   `ROOT_KEY_UNKNOWN` for one that was never made
   */
  destroyRootKey(rootKeyId: string): Promise<void>;
  /** Resolves when the holder opens what it wraps: for readiness. @throws KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED` */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What the keys of a node are for. */
export const KEY_PURPOSES = [
  /** Ed25519 and ML-DSA-65 seeds of the DID document, 64 bytes. */
  'did-signing',
  /** Seed of the DID document's X25519 and ML-KEM-768 key, 32 bytes. */
  'did-recipient',
  /** Ed25519 seed that may write a version of the DID; the next one is pre-committed (pre-rotation). */
  'did-update',
  /** ML-DSA-65 seed that cosigns a version of the DID; the next one is pre-committed. */
  'did-cosigning',
  /** Ed25519 seed by which an authority witnesses the DIDs of others. */
  'did-witness',
  /** Wraps the data keys of the hospital's directory. */
  'records-directory',
  /** Makes the blind tokens of the records. */
  'records-index',
  'locator-index',
  'exchange-sealing',
  /** Makes pseudonyms of staff, another one for each other hospital. */
  'staff-pseudonym',
  /** Seals second factors and sign-ins under way, and makes tokens of failed attempts. */
  'staff-sealing',
  /** Seals a guardian's shares of the keys of the blinded look-up. */
  'guardian-sealing',
] as const;

export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/** pending: made, not in use yet; active: in use (one a purpose); retired: opens old things only; destroyed: gone. */
export type KeyState = 'pending' | 'active' | 'retired' | 'destroyed';

/** A key of the node at rest. */
export interface StoredNodeKey {
  /** `purpose-number`, e.g. `did-signing-3`. */
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly number: number;
  readonly state: KeyState;
  /** Absent once destroyed. */
  readonly wrapped: WrappedKey | undefined;
  readonly createdAt: Date;
  readonly activatedAt: Date | undefined;
  readonly retiredAt: Date | undefined;
  readonly destroyedAt: Date | undefined;
}

/** The node's keys in the database, apart from the records (schema `keys`). All changes lock what they change. */
export interface NodeKeyStore {
  /** All keys, destroyed ones too, by purpose and number; as the transaction sees them (and locked, all of them) if one is given. */
  list(transaction?: Transaction): Promise<StoredNodeKey[]>;
  /** Adds keys; one whose id exists fails the transaction. */
  insert(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void>;
  /** Writes state, times and wrapped key of known keys. */
  update(transaction: Transaction, keys: readonly StoredNodeKey[]): Promise<void>;
}
