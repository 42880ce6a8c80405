import { KeysError } from '../keys-error.ts';
import type { KeyHolder, StoredNodeKey, WrappedKey } from '../ports.ts';
import { bindingOf, nodeKeyIdOf, NODE_KEY_CONTEXT } from './node-key.ts';

/** @throws KeysError `UNWRAP_FAILED` when a row says of itself that it is another key: it would be found in the place of that one */
export function requireOwnId({ id, purpose, number }: StoredNodeKey): void {
  if (id !== nodeKeyIdOf(purpose, number)) throw new KeysError('UNWRAP_FAILED', `The row of the key ${id} in the database was changed: it says that it is ${nodeKeyIdOf(purpose, number)}.`);
}

/** The secret of a stored key. @throws KeysError what the holder throws, with a sentence that says what does not fit together */
export async function openNodeKey(holder: KeyHolder, key: StoredNodeKey, wrapped: WrappedKey): Promise<Uint8Array> {
  try {
    return await holder.unwrap(wrapped, NODE_KEY_CONTEXT, bindingOf(key));
  } catch (cause) {
    const sentence = cause instanceof KeysError ? sentenceFor(cause, key.id, wrapped) : undefined;
    throw cause instanceof KeysError && sentence !== undefined ? new KeysError(cause.code, sentence, { cause }) : cause;
  }
}

function sentenceFor({ code }: KeysError, id: string, { rootKeyId }: WrappedKey): string | undefined {
  if (code === 'UNWRAP_FAILED') return `The key ${id} in the database does not open: it was changed, or the key holder is not the one that wrapped it.`;
  if (code !== 'ROOT_KEY_UNKNOWN') return undefined;
  return `The database has the key ${id} under ${rootKeyId}, which the key holder does not have: one of the two was restored from a backup of another time, or that root key was destroyed since.`;
}
