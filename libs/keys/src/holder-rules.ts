import { constantTimeEqual, hashWithContext, randomKey } from '@carecord/crypto';
import { KeysError } from './keys-error.ts';
import { MAX_WRAPPED_SECRET_BYTES } from './ports.ts';
import type { KeyHolder } from './ports.ts';
import { rootKeyNumberOf } from './root-key-id.ts';

/** What binds a wrapped secret to its context and to what it belongs to, as the associated data of every holder: 32 bytes. */
export function associatedDataOf(context: string, binding: Uint8Array): Uint8Array {
  return hashWithContext('keys/wrap', context, binding);
}

/** @throws KeysError `SECRET_SIZE`, `SECRET_TOO_LARGE` */
export function requireSecretSize(secret: Uint8Array): void {
  if (secret.length === 0) throw new KeysError('SECRET_SIZE', 'An empty secret cannot be wrapped.');
  if (secret.length > MAX_WRAPPED_SECRET_BYTES) throw new KeysError('SECRET_TOO_LARGE', `A secret to be wrapped has at most ${MAX_WRAPPED_SECRET_BYTES} bytes.`);
}

/**
 * Whether a root key is there to be destroyed; false for one that is gone already.
 * @param numbers those that exist, oldest first
 * @throws KeysError `ROOT_KEY_UNKNOWN`, `ROOT_KEY_CURRENT`, `ROOT_KEY_NOT_OLDEST`
 */
export function mayDestroy(rootKeyId: string, numbers: readonly number[]): boolean {
  const number = rootKeyNumberOf(rootKeyId);
  const [oldest, newest] = [numbers[0], numbers.at(-1)];
  if (number === undefined || oldest === undefined || newest === undefined || number > newest) throw rootKeyUnknown();
  if (number === newest) throw new KeysError('ROOT_KEY_CURRENT', 'The newest root key cannot be destroyed: make a newer one and wrap everything under it first.');
  if (number > oldest && numbers.includes(number)) throw new KeysError('ROOT_KEY_NOT_OLDEST', 'Root keys are destroyed in the order in which they were made.');
  return numbers.includes(number);
}

/** The one error for a root key that is not there. */
export function rootKeyUnknown(cause?: unknown): KeysError {
  return new KeysError('ROOT_KEY_UNKNOWN', 'The key holder has no such root key: it was destroyed, or is not of this holder.', { cause });
}

/** The one error for a wrapped secret that does not open. */
export function unwrapFailed(cause?: unknown): KeysError {
  return new KeysError('UNWRAP_FAILED', 'A wrapped secret does not open: it was changed, or belongs to something else.', { cause });
}

/** Wraps and unwraps something; a holder without root keys has only to answer. */
export async function probe(holder: KeyHolder): Promise<void> {
  if ((await holder.rootKeyIds()).length === 0) return;
  const [secret, binding] = [randomKey(), randomKey()];
  const opened = await holder.unwrap(await holder.wrap(secret, 'keys/probe', binding), 'keys/probe', binding);
  if (!constantTimeEqual(opened, secret)) throw new KeysError('HOLDER_UNREACHABLE', 'The key holder does not give back what it wrapped.');
}
