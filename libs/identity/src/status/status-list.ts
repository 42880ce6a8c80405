import { later } from '@carecord/core';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { z } from 'zod';
import { signingKeysFingerprint } from '../accepted-keys.ts';
import { CREDENTIALS_V2 } from '../credentials/contexts.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { decodeJws } from '../encoded-jws.ts';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { didSchema, webUrlSchema } from '../schemas.ts';
import { openStatement, readStatement, signStatement } from '../statement.ts';
import { Bitstring, MAX_ENCODED_LIST_CHARACTERS } from './bitstring.ts';
import { MAX_STATUS_INDEX, revocationBit, suspensionBit } from './status-bits.ts';

/** How one member stands with an authority. */
export interface StatusEntry {
  /** The member's number in the list. */
  readonly index: number;
  /** Ended for good. */
  readonly revoked: boolean;
  /** Rests, and may come back. */
  readonly suspended: boolean;
}

/** A verified status list. */
export interface StatusList {
  /** The DID of the authority that issued it. */
  readonly authority: string;
  readonly url: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
  /** Names the authority's keys that signed. */
  readonly signedWith: string;
  /** What it says of the member with this number; undefined when the list does not reach so far. */
  statusOf(index: number): 'standing' | 'revoked' | 'suspended' | undefined;
}

const TYPE = 'vc+jwt';

/** The list and some short texts; base64url adds a third. */
const MAX_PAYLOAD_CHARACTERS = Math.ceil(((MAX_ENCODED_LIST_CHARACTERS + 4 * 1024) * 4) / 3);
/** A payload and, base64url, two signatures with their headers (about 5 KiB). */
export const MAX_STATUS_LIST_BYTES = MAX_PAYLOAD_CHARACTERS + 8 * 1024;

/** Bitstring Status List 1.0, section 2.2, as a verifiable credential of the data model 2.0. */
const statusListSchema = z.strictObject({
  '@context': z.tuple([z.literal(CREDENTIALS_V2)]),
  id: webUrlSchema,
  type: z.tuple([z.literal('VerifiableCredential'), z.literal('BitstringStatusListCredential')]),
  issuer: didSchema,
  validFrom: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  credentialSubject: z.strictObject({
    id: z.string().max(1024),
    type: z.literal('BitstringStatusList'),
    statusPurpose: z.tuple([z.literal('revocation'), z.literal('suspension')]),
    encodedList: z.string().max(MAX_ENCODED_LIST_CHARACTERS),
  }),
});

/**
 * Issues an authority's status list.
 * @param options.listUrl the address in the credentials that the authority issues
 * @param options.entries one for each member that the authority ever admitted, also for those in good standing: the list is made as
 * long as the highest number needs
 * @param options.validForMilliseconds at the most the network's `statusMaxAgeMilliseconds`: beyond that nobody believes it
 * @throws IdentityError `STATUS_LIST_INVALID` for a number out of range or given twice
 */
export async function issueStatusList(options: {
  readonly issuer: ResolvedDid;
  readonly signer: HybridSigner;
  readonly listUrl: string;
  readonly entries: readonly StatusEntry[];
  readonly now: Date;
  readonly validForMilliseconds: number;
}): Promise<GeneralJws> {
  const { issuer, signer, listUrl, entries, now, validForMilliseconds } = options;
  return await signStatement(statusListSchema, TYPE, { signingKeyIds: issuer.signingKeyIds, signer }, {
    '@context': [CREDENTIALS_V2],
    id: listUrl,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: issuer.did,
    validFrom: now.toISOString(),
    validUntil: later(now, validForMilliseconds).toISOString(),
    credentialSubject: {
      id: `${listUrl}#list`,
      type: 'BitstringStatusList',
      statusPurpose: ['revocation', 'suspension'],
      encodedList: bitsOf(entries).encode(),
    },
  });
}

function bitsOf(entries: readonly StatusEntry[]): Bitstring {
  const indexes = entries.map(({ index }) => index);
  if (indexes.some((index) => !Number.isInteger(index) || index < 0 || index > MAX_STATUS_INDEX) || new Set(indexes).size !== indexes.length) {
    throw new IdentityError('STATUS_LIST_INVALID', `The members' numbers in a status list differ, and are from 0 to ${MAX_STATUS_INDEX}.`);
  }
  const highest = indexes.reduce((left, right) => Math.max(left, right), 0);
  const bits = Bitstring.ofLength(suspensionBit(highest) + 1);
  for (const { index, revoked, suspended } of entries) {
    if (revoked) bits.set(revocationBit(index));
    if (suspended) bits.set(suspensionBit(index));
  }
  return bits;
}

/** A status list whose shape was checked and whose signatures were not. */
export interface ClaimedStatusList {
  readonly jws: GeneralJws;
  /** The authority's DID. */
  readonly issuer: string;
  readonly validFrom: Date;
}

/**
 * Reads by whom and of when a status list claims to be. Nothing is verified, nor unpacked.
 * @throws IdentityError `STATUS_LIST_INVALID` when it is not of the shape
 */
export function readStatusList(jws: unknown): ClaimedStatusList {
  try {
    const { jws: parsed, statement } = readStatement(statusListSchema, jws, MAX_PAYLOAD_CHARACTERS);
    return { jws: parsed, issuer: statement.issuer, validFrom: new Date(statement.validFrom) };
  } catch (cause) {
    throw statusListInvalid(cause);
  }
}

/** The same of a list in JSON. @throws IdentityError `STATUS_LIST_INVALID` when it is not of the shape */
export function readEncodedStatusList(encoded: Uint8Array): ClaimedStatusList {
  try {
    return readStatusList(decodeJws(encoded));
  } catch (cause) {
    throw statusListInvalid(cause);
  }
}

/**
 * Verifies a status list: both signatures by one pair of the authority's accepted keys, then the bits. How old it may be is for
 * the caller to judge; only one that was issued in the future is refused.
 * @param jws anything: it is parsed by a schema first
 * @throws IdentityError `STATUS_LIST_INVALID`
 */
export async function verifyStatusList(jws: unknown, expected: { readonly authority: ResolvedDid; readonly now: Date }): Promise<StatusList> {
  const { authority, now } = expected;
  const claimed = readStatusList(jws);
  try {
    const { statement, signedBy } = await openStatement(statusListSchema, TYPE, authority.acceptedSigning, claimed.jws);
    const [validFrom, validUntil] = [new Date(statement.validFrom), new Date(statement.validUntil)];
    if (statement.issuer !== authority.did) throw new Error('The issuer is another DID.');
    if (validFrom.getTime() > now.getTime() + CLOCK_SKEW_MILLISECONDS) throw new Error('The status list is of the future.');
    const bits = Bitstring.decode(statement.credentialSubject.encodedList);
    return {
      authority: authority.did,
      url: statement.id,
      validFrom,
      validUntil,
      signedWith: signingKeysFingerprint(signedBy),
      statusOf: (index) => statusAt(bits, index),
    };
  } catch (cause) {
    throw statusListInvalid(cause);
  }
}

function statusAt(bits: Bitstring, index: number): ReturnType<StatusList['statusOf']> {
  const revoked = bits.get(revocationBit(index));
  const suspended = bits.get(suspensionBit(index));
  if (revoked === undefined || suspended === undefined) return undefined;
  if (revoked) return 'revoked';
  return suspended ? 'suspended' : 'standing';
}

function statusListInvalid(cause: unknown): IdentityError {
  return new IdentityError('STATUS_LIST_INVALID', 'A status list is not by a trusted authority, or not of the right shape.', { cause });
}
