import { base64UrlSchema, canonicalJsonBytes } from '@carecord/core';
import { isResourceType } from '@carecord/consent';
import { PURPOSES_OF_USE } from '@carecord/fhir';
import { signJws } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { didSchema, networkIdSchema, verifyJwsWithAnyKey } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';
import { z } from 'zod';
import { decodeJsonPayload, instantSchema } from './encoding.ts';
import { ExchangeError } from './exchange-error.ts';
import { MAX_REASON_CHARACTERS, MAX_RESOURCE_TYPES, MAX_SELECTOR_BYTES } from './limits.ts';

/** The JWS type of a signed access request (RFC 7515, section 4.1.9). */
const REQUEST_TYPE = 'carecord-access-request+jws';

const selectorSchema = z.union([
  z.strictObject({ handle: base64UrlSchema({ atMost: MAX_SELECTOR_BYTES }).min(1) }),
  z.strictObject({ tag: base64UrlSchema({ atMost: MAX_SELECTOR_BYTES }).min(1) }),
]);

/** The free-text reason of a request. */
export const reasonSchema = z.string().trim().min(1).max(MAX_REASON_CHARACTERS);

/** FHIR resource types that a request is limited to. */
export const resourceTypesSchema = z
  .array(z.string().max(64).refine(isResourceType, 'is no FHIR R4 resource type'))
  .min(1)
  .max(MAX_RESOURCE_TYPES);

const accessRequestSchema = z.strictObject({
  requestId: z.uuid(),
  requester: didSchema,
  holder: didSchema,
  network: networkIdSchema,
  selector: selectorSchema,
  purpose: z.enum(PURPOSES_OF_USE),
  reason: reasonSchema,
  role: z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/),
  staffPseudonym: z.string().regex(/^[0-9a-f]{64}$/),
  resourceTypes: resourceTypesSchema.optional(),
  issuedAt: instantSchema,
  expiresAt: instantSchema,
});

/** Which patient: by the handle of a pointer, or by the tag of the blinded lookup; bytes as base64url. */
export type Selector = z.infer<typeof selectorSchema>;
/** What one hospital asks another, as it is signed. Instants are ISO 8601 in UTC. */
export type AccessRequest = z.infer<typeof accessRequestSchema>;

/**
 * Signs a request with the asking hospital's keys.
 * @throws ExchangeError `REQUEST_INVALID` when it is not what a holder would accept: we never send what we would refuse
 */
export async function signAccessRequest(request: AccessRequest, by: { readonly did: ResolvedDid; readonly signer: HybridSigner }): Promise<GeneralJws> {
  const parsed = accessRequestSchema.safeParse(request);
  if (!parsed.success) throw requestInvalid(parsed.error);
  return signJws(by.signer, REQUEST_TYPE, by.did.signingKeyIds, canonicalJsonBytes(parsed.data));
}

/**
 * Checks both signatures by the sender's accepted keys, then the shape.
 * @param sender its DID as it is known now, which may be newer than what it proved when it connected
 * @throws ExchangeError `REQUEST_INVALID`
 */
export async function verifyAccessRequest(jws: unknown, sender: ResolvedDid): Promise<AccessRequest> {
  try {
    const { payload } = await verifyJwsWithAnyKey(sender.acceptedSigning, REQUEST_TYPE, jws);
    return accessRequestSchema.parse(decodeJsonPayload(payload));
  } catch (cause) {
    throw requestInvalid(cause);
  }
}

function requestInvalid(cause: unknown): ExchangeError {
  return new ExchangeError('REQUEST_INVALID', 'The access request is not well formed or not well signed.', { cause });
}
