import { associatedDataOf, mayDestroy, probe, requireSecretSize, rootKeyUnknown, unwrapFailed } from '../holder-rules.ts';
import { KeysError } from '../keys-error.ts';
import { MAX_WRAPPED_SECRET_BYTES } from '../ports.ts';
import type { KeyHolder, WrappedKey } from '../ports.ts';
import { rootKeyIdOf, rootKeyNumberOf } from '../root-key-id.ts';
import { TransitKey } from './transit-key.ts';
import type { TransitVersions } from './transit-key.ts';
import { VaultClient } from './vault-client.ts';
import type { VaultOptions } from './vault-client.ts';

/** Which key of which transit engine. */
export interface VaultTransitOptions extends VaultOptions {
  /** Where the engine is mounted. @default `transit` */
  readonly mount?: string;
  /** The key of this hospital alone; its version 3 is `root-3`. */
  readonly keyName: string;
}

/** Nonce and tag around the secret. */
const OVERHEAD_BYTES = 12 + 16;

/**
 * Opens a key of a transit engine (HashiCorp Vault, OpenBao, or what speaks the same HTTP interface); the root keys are the
 * versions of that one key.
 * @throws KeysError `HOLDER_MISCONFIGURED`, `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`, `ROOT_KEY_EXPOSED`
 */
export async function openVaultTransitHolder(options: VaultTransitOptions): Promise<KeyHolder> {
  const { mount = 'transit', keyName } = options;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(keyName) || !/^[A-Za-z0-9_-]{1,64}(\/[A-Za-z0-9_-]{1,64}){0,4}$/.test(mount)) {
    throw new KeysError('HOLDER_MISCONFIGURED', 'Mount and name of the key on the key server have letters, digits, underscores and hyphens alone.');
  }
  const holder = new VaultTransitHolder(new TransitKey(new VaultClient(options), mount, keyName));
  await holder.rootKeyIds();
  return holder;
}

class VaultTransitHolder implements KeyHolder {
  readonly kind = 'vault-transit';
  private closed = false;

  constructor(private readonly key: TransitKey) {}

  async rootKeyIds(): Promise<readonly string[]> {
    return numbersOf(await this.versions()).map(rootKeyIdOf);
  }

  async wrap(secret: Uint8Array, context: string, binding: Uint8Array): Promise<WrappedKey> {
    requireSecretSize(secret);
    // Asked first: a server whose policy is generous would make a key that is not there.
    if ((await this.versions()) === undefined) throw rootKeyUnknown();
    const { version, ciphertext } = await this.key.encrypt(secret, associatedDataOf(context, binding));
    return { rootKeyId: rootKeyIdOf(version), ciphertext };
  }

  async unwrap({ rootKeyId, ciphertext }: WrappedKey, context: string, binding: Uint8Array): Promise<Uint8Array> {
    this.requireOpen();
    const number = rootKeyNumberOf(rootKeyId);
    if (number === undefined) throw rootKeyUnknown();
    const fits = ciphertext.length > OVERHEAD_BYTES && ciphertext.length <= OVERHEAD_BYTES + MAX_WRAPPED_SECRET_BYTES;
    const secret = fits ? await this.key.decrypt(number, ciphertext, associatedDataOf(context, binding)) : undefined;
    if (secret !== undefined) return secret;
    const versions = await this.versions();
    if (versions === undefined || number < versions.oldestOpening || number > versions.latest) throw rootKeyUnknown();
    throw unwrapFailed();
  }

  async createRootKey(): Promise<string> {
    if ((await this.versions()) === undefined) await this.key.create();
    else await this.key.rotate();
    const latest = (await this.versions())?.latest;
    if (latest === undefined) throw new KeysError('HOLDER_REFUSED', 'The key server took a new key and does not have it.');
    return rootKeyIdOf(latest);
  }

  async destroyRootKey(rootKeyId: string): Promise<void> {
    const versions = await this.versions();
    const numbers = numbersOf(versions);
    if (!mayDestroy(rootKeyId, numbers) || versions === undefined) return;
    await this.key.trim(versions.oldest + 1, versions);
  }

  async check(): Promise<void> {
    await probe(this);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private versions(): Promise<TransitVersions | undefined> {
    this.requireOpen();
    return this.key.versions();
  }

  private requireOpen(): void {
    if (this.closed) throw new KeysError('HOLDER_UNREACHABLE', 'The key holder was closed.');
  }
}

/** A version that was shut but not trimmed yet is still listed: its destruction can be repeated to its end. */
function numbersOf(versions: TransitVersions | undefined): number[] {
  if (versions === undefined) return [];
  return Array.from({ length: versions.latest - versions.oldest + 1 }, (_, index) => versions.oldest + index);
}
