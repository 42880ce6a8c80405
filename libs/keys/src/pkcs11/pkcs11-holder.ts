import { associatedDataOf, mayDestroy, probe, requireSecretSize, rootKeyUnknown, unwrapFailed } from '../holder-rules.ts';
import { KeysError } from '../keys-error.ts';
import type { KeyHolder, WrappedKey } from '../ports.ts';
import { rootKeyIdOf, rootKeyNumberOf } from '../root-key-id.ts';
import { decryptInToken, encryptInToken, findTokenKeys, generateTokenKey } from './token-keys.ts';
import type { TokenKey } from './token-keys.ts';
import { TokenSession } from './token-session.ts';
import type { Session, TokenOptions } from './token-session.ts';

/** Which token, what opens it, and what our keys in it are called. */
export interface Pkcs11Options extends TokenOptions {
  /** Root key 3 is labelled `<keyLabel>-3`. */
  readonly keyLabel: string;
}

/**
 * Opens a PKCS#11 token (2.40 or later, with CKM_AES_GCM) in which the root keys live as AES keys that it never shows.
 * @throws KeysError `PKCS11_UNAVAILABLE`, `HOLDER_MISCONFIGURED`, `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`, `ROOT_KEY_EXPOSED`
 */
export async function openPkcs11Holder(options: Pkcs11Options): Promise<KeyHolder> {
  if (!/^[A-Za-z0-9._-]{1,24}$/.test(options.keyLabel)) {
    throw new KeysError('HOLDER_MISCONFIGURED', 'The label of the root keys has 1 to 24 letters, digits, dots, underscores and hyphens.');
  }
  const holder = new Pkcs11Holder(options);
  try {
    await holder.rootKeyIds();
    return holder;
  } catch (error) {
    await holder.close();
    throw error;
  }
}

class Pkcs11Holder implements KeyHolder {
  readonly kind = 'pkcs11';
  private readonly token: TokenSession;

  constructor(private readonly options: Pkcs11Options) {
    this.token = new TokenSession(options);
  }

  rootKeyIds(): Promise<readonly string[]> {
    return this.withKeys((_, keys) => Promise.resolve([...new Set(keys.map(({ number }) => rootKeyIdOf(number)))]));
  }

  wrap(secret: Uint8Array, context: string, binding: Uint8Array): Promise<WrappedKey> {
    return this.withKeys(async (session, keys) => {
      requireSecretSize(secret);
      const newest = keys.at(-1);
      if (newest === undefined) throw rootKeyUnknown();
      return { rootKeyId: rootKeyIdOf(newest.number), ciphertext: await encryptInToken(session, newest.handle, secret, associatedDataOf(context, binding)) };
    });
  }

  unwrap({ rootKeyId, ciphertext }: WrappedKey, context: string, binding: Uint8Array): Promise<Uint8Array> {
    return this.withKeys(async (session, keys) => {
      const number = rootKeyNumberOf(rootKeyId);
      const candidates = keys.filter((key) => key.number === number);
      if (candidates.length === 0) throw rootKeyUnknown();
      return await openWithAny(session, candidates, ciphertext, associatedDataOf(context, binding));
    });
  }

  createRootKey(): Promise<string> {
    return this.withKeys(async (session, keys) => {
      const number = (keys.at(-1)?.number ?? 0) + 1;
      await generateTokenKey(session, this.options.keyLabel, number);
      return rootKeyIdOf(number);
    });
  }

  destroyRootKey(rootKeyId: string): Promise<void> {
    return this.withKeys((session, keys) => {
      if (!mayDestroy(rootKeyId, keys.map(({ number }) => number))) return Promise.resolve();
      const number = rootKeyNumberOf(rootKeyId);
      for (const key of keys) if (key.number === number) session.cryptoki.C_DestroyObject(session.handle, key.handle);
      return Promise.resolve();
    });
  }

  async check(): Promise<void> {
    await probe(this);
  }

  close(): Promise<void> {
    return this.token.close();
  }

  /** The keys are looked up each time: another process may have made or destroyed some. */
  private withKeys<Result>(work: (session: Session, keys: readonly TokenKey[]) => Promise<Result>): Promise<Result> {
    return this.token.run((session) => work(session, findTokenKeys(session, this.options.keyLabel)));
  }
}

async function openWithAny(session: Session, keys: readonly TokenKey[], ciphertext: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array> {
  for (const key of keys) {
    try {
      return await decryptInToken(session, key.handle, ciphertext, associatedData);
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
    }
  }
  throw unwrapFailed();
}
