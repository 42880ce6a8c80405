import { hashWithContext, open, randomKey, seal } from '@carecord/crypto';
import { KeysError, MAX_WRAPPED_SECRET_BYTES } from '@carecord/keys';
import type { KeyHolder, WrappedKey } from '@carecord/keys';

/** Root keys in memory, with the cryptography of the real ones. It can be made unreachable. */
export class MemoryKeyHolder implements KeyHolder {
  readonly kind = 'memory';
  private readonly rootKeys = new Map<string, Uint8Array>();
  private made = 0;
  private reachable = true;

  /** @param rootKeys how many there are at first. @default 1 */
  constructor(rootKeys = 1) {
    for (let number = 1; number <= rootKeys; number += 1) this.add();
  }

  /** From now on every call is refused, or answered again. */
  setReachable(reachable: boolean): void {
    this.reachable = reachable;
  }

  rootKeyIds(): Promise<readonly string[]> {
    return this.answer(() => [...this.rootKeys.keys()]);
  }

  wrap(secret: Uint8Array, context: string, binding: Uint8Array): Promise<WrappedKey> {
    return this.answer(() => {
      if (secret.length === 0) throw new KeysError('SECRET_SIZE', 'An empty secret cannot be wrapped.');
      if (secret.length > MAX_WRAPPED_SECRET_BYTES) throw new KeysError('SECRET_TOO_LARGE', 'A secret is too large to be wrapped.');
      const rootKeyId = [...this.rootKeys.keys()].at(-1) ?? '';
      return { rootKeyId, ciphertext: seal(this.rootKey(rootKeyId), secret, 'testkit/wrap', hashWithContext('testkit/wrap', context, binding)) };
    });
  }

  unwrap({ rootKeyId, ciphertext }: WrappedKey, context: string, binding: Uint8Array): Promise<Uint8Array> {
    return this.answer(() => {
      const rootKey = this.rootKey(rootKeyId);
      try {
        return Uint8Array.from(open(rootKey, ciphertext, 'testkit/wrap', hashWithContext('testkit/wrap', context, binding)));
      } catch (cause) {
        throw new KeysError('UNWRAP_FAILED', 'A wrapped secret does not open.', { cause });
      }
    });
  }

  createRootKey(): Promise<string> {
    return this.answer(() => this.add());
  }

  destroyRootKey(rootKeyId: string): Promise<void> {
    return this.answer(() => {
      const ids = [...this.rootKeys.keys()];
      if (ids.at(-1) === rootKeyId) throw new KeysError('ROOT_KEY_CURRENT', 'The newest root key cannot be destroyed.');
      const number = /^root-([1-9]\d*)$/.exec(rootKeyId)?.[1];
      if (number === undefined || Number(number) > this.made) throw new KeysError('ROOT_KEY_UNKNOWN', 'There was never such a root key.');
      if (ids.indexOf(rootKeyId) > 0) throw new KeysError('ROOT_KEY_NOT_OLDEST', 'Root keys are destroyed oldest first.');
      this.rootKeys.delete(rootKeyId);
    });
  }

  check(): Promise<void> {
    return this.answer(() => undefined);
  }

  close(): Promise<void> {
    this.reachable = false;
    return Promise.resolve();
  }

  private add(): string {
    this.made += 1;
    const id = `root-${this.made}`;
    this.rootKeys.set(id, randomKey());
    return id;
  }

  private rootKey(id: string): Uint8Array {
    const key = this.rootKeys.get(id);
    if (key === undefined) throw new KeysError('ROOT_KEY_UNKNOWN', 'There is no such root key.');
    return key;
  }

  private answer<Result>(work: () => Result): Promise<Result> {
    return Promise.resolve().then(() => {
      if (!this.reachable) throw new KeysError('HOLDER_UNREACHABLE', 'The key holder does not answer.');
      return work();
    });
  }
}
