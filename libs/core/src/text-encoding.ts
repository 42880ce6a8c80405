import { z } from 'zod';

/** Bytes as base64url text without padding (RFC 4648, section 5), of at most `atMost` bytes. */
export function base64UrlSchema(limit: { readonly atMost: number }): z.ZodString {
  return z
    .string()
    .max(Math.ceil((limit.atMost * 4) / 3))
    .regex(/^[A-Za-z0-9_-]*$/);
}

/** Bytes as base64url text without padding (RFC 4648, section 5). */
export function toBase64Url(value: Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

/** The bytes of a text that {@link base64UrlSchema} accepts; of any other, those of the characters before the first foreign one. */
export function fromBase64Url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** Bytes as lower-case hexadecimal digits. */
export function toHex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
