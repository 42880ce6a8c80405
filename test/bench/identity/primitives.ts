import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

// The bare primitives as node:crypto has them, with keys that were read in before: what nothing here can do without.

/** As long as the hash of a transcript. */
const MESSAGE = randomBytes(32);

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ed25519: Pair = generateKeyPairSync('ed25519');
const mlDsa65: Pair = generateKeyPairSync('ml-dsa-65');
const p256: Pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const signatures = {
  ed25519: sign(null, MESSAGE, ed25519.privateKey),
  mlDsa65: sign(null, MESSAGE, mlDsa65.privateKey),
  p256: sign('sha256', MESSAGE, p256.privateKey),
};

/** Ed25519 and ML-DSA-65 of one message. */
export function signHybrid(): void {
  sign(null, MESSAGE, ed25519.privateKey);
  sign(null, MESSAGE, mlDsa65.privateKey);
}

/** Verifies what {@link signHybrid} makes. */
export function verifyHybrid(): void {
  mustHold(verify(null, MESSAGE, ed25519.publicKey, signatures.ed25519) && verify(null, MESSAGE, mlDsa65.publicKey, signatures.mlDsa65));
}

/** Ed25519 of one message: what a PeerId signs with. */
export function signPeer(): void {
  sign(null, MESSAGE, ed25519.privateKey);
}

/** Verifies what {@link signPeer} makes. */
export function verifyPeer(): void {
  mustHold(verify(null, MESSAGE, ed25519.publicKey, signatures.ed25519));
}

/** Verifies one ES256 signature. */
export function verifyP256(): void {
  mustHold(verify('sha256', MESSAGE, p256.publicKey, signatures.p256));
}

const KEY = randomBytes(32);

/** AES-256-GCM of a key of 32 bytes, there and back. */
export function sealAndOpen(): void {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce);
  const sealed = Buffer.concat([cipher.update(MESSAGE), cipher.final()]);
  const decipher = createDecipheriv('aes-256-gcm', KEY, nonce);
  decipher.setAuthTag(cipher.getAuthTag());
  mustHold(Buffer.concat([decipher.update(sealed), decipher.final()]).equals(MESSAGE));
}

/** As often as told. */
export function times(count: number, work: () => void): void {
  for (let at = 0; at < count; at += 1) work();
}

function mustHold(holds: boolean): void {
  if (!holds) throw new Error('A primitive does not do what it should.');
}
