/**
 * The top of the key hierarchy: who keeps a hospital's root keys, and the ring of the node's own keys under them.
 *
 * @example
 * const holder = await openSealedFileHolder({ path, passphrase });
 * const ring = await KeyRing.open({ holder, store, transactions, clock });
 * const { secret } = await ring.ensure('locator-index', randomKey);
 * await holder.createRootKey();
 * await ring.rewrapUnderNewestRoot();
 * // … and when neither the ring's rootKeysInUse() nor anything else names it:
 * await holder.destroyRootKey('root-1');
 */
export { KeysError, neverOpens } from './keys-error.ts';
export { KEY_PURPOSES, MAX_WRAPPED_SECRET_BYTES } from './ports.ts';
export { rootKeyNumberOf } from './root-key-id.ts';
export { openPkcs11Holder } from './pkcs11/pkcs11-holder.ts';
export { KeyRing } from './ring/key-ring.ts';
export { openSealedFileHolder } from './sealed-file/sealed-file-holder.ts';
export { openVaultTransitHolder } from './vault/vault-transit-holder.ts';
export type { KeysErrorCode } from './keys-error.ts';
export type { KeyHolder, KeyHolderKind, KeyPurpose, KeyState, NodeKeyStore, StoredNodeKey, WrappedKey } from './ports.ts';
export type { KeyRingOptions } from './ring/key-ring.ts';
export type { NodeKey, NodeKeyInfo } from './ring/node-key.ts';
export type { RewrapOptions, RewrapProgress } from './ring/rewrap.ts';
export type { Pkcs11Options } from './pkcs11/pkcs11-holder.ts';
export type { SealedFileOptions } from './sealed-file/sealed-file-holder.ts';
export type { VaultTransitOptions } from './vault/vault-transit-holder.ts';
