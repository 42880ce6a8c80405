import { base64UrlSchema, canonicalJsonBytes, fromBase64Url, later, newId, toBase64Url } from '@carecord/core';
import { PURPOSES_OF_USE } from '@carecord/fhir';
import type { PurposeOfUse } from '@carecord/fhir';
import { contentIdSchema, hashWithContext, open, openFrom, randomKey, seal, sealTo, signJws } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, didSchema, verifyJwsWithAnyKey } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';
import type { ReleasableVersion } from '@carecord/records';
import { z } from 'zod';
import type { RecipientKey } from './dependencies.ts';
import { decodeJsonPayload, instantSchema } from './encoding.ts';
import { ExchangeError } from './exchange-error.ts';
import { GRANT_LIFETIME_MILLISECONDS, MAX_GRANT_VERSIONS, MAX_KEY_ID_CHARACTERS } from './limits.ts';

/** The JWS type of a grant (RFC 7515, section 4.1.9). */
const GRANT_TYPE = 'carecord-grant+jws';
/** HPKE info: the grant key opens only together with the very terms that were signed. */
const TERMS_CONTEXT = 'exchange/grant-terms';
/** What a data key is sealed as, under the grant key. */
const DATA_KEY_CONTEXT = 'exchange/grant-data-key';
/** A sealed 32-byte key has 61 bytes under the grant key and 1168 to a recipient; the rest is room for another suite. */
const MAX_WRAPPED_KEY_BYTES = 128;
const MAX_SEALED_GRANT_KEY_BYTES = 4096;

const grantedVersionSchema = z.strictObject({
  recordId: z.uuid(),
  versionNumber: z.int().min(1),
  resourceType: z.string().regex(/^[A-Z][A-Za-z]{1,63}$/),
  contentId: contentIdSchema,
  wrappedDataKey: base64UrlSchema({ atMost: MAX_WRAPPED_KEY_BYTES }).min(1),
});

const grantTermsSchema = z.strictObject({
  grantId: z.uuid(),
  requestId: z.uuid(),
  holder: didSchema,
  recipient: didSchema,
  /** The recipient's key that the grant key is sealed to: it may have rotated since. */
  recipientKeyId: z.string().max(MAX_KEY_ID_CHARACTERS),
  purpose: z.enum(PURPOSES_OF_USE),
  versions: z.array(grantedVersionSchema).max(MAX_GRANT_VERSIONS),
  /** Content id of the patient's sealed manifest at the time: which state of the record the versions are from. */
  manifest: contentIdSchema,
  issuedAt: instantSchema,
  expiresAt: instantSchema,
});

const grantSchema = z.strictObject({ terms: grantTermsSchema, sealedGrantKey: base64UrlSchema({ atMost: MAX_SEALED_GRANT_KEY_BYTES }).min(1) });

/** One version of a record that a grant releases; the wrapped data key is base64url. */
export type GrantedVersion = z.infer<typeof grantedVersionSchema>;
/** What the holder signs: these versions, this recipient, this purpose, until then. Instants are ISO 8601 in UTC. */
export type GrantTerms = z.infer<typeof grantTermsSchema>;

/** A fresh grant. */
export interface IssuedGrant {
  readonly terms: GrantTerms;
  readonly jws: GeneralJws;
}

/** A grant that opened: its terms and the data keys (32 bytes each) in the order of `terms.versions`. */
export interface OpenedGrant {
  readonly terms: GrantTerms;
  readonly dataKeys: readonly Uint8Array[];
}

/**
 * Makes a grant: one fresh grant key wraps the data keys and is sealed to the recipient, bound to the terms by HPKE's info
 * (RFC 9180, section 5.1); the holder signs both.
 * @throws ExchangeError `TOO_MANY_RECORDS`
 */
export async function issueGrant(grant: {
  readonly requestId: string;
  readonly purpose: PurposeOfUse;
  readonly holder: { readonly did: ResolvedDid; readonly signer: HybridSigner };
  readonly recipient: ResolvedDid;
  readonly versions: readonly ReleasableVersion[];
  readonly manifest: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}): Promise<IssuedGrant> {
  if (grant.versions.length > MAX_GRANT_VERSIONS) {
    throw new ExchangeError('TOO_MANY_RECORDS', `One grant can name ${MAX_GRANT_VERSIONS} versions at the most.`);
  }
  const grantKey = randomKey();
  const terms: GrantTerms = {
    grantId: newId(),
    requestId: grant.requestId,
    holder: grant.holder.did.did,
    recipient: grant.recipient.did,
    recipientKeyId: grant.recipient.recipientKeyId,
    purpose: grant.purpose,
    versions: grant.versions.map((version) => wrap(grantKey, version)),
    manifest: grant.manifest,
    issuedAt: grant.issuedAt.toISOString(),
    expiresAt: grant.expiresAt.toISOString(),
  };
  const sealedGrantKey = toBase64Url(await sealTo(grant.recipient.recipientPublicKey, infoOf(terms), grantKey));
  const payload = canonicalJsonBytes({ terms, sealedGrantKey });
  return { terms, jws: await signJws(grant.holder.signer, GRANT_TYPE, grant.holder.did.signingKeyIds, payload) };
}

/**
 * Checks that a grant is the answer to what was asked, and opens it.
 * @param asked what our request said
 * @param holder the holder's DID as it is known now: what its accepted keys signed counts
 * @throws ExchangeError `GRANT_INVALID`, `GRANT_EXPIRED` or `GRANT_KEY_DESTROYED`
 */
export async function verifyGrant(
  jws: unknown,
  asked: { readonly requestId: string; readonly requester: string; readonly purpose: PurposeOfUse },
  holder: ResolvedDid,
  reader: { readonly recipientKeys: readonly RecipientKey[]; readonly now: Date },
): Promise<OpenedGrant> {
  const { payload } = await verifyJwsWithAnyKey(holder.acceptedSigning, GRANT_TYPE, jws).catch((cause: unknown) => {
    throw grantInvalid(cause);
  });
  const { terms } = parseGrant(payload);
  checkAnswers(terms, asked, holder.did);
  checkOpenAt(terms, reader.now);
  checkLifetime(terms, reader.now);
  return openGrant(payload, reader.recipientKeys);
}

/**
 * Opens a grant that was verified before.
 * @param payload the signed bytes
 * @param recipientKeys those that are not destroyed
 * @throws ExchangeError `GRANT_INVALID` or `GRANT_KEY_DESTROYED`
 */
export async function openGrant(payload: Uint8Array, recipientKeys: readonly RecipientKey[]): Promise<OpenedGrant> {
  const { terms, sealedGrantKey } = parseGrant(payload);
  const key = recipientKeys.find(({ keyId }) => keyId === terms.recipientKeyId);
  if (key === undefined) {
    throw new ExchangeError('GRANT_KEY_DESTROYED', 'The key that these records were sealed to has been destroyed: ask again, and they are sealed to the present one.');
  }
  try {
    const grantKey = await openFrom(key.seed, infoOf(terms), fromBase64Url(sealedGrantKey));
    return { terms, dataKeys: terms.versions.map((version) => unwrap(grantKey, version)) };
  } catch (cause) {
    throw grantInvalid(cause);
  }
}

/**
 * Checks that the grant has not ended.
 * @throws ExchangeError `GRANT_EXPIRED`
 */
export function checkOpenAt(terms: Pick<GrantTerms, 'expiresAt'>, now: Date): void {
  if (now >= new Date(terms.expiresAt)) throw new ExchangeError('GRANT_EXPIRED', 'The time for reading these records is over: ask again.');
}

/** No holder gives more time than the protocol has, whatever it signs: ciphertext and keys are kept as long as a grant lasts. */
function checkLifetime(terms: Pick<GrantTerms, 'expiresAt' | 'issuedAt'>, now: Date): void {
  const [issuedAt, expiresAt] = [new Date(terms.issuedAt), new Date(terms.expiresAt)];
  const early = issuedAt > later(now, CLOCK_SKEW_MILLISECONDS);
  if (early || expiresAt > later(issuedAt, GRANT_LIFETIME_MILLISECONDS)) throw grantInvalid();
}

function checkAnswers(terms: GrantTerms, asked: { requestId: string; requester: string; purpose: PurposeOfUse }, holder: string): void {
  const answers =
    terms.requestId === asked.requestId && terms.recipient === asked.requester && terms.purpose === asked.purpose && terms.holder === holder;
  if (!answers) throw grantInvalid();
}

function parseGrant(payload: Uint8Array): z.infer<typeof grantSchema> {
  try {
    return grantSchema.parse(decodeJsonPayload(payload));
  } catch (cause) {
    throw grantInvalid(cause);
  }
}

function wrap(grantKey: Uint8Array, { recordId, versionNumber, resourceType, contentId, dataKey }: ReleasableVersion): GrantedVersion {
  const version = { recordId, versionNumber, resourceType, contentId };
  return { ...version, wrappedDataKey: toBase64Url(seal(grantKey, dataKey, DATA_KEY_CONTEXT, associatedData(version))) };
}

function unwrap(grantKey: Uint8Array, { wrappedDataKey, ...version }: GrantedVersion): Uint8Array {
  return open(grantKey, fromBase64Url(wrappedDataKey), DATA_KEY_CONTEXT, associatedData(version));
}

function associatedData({ recordId, versionNumber, resourceType, contentId }: Omit<GrantedVersion, 'wrappedDataKey'>): Uint8Array {
  return canonicalJsonBytes([recordId, versionNumber, resourceType, contentId]);
}

function infoOf(terms: GrantTerms): Uint8Array {
  return hashWithContext(TERMS_CONTEXT, canonicalJsonBytes(terms));
}

function grantInvalid(cause?: unknown): ExchangeError {
  return new ExchangeError('GRANT_INVALID', 'The holder answered with a grant that is not valid for this request.', { cause });
}
