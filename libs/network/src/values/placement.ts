import { hashWithContext } from '@carecord/crypto';

const CONTEXT = 'network/placement';

/**
 * Where values stand in the key space, 32 bytes: a hash, so that nobody chooses who keeps what.
 * @param placedBy the part of the key that decides, see `DhtValueKind.placedBy`
 */
export function placementOf(namespace: string, placedBy: Uint8Array): Uint8Array {
  return hashWithContext(CONTEXT, namespace, placedBy);
}

/** A place as the key of a map. */
export function placeId(namespace: string, key: Uint8Array): string {
  return `${namespace} ${idOf(key)}`;
}

/** Bytes as the key of a map. */
export function idOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
