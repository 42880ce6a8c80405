import { encodeWire } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { neverOpens } from '@carecord/keys';
import type { KeyHolder } from '@carecord/keys';
import { z } from 'zod';
import type { ErasureEpoch } from './ports.ts';
import { RecordsError } from './records-error.ts';
import { tokenKey } from './tokens.ts';

const EPOCH_KEY_CONTEXT = 'records/epoch-key';

const epochBinding = z.strictObject({ epochNumber: z.int().positive() });

/** Epoch keys that were opened for one call: the holder is asked once an epoch, however many patients lie under it. */
export class EpochKeys {
  private readonly opened = new Map<string, Uint8Array>();

  constructor(private readonly holder: KeyHolder) {}

  /**
   * The key of an epoch, 32 bytes.
   * @throws RecordsError `KEY_TAMPERED`; KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`
   */
  async open(epoch: ErasureEpoch): Promise<Uint8Array> {
    const name = nameOf(epoch);
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    const key = await this.unwrap(epoch);
    this.opened.set(name, key);
    return key;
  }

  /** A new epoch with a key of its own, under the newest root key. The caller has locked the epochs. */
  async make(number: number, createdAt: Date): Promise<ErasureEpoch> {
    const key = randomKey();
    const epoch = await this.wrap({ number, createdAt }, key);
    this.opened.set(nameOf(epoch), key);
    return epoch;
  }

  /** The same epoch under the newest root key. The caller has locked the epochs. @throws as {@link EpochKeys.open} */
  async rewrap(epoch: ErasureEpoch): Promise<ErasureEpoch> {
    return await this.wrap(epoch, await this.open(epoch));
  }

  private async wrap({ number, createdAt }: Pick<ErasureEpoch, 'number' | 'createdAt'>, key: Uint8Array): Promise<ErasureEpoch> {
    const { rootKeyId, ciphertext } = await this.holder.wrap(key, EPOCH_KEY_CONTEXT, bindingOf(number));
    return { number, rootKeyId, wrappedKey: ciphertext, createdAt };
  }

  private async unwrap({ number, rootKeyId, wrappedKey }: ErasureEpoch): Promise<Uint8Array> {
    try {
      return await this.holder.unwrap({ rootKeyId, ciphertext: wrappedKey }, EPOCH_KEY_CONTEXT, bindingOf(number));
    } catch (error) {
      if (neverOpens(error)) throw keyTampered(error);
      throw error;
    }
  }
}

/** The one error for a stored key that does not unwrap. */
export function keyTampered(cause?: unknown): RecordsError {
  return new RecordsError('KEY_TAMPERED', 'A stored key does not unwrap: it was changed, or the root key is another or gone.', { cause });
}

/** Whether a stored key did not unwrap: which may be because it has been replaced since it was read. */
export function isKeyTampered(error: unknown): boolean {
  return error instanceof RecordsError && error.code === 'KEY_TAMPERED';
}

/** By the wrapped bytes too: a number alone says nothing about a row that somebody has changed. */
function nameOf({ number, rootKeyId, wrappedKey }: ErasureEpoch): string {
  return `${number}/${rootKeyId}/${tokenKey(wrappedKey)}`;
}

function bindingOf(epochNumber: number): Uint8Array {
  return encodeWire(epochBinding, { epochNumber });
}
