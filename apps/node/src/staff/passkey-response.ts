import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '@carecord/core';
import { decodeAttestationObject, isoCBOR } from '@simplewebauthn/server/helpers';

/** WebAuthn, section 5.8.1: credential ids have at most 1023 bytes; the rest of a response without attestation is smaller than this. */
const MAX_BASE64URL = 16_384;

const base64Url = z.string().max(MAX_BASE64URL).regex(/^[A-Za-z0-9_-]+$/);
const transports = z.array(z.string().regex(/^[a-z-]{2,32}$/)).max(10);

const credential = { id: base64Url, rawId: base64Url, type: z.literal('public-key'), authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish() };

/** RegistrationResponseJSON of WebAuthn Level 3, section 5.1.8: what of it we read. */
export const registrationResponseSchema = z.object({
  ...credential,
  response: z.object({ clientDataJSON: base64Url, attestationObject: base64Url, transports: transports.nullish() }),
});

/** AuthenticationResponseJSON of WebAuthn Level 3, section 5.1.8: what of it we read. */
export const assertionResponseSchema = z.object({
  ...credential,
  response: z.object({ clientDataJSON: base64Url, authenticatorData: base64Url, signature: base64Url, userHandle: base64Url.nullish() }),
});

export type RegistrationResponse = z.infer<typeof registrationResponseSchema>;
export type AssertionResponse = z.infer<typeof assertionResponseSchema>;

/** CollectedClientData of WebAuthn, section 5.8.1. `crossOrigin`: asked for by a page inside a page of somebody else. */
const clientDataSchema = z.object({ challenge: base64Url, crossOrigin: z.boolean().optional(), topOrigin: z.string().optional() });

/** The challenge that a response answers; undefined when it is none of a page of ours, or cannot be read. */
export function challengeOf({ response }: RegistrationResponse | AssertionResponse): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(fromBase64Url(response.clientDataJSON)).toString('utf8'));
  } catch {
    return undefined;
  }
  const clientData = clientDataSchema.safeParse(value);
  if (!clientData.success || clientData.data.crossOrigin === true || clientData.data.topOrigin !== undefined) return undefined;
  return clientData.data.challenge;
}

/**
 * The attestation object without its attestation; undefined when it is none. We ask for none and believe none; to look at one would
 * mean to read certificates of strangers and to fetch the revocation lists that they name.
 */
export function withoutAttestation(attestationObject: string): string | undefined {
  try {
    const authData = decodeAttestationObject(Uint8Array.from(fromBase64Url(attestationObject))).get('authData');
    const unattested = new Map<string, string | Map<string, string> | Uint8Array>([['fmt', 'none'], ['attStmt', new Map<string, string>()], ['authData', authData]]);
    return toBase64Url(isoCBOR.encode(unattested));
  } catch {
    return undefined;
  }
}
