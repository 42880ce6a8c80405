import { z } from 'zod';

/** Bytes as base64url text without padding (RFC 4648, section 5), of at most `atMost` bytes. */
export function base64UrlSchema(limit: { readonly atMost: number }): z.ZodString {
  return z
    .string()
    .min(1)
    .max(Math.ceil((limit.atMost * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/);
}

/** A DID of a network member. */
export const didSchema = z
  .string()
  .max(512)
  .regex(/^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/);

/** An instant as ISO 8601 text in UTC. */
export const instantSchema = z.iso.datetime();

export function toBase64Url(value: Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

export function fromBase64Url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** The JSON value of a signed payload; its size was limited by who carried it. */
export function decodeJsonPayload(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as unknown;
}
