import type { KeyPurpose, KeyState, StoredNodeKey } from '../ports.ts';

/** A key of the node without its secret. */
export interface NodeKeyInfo {
  /** `purpose-number`, e.g. `did-signing-3`. */
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly number: number;
  readonly state: KeyState;
  /** Which root key wraps it; absent once destroyed. */
  readonly rootKeyId: string | undefined;
  readonly createdAt: Date;
  readonly activatedAt: Date | undefined;
  readonly retiredAt: Date | undefined;
  readonly destroyedAt: Date | undefined;
}

/** A key of the node, opened. */
export interface NodeKey extends NodeKeyInfo {
  readonly state: Exclude<KeyState, 'destroyed'>;
  /** Becomes zeros when the key is destroyed: keep the key or its id, never a copy of the secret. */
  readonly secret: Uint8Array;
}

/** What everybody may know of a stored key. */
export function infoOf({ wrapped, ...key }: StoredNodeKey): NodeKeyInfo {
  return { ...key, rootKeyId: wrapped?.rootKeyId };
}

/** What binds the secret of a node's key to its place, whatever id its row has: nobody can swap two keys, or give one to another purpose. */
export function bindingOf({ purpose, number }: Pick<StoredNodeKey, 'purpose' | 'number'>): Uint8Array {
  return new TextEncoder().encode(nodeKeyIdOf(purpose, number));
}

/** The id of a key of the node, e.g. `did-signing-3`. */
export function nodeKeyIdOf(purpose: KeyPurpose, number: number): string {
  return `${purpose}-${number}`;
}

/** What every secret of the ring is wrapped for. */
export const NODE_KEY_CONTEXT = 'keys/node-key';
