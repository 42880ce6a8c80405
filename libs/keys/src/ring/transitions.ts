import { KeysError } from '../keys-error.ts';
import type { KeyPurpose, StoredNodeKey, WrappedKey } from '../ports.ts';

/** The number of the next key of a purpose: numbers are never used again. */
export function nextNumber(keys: readonly StoredNodeKey[], purpose: KeyPurpose): number {
  return 1 + Math.max(0, ...keys.filter((key) => key.purpose === purpose).map(({ number }) => number));
}

/** The active key of a purpose. */
export function activeOf<Key extends Pick<StoredNodeKey, 'purpose' | 'state'>>(keys: Iterable<Key>, purpose: KeyPurpose): Key | undefined {
  for (const key of keys) if (key.purpose === purpose && key.state === 'active') return key;
  return undefined;
}

/** A new key at rest. */
export function pendingKey(id: string, purpose: KeyPurpose, number: number, wrapped: WrappedKey, now: Date): StoredNodeKey {
  return { id, purpose, number, state: 'pending', wrapped, createdAt: now, activatedAt: undefined, retiredAt: undefined, destroyedAt: undefined };
}

/** The key in use from now on. @throws KeysError `KEY_STATE` for one that was in use before */
export function activated(key: StoredNodeKey, now: Date): StoredNodeKey {
  if (key.state !== 'pending') throw new KeysError('KEY_STATE', 'Only a key that was never in use can be taken into use.');
  return { ...key, state: 'active', activatedAt: now };
}

/** The key for old things alone. @throws KeysError `KEY_STATE` for one that is not in use */
export function retired(key: StoredNodeKey, now: Date): StoredNodeKey {
  if (key.state !== 'active') throw new KeysError('KEY_STATE', 'Only a key in use can be retired.');
  return { ...key, state: 'retired', retiredAt: now };
}

/** What stays of a destroyed key. @throws KeysError `KEY_ACTIVE` for one in use */
export function destroyed(key: StoredNodeKey, now: Date): StoredNodeKey {
  if (key.state === 'active') throw new KeysError('KEY_ACTIVE', 'A key in use cannot be destroyed: retire it first.');
  return { ...key, state: 'destroyed', wrapped: undefined, destroyedAt: now };
}
