import { constantTimeEqual, open, randomKey, seal } from '@carecord/crypto';
import { KeyLock, systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { associatedDataOf, mayDestroy, probe, requireSecretSize, rootKeyUnknown, unwrapFailed } from '../holder-rules.ts';
import { KeysError } from '../keys-error.ts';
import type { KeyHolder, WrappedKey } from '../ports.ts';
import { rootKeyIdOf, rootKeyNumberOf } from '../root-key-id.ts';
import { withFileLock } from './file-lock.ts';
import { makeDirectoryOf, openSealedFile, readSealedFile, writeSealedFile } from './root-key-file.ts';
import type { RootKey } from './root-key-file.ts';

/** Where the root keys are, and what opens them. */
export interface SealedFileOptions {
  /** The directory must be writable: a lock file stands beside it. */
  readonly path: string;
  readonly passphrase: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

const WRAP_CONTEXT = 'keys/sealed-file';

/**
 * Opens the root keys in a file that a passphrase seals (Argon2id, AES-256-GCM); where there is no file, an empty holder.
 * @throws KeysError `KEY_FILE_INVALID` when others may read it, when it is damaged or the passphrase is another one; `KEY_FILE_OLD`
 */
export async function openSealedFileHolder(options: SealedFileOptions): Promise<KeyHolder> {
  const holder = new SealedFileHolder(options);
  await holder.rootKeyIds();
  return holder;
}

/** The file as it was last read. */
interface Content {
  readonly digest: Uint8Array;
  readonly rootKeys: readonly RootKey[];
}

class SealedFileHolder implements KeyHolder {
  readonly kind = 'sealed-file';
  private content: Content | undefined;
  private closed = false;
  private readonly reads = new KeyLock();

  constructor(private readonly options: SealedFileOptions) {}

  rootKeyIds(): Promise<readonly string[]> {
    return this.use((rootKeys) => rootKeys.map(({ number }) => rootKeyIdOf(number)));
  }

  async wrap(secret: Uint8Array, context: string, binding: Uint8Array): Promise<WrappedKey> {
    requireSecretSize(secret);
    return await this.use((rootKeys) => {
      const newest = rootKeys.at(-1);
      if (newest === undefined) throw rootKeyUnknown();
      return { rootKeyId: rootKeyIdOf(newest.number), ciphertext: seal(newest.key, secret, WRAP_CONTEXT, associatedDataOf(context, binding)) };
    });
  }

  unwrap({ rootKeyId, ciphertext }: WrappedKey, context: string, binding: Uint8Array): Promise<Uint8Array> {
    return this.use((rootKeys) => {
      const number = rootKeyNumberOf(rootKeyId);
      const rootKey = rootKeys.find((candidate) => candidate.number === number);
      if (rootKey === undefined) throw rootKeyUnknown();
      try {
        return open(rootKey.key, ciphertext, WRAP_CONTEXT, associatedDataOf(context, binding));
      } catch (cause) {
        throw unwrapFailed(cause);
      }
    });
  }

  createRootKey(): Promise<string> {
    return this.change((rootKeys) => {
      const number = (rootKeys.at(-1)?.number ?? 0) + 1;
      return { rootKeys: [...rootKeys, { number, key: randomKey() }], result: rootKeyIdOf(number) };
    });
  }

  async destroyRootKey(rootKeyId: string): Promise<void> {
    await this.change((rootKeys) => {
      const numbers = rootKeys.map(({ number }) => number);
      const kept = mayDestroy(rootKeyId, numbers) ? rootKeys.slice(1) : rootKeys;
      return { rootKeys: kept, result: undefined };
    });
  }

  async check(): Promise<void> {
    await probe(this);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.reads.run('', () => {
      this.replace(undefined);
      return Promise.resolve();
    });
  }

  /** Works with the keys as the file has them now, and ends before they can be overwritten by what a later look brings. */
  private use<Result>(work: (rootKeys: readonly RootKey[]) => Result): Promise<Result> {
    return this.reads.run('', async () => work(await this.read()));
  }

  /** The costly derivation is done only when the file was changed. */
  private async read(): Promise<readonly RootKey[]> {
    if (this.closed) throw new KeysError('HOLDER_UNREACHABLE', 'The root key file was closed.');
    const file = await readSealedFile(this.options.path);
    if (file === undefined) {
      if (this.content !== undefined) throw new KeysError('HOLDER_UNREACHABLE', 'The root key file is gone.');
      return [];
    }
    if (this.content === undefined || !constantTimeEqual(this.content.digest, file.digest)) {
      const rootKeys = await openSealedFile(file, this.options.passphrase);
      // The next root key would have the number of one that is there and only missing in this file.
      if (newestOf(rootKeys) < newestOf(this.content?.rootKeys)) throw new KeysError('KEY_FILE_INVALID', 'The root key file was replaced by an older one: put the newest one back.');
      this.replace({ digest: file.digest, rootKeys });
    }
    return this.content?.rootKeys ?? [];
  }

  /** Changes what the file has at that moment, alone among all processes. */
  private async change<Result>(
    decide: (rootKeys: readonly RootKey[]) => { readonly rootKeys: readonly RootKey[]; readonly result: Result },
  ): Promise<Result> {
    const { path, passphrase, clock = systemClock } = this.options;
    await makeDirectoryOf(path);
    const changeAlone = async (): Promise<Result> => {
      const before = await this.read();
      const { rootKeys, result } = decide(before);
      if (rootKeys === before) return result;
      this.replace({ digest: await writeSealedFile(path, passphrase, rootKeys), rootKeys });
      return result;
    };
    return await withFileLock(path, clock, () => this.reads.run('', changeAlone));
  }

  private replace(content: Content | undefined): void {
    const kept = new Set(content?.rootKeys.map(({ key }) => key));
    for (const { key } of this.content?.rootKeys ?? []) if (!kept.has(key)) key.fill(0);
    this.content = content;
  }
}

function newestOf(rootKeys: readonly RootKey[] | undefined): number {
  return rootKeys?.at(-1)?.number ?? 0;
}
