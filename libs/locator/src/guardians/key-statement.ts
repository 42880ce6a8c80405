import { canonicalJsonBytes, decodeWire, encodeWire, fromBase64Url, toBase64Url } from '@carecord/core';
import { generalJwsSchema, hashWithContext, signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { didSchema, guardianMistake, networkIdSchema, verifyJwsWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { z } from 'zod';
import { LocatorError } from '../locator-error.ts';
import { decodeElement, interpolate } from './group.ts';
import { MAX_GUARDIANS } from './limits.ts';
import type { SigningKeysOf } from './ports.ts';

/** An element in base64url. */
const ELEMENT_CHARACTERS = 43;
const element = z.base64url().length(ELEMENT_CHARACTERS);
/** Sixteen DIDs of 320 characters and as many elements; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = 12 * 1024;
/** The payload and sixteen hybrid signatures of 4.6 KiB. */
export const MAX_SIGNED_KEY_BYTES = 112 * 1024;

const TYPE = 'carecord-guardian-key+jws';

const statementSchema = z.strictObject({
  networkId: networkIdSchema,
  epoch: z.int().min(1),
  /** The sequence of the network description for which it was shared: rises with each sharing of the same key. */
  version: z.int().nonnegative(),
  /** DIDs in the order of their code units: the first has the share of index 1. */
  guardians: z.array(didSchema).min(1).max(MAX_GUARDIANS),
  threshold: z.int().min(1),
  publicKey: element,
  publicShares: z.array(element).min(1).max(MAX_GUARDIANS),
  /** Since when, in milliseconds since 1970. */
  from: z.int().nonnegative(),
});

/** What guardians say of the key that they made together. */
export type KeyStatement = z.infer<typeof statementSchema>;

/** A statement with the signatures of guardians. */
export const signedKeySchema = z.strictObject({
  payload: z.string().max(MAX_PAYLOAD_CHARACTERS),
  signatures: z.array(z.strictObject({ guardian: didSchema, signatures: generalJwsSchema.shape.signatures })).max(MAX_GUARDIANS),
});
export type SignedKey = z.infer<typeof signedKeySchema>;

/** A statement that enough of its own guardians have signed. Whether these are the network's guardians is another question. */
export interface OpenedKey {
  readonly statement: KeyStatement;
  /** With the signatures that verified, each guardian's once. */
  readonly signed: SignedKey;
}

/** The payload to be signed. @throws LocatorError `GUARDIAN_KEY_INVALID` when it does not fit together */
export function statementPayload(statement: KeyStatement): string {
  return toBase64Url(canonicalJsonBytes(checkStatement(statement)));
}

/** One guardian's signature. */
export async function signKeyStatement(payload: string, identity: Pick<LocalIdentity, 'current' | 'did'>): Promise<SignedKey['signatures'][number]> {
  const { resolved, signer } = identity.current();
  const { signatures } = await signJws(signer, TYPE, resolved.signingKeyIds, fromBase64Url(payload));
  return { guardian: identity.did, signatures };
}

/** Whether one guardian's signature verifies with its keys of now. */
export async function hasSigned(payload: string, { guardian, signatures }: SignedKey['signatures'][number], keysOf: SigningKeysOf): Promise<boolean> {
  const keys = await keysOf(guardian);
  if (keys === undefined) return false;
  const jws: GeneralJws = { payload, signatures };
  return await verifyJwsWithAnyKey(keys, TYPE, jws).then(() => true, () => false);
}

/**
 * Verifies a statement: its form, that its public shares are those of its public key, and that at least a threshold of its
 * guardians have signed it with keys that count now.
 * @throws LocatorError `GUARDIAN_KEY_INVALID`
 */
export async function openSignedKey(signed: SignedKey, networkId: string, keysOf: SigningKeysOf): Promise<OpenedKey> {
  const statement = readStatement(signed.payload);
  if (statement.networkId !== networkId) throw keyInvalid(new Error('It is of another network.'));
  const valid = new Map<string, SignedKey['signatures'][number]>();
  for (const signature of signed.signatures) {
    const { guardian } = signature;
    if (!statement.guardians.includes(guardian) || valid.has(guardian)) continue;
    if (await hasSigned(signed.payload, signature, keysOf)) valid.set(guardian, signature);
  }
  if (valid.size < statement.threshold) throw keyInvalid(new Error('Too few guardians have signed it.'));
  return { statement, signed: { payload: signed.payload, signatures: [...valid.values()] } };
}

/** Reads a statement that we ourselves have verified and kept. @throws LocatorError `GUARDIAN_KEY_INVALID` */
export function readStatement(payload: string): KeyStatement {
  try {
    if (payload.length > MAX_PAYLOAD_CHARACTERS) throw new Error('It is too large.');
    const statement = checkStatement(statementSchema.parse(JSON.parse(Buffer.from(fromBase64Url(payload)).toString('utf8'))));
    if (toBase64Url(canonicalJsonBytes(statement)) !== payload) throw new Error('It is not canonical.');
    return statement;
  } catch (cause) {
    throw keyInvalid(cause);
  }
}

/** A signed statement as it is kept. */
export function encodeSignedKey(signed: SignedKey): Uint8Array {
  return encodeWire(signedKeySchema, signed);
}

/** What {@link encodeSignedKey} made. */
export function decodeSignedKey(encoded: Uint8Array): SignedKey {
  return decodeWire(signedKeySchema, encoded, MAX_SIGNED_KEY_BYTES);
}

/** Names a statement; 32 bytes. */
export function statementDigest(payload: string): Uint8Array {
  return hashWithContext('locator/guardian-key', payload);
}

/** A guardian's index in a set, from 1; 0 when it is none of them. */
export function indexOf(guardians: readonly string[], did: string): number {
  return guardians.indexOf(did) + 1;
}

/** Guardians in the order in which they are numbered. */
export function inOrder(guardians: readonly string[]): string[] {
  return [...guardians].sort();
}

/** An element of a statement. */
export function elementBytes(encoded: string): Uint8Array {
  return fromBase64Url(encoded);
}

function checkStatement(statement: KeyStatement): KeyStatement {
  const { guardians, threshold, publicKey, publicShares } = statement;
  const mistake = guardianMistake({ members: guardians, threshold });
  if (mistake !== undefined) throw keyInvalid(new Error(mistake));
  if (inOrder(guardians).some((did, at) => did !== guardians[at])) throw keyInvalid(new Error('The guardians are not in order.'));
  if (publicShares.length !== guardians.length) throw keyInvalid(new Error('There is not one public share for each guardian.'));
  const points = publicShares.map((share, at) => ({ index: at + 1, element: decodeElement(fromBase64Url(share)) }));
  const first = points.slice(0, threshold);
  const fits = decodeElement(fromBase64Url(publicKey)).equals(interpolate(first)) && points.slice(threshold).every(({ index, element: share }) => share.equals(interpolate(first, index)));
  if (!fits) throw keyInvalid(new Error('The public shares are not those of the public key.'));
  return statement;
}

function keyInvalid(cause: unknown): LocatorError {
  return new LocatorError('GUARDIAN_KEY_INVALID', 'A statement of guardians about their key does not verify.', { cause });
}
