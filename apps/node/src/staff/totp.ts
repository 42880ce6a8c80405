import { Secret, TOTP } from 'otpauth';
import { randomNonce, open, seal } from '@carecord/crypto';

/** RFC 4226, section 4 (R6): at least 128 bits, better 160. */
const SECRET_BYTES = 20;
/** RFC 6238, section 4: X. */
export const TOTP_PERIOD_SECONDS = 30;
/** What every authenticator app can: RFC 6238 with HMAC-SHA-1 and six digits. */
const DIGITS = 6;
/** RFC 6238, section 5.2: one step for clocks that differ and for the way. */
const WINDOW_STEPS = 1;

const CONTEXT = 'node/staff-totp';
const CODE = /^\d{6}$/;

/** A fresh secret. */
export function newTotpSecret(): Uint8Array {
  return randomNonce(SECRET_BYTES);
}

/** The secret as it is stored: only for this staff member, and only with the key. */
export function sealTotpSecret(sealingKey: Uint8Array, staffId: string, secret: Uint8Array): Uint8Array {
  return seal(sealingKey, secret, CONTEXT, Buffer.from(staffId, 'utf8'));
}

/** @throws CryptoError `OPEN_FAILED` */
export function openTotpSecret(sealingKey: Uint8Array, staffId: string, sealed: Uint8Array): Uint8Array {
  return open(sealingKey, sealed, CONTEXT, Buffer.from(staffId, 'utf8'));
}

/** What an authenticator app needs: the secret in base 32, and the same as the address that stands in the QR code. */
export function totpEnrolment(secret: Uint8Array, names: { readonly issuer: string; readonly username: string }): { readonly secret: string; readonly uri: string } {
  const totp = generator(secret, names.issuer, names.username);
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/** Whether a text has the form of a code. */
export function isTotpCode(text: string): boolean {
  return CODE.test(text);
}

/** The time step to which a code belongs, at most one away from now; undefined when it is not right. */
export function totpStepOf(secret: Uint8Array, code: string, now: Date): number | undefined {
  if (!isTotpCode(code)) return undefined;
  const delta = generator(secret).validate({ token: code, timestamp: now.getTime(), window: WINDOW_STEPS });
  return delta === null ? undefined : Math.floor(now.getTime() / 1000 / TOTP_PERIOD_SECONDS) + delta;
}

function generator(secret: Uint8Array, issuer = '', label = ''): TOTP {
  const own = Uint8Array.from(secret);
  return new TOTP({ issuer, label, algorithm: 'SHA1', digits: DIGITS, period: TOTP_PERIOD_SECONDS, secret: new Secret({ buffer: own.buffer }) });
}
