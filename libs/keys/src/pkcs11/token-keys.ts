import { randomNonce } from '@carecord/crypto';
import type { AesGCM, Handle, Mechanism, Template } from 'pkcs11js';
import { unwrapFailed } from '../holder-rules.ts';
import { KeysError } from '../keys-error.ts';
import { MAX_WRAPPED_SECRET_BYTES } from '../ports.ts';
import type { Session } from './token-session.ts';

/** NIST SP 800-38D: the 96-bit nonce and the full 128-bit tag. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const AES_256_BYTES = 32;
/** A token may be shared with other programs: it is searched in steps, and not for ever. */
const FIND_STEP = 64;
const MAX_TOKEN_KEYS = 10_000;

/** A root key in the token. */
export interface TokenKey {
  readonly number: number;
  readonly handle: Handle;
}

/**
 * The root keys of this label, oldest first. Two processes that made one at once made two of one number: both count.
 * @throws KeysError `ROOT_KEY_EXPOSED` when the token would give one away
 */
export function findTokenKeys(session: Session, keyLabel: string): readonly TokenKey[] {
  const { addon } = session;
  const handles = findObjects(session, [
    { type: addon.CKA_CLASS, value: addon.CKO_SECRET_KEY },
    { type: addon.CKA_KEY_TYPE, value: addon.CKK_AES },
    { type: addon.CKA_TOKEN, value: true },
  ]);
  const keys = handles.flatMap((handle) => {
    const number = numberOf(keyLabel, readAttribute(session, handle, addon.CKA_LABEL).toString('utf8'));
    return number === undefined ? [] : [{ number, handle }];
  });
  for (const { handle } of keys) requireLocked(session, handle);
  return keys.sort((left, right) => left.number - right.number);
}

/** Makes a root key that the token never shows. */
export async function generateTokenKey({ addon, cryptoki, handle }: Session, keyLabel: string, number: number): Promise<void> {
  const label = `${keyLabel}-${number}`;
  const yes = [addon.CKA_TOKEN, addon.CKA_PRIVATE, addon.CKA_SENSITIVE, addon.CKA_ENCRYPT, addon.CKA_DECRYPT];
  const no = [addon.CKA_EXTRACTABLE, addon.CKA_WRAP, addon.CKA_UNWRAP, addon.CKA_SIGN, addon.CKA_VERIFY, addon.CKA_DERIVE, addon.CKA_MODIFIABLE];
  await cryptoki.C_GenerateKeyAsync(handle, { mechanism: addon.CKM_AES_KEY_GEN }, [
    { type: addon.CKA_CLASS, value: addon.CKO_SECRET_KEY },
    { type: addon.CKA_KEY_TYPE, value: addon.CKK_AES },
    { type: addon.CKA_VALUE_LEN, value: AES_256_BYTES },
    { type: addon.CKA_LABEL, value: label },
    { type: addon.CKA_ID, value: Buffer.from(label, 'utf8') },
    ...yes.map((type) => ({ type, value: true })),
    ...no.map((type) => ({ type, value: false })),
  ]);
}

/** `nonce (12) || ciphertext || tag (16)`, AES-256-GCM in the token. */
export async function encryptInToken(session: Session, key: Handle, secret: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array> {
  const nonce = Buffer.from(randomNonce(NONCE_BYTES));
  const { cryptoki, handle } = session;
  cryptoki.C_EncryptInit(handle, gcm(session, nonce, associatedData), key);
  const sealed = await cryptoki.C_EncryptAsync(handle, Buffer.from(secret), Buffer.alloc(secret.length + TAG_BYTES));
  return Uint8Array.from(Buffer.concat([nonce, sealed]));
}

/** @throws KeysError `UNWRAP_FAILED`; the token's own errors when it does not work */
export async function decryptInToken(session: Session, key: Handle, sealed: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array> {
  try {
    return await tryDecrypt(session, key, sealed, associatedData);
  } catch (error) {
    if (error instanceof KeysError) throw error;
    // Tokens have many codes for a wrong tag, some of them the code for anything: a key that works says which it was.
    await proveItself(session, key);
    throw unwrapFailed(error);
  }
}

async function proveItself(session: Session, key: Handle): Promise<void> {
  const associatedData = randomNonce(NONCE_BYTES);
  await tryDecrypt(session, key, await encryptInToken(session, key, randomNonce(AES_256_BYTES), associatedData), associatedData);
}

async function tryDecrypt(session: Session, key: Handle, sealed: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array> {
  const { cryptoki, handle } = session;
  const length = sealed.length - NONCE_BYTES - TAG_BYTES;
  if (length < 1 || length > MAX_WRAPPED_SECRET_BYTES) throw unwrapFailed();
  cryptoki.C_DecryptInit(handle, gcm(session, Buffer.from(sealed.subarray(0, NONCE_BYTES)), associatedData), key);
  // Some tokens use the room of the tag while they work.
  const opened = await cryptoki.C_DecryptAsync(handle, Buffer.from(sealed.subarray(NONCE_BYTES)), Buffer.alloc(length + TAG_BYTES));
  const secret = Uint8Array.from(opened);
  opened.fill(0);
  return secret;
}

function gcm({ addon }: Session, nonce: Buffer, associatedData: Uint8Array): Mechanism {
  const parameter: AesGCM = { type: addon.CK_PARAMS_AES_GCM, iv: nonce, ivBits: NONCE_BYTES * 8, aad: Buffer.from(associatedData), tagBits: TAG_BYTES * 8 };
  return { mechanism: addon.CKM_AES_GCM, parameter };
}

function findObjects({ cryptoki, handle }: Session, template: Template): Handle[] {
  const found: Handle[] = [];
  cryptoki.C_FindObjectsInit(handle, template);
  try {
    for (;;) {
      const some = cryptoki.C_FindObjects(handle, FIND_STEP);
      found.push(...some);
      if (some.length < FIND_STEP) return found;
      if (found.length > MAX_TOKEN_KEYS) throw new KeysError('HOLDER_MISCONFIGURED', 'The token holds too many keys: give Carecord a token or partition of its own.');
    }
  } finally {
    cryptoki.C_FindObjectsFinal(handle);
  }
}

function readAttribute({ cryptoki, handle }: Session, object: Handle, type: number): Buffer {
  const [attribute] = cryptoki.C_GetAttributeValue(handle, object, [{ type }]);
  return Buffer.isBuffer(attribute?.value) ? attribute.value : Buffer.alloc(0);
}

function requireLocked(session: Session, object: Handle): void {
  const { addon } = session;
  const sensitive = readAttribute(session, object, addon.CKA_SENSITIVE)[0] === 1;
  const extractable = readAttribute(session, object, addon.CKA_EXTRACTABLE)[0] !== 0;
  if (sensitive && !extractable) return;
  throw new KeysError('ROOT_KEY_EXPOSED', 'A root key in the token can be read out: it must be sensitive and not extractable.');
}

function numberOf(keyLabel: string, label: string): number | undefined {
  if (!label.startsWith(`${keyLabel}-`)) return undefined;
  const number = label.slice(keyLabel.length + 1);
  return /^[1-9][0-9]{0,5}$/.test(number) ? Number(number) : undefined;
}
