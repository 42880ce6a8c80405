import { BoundedCache, systemClock } from '@carecord/core';
import type { SigningPublicKeys } from '@carecord/crypto';
import { IdentityError } from '../identity-error.ts';
import { MAX_DID_HISTORY_BYTES } from '../limits.ts';
import { documentContent, recipientKeyId, signingKeyIds } from './did-document.ts';
import type { DidService } from './did-document.ts';
import { historyInvalid, versionNumberOf } from './did-entries.ts';
import type { DidHistory } from './did-entries.ts';
import { GENERAL_POLICY, MEMBER_POLICY } from './did-policy.ts';
import type { DidPolicy } from './did-policy.ts';
import { checkNotFuture, verifyHistory, verifyUnwitnessed } from './did-verification.ts';
import type { VerifiedHistory } from './did-verification.ts';

/** A hospital's DID as its history, fully verified, says it is now. */
export interface ResolvedDid {
  readonly did: string;
  /** `number-hash` of the last entry: names this very history. */
  readonly versionId: string;
  readonly versionNumber: number;
  /** The history itself, to be sent on. */
  readonly log: DidHistory;
  /** The current signing keys: to authenticate with, and for new statements. */
  readonly signing: SigningPublicKeys;
  readonly signingKeyIds: { readonly ed25519: string; readonly mlDsa65: string };
  /** All signing keys that the document still lists, the current ones first: statements verify by any of these. */
  readonly acceptedSigning: readonly SigningPublicKeys[];
  /** X25519 with ML-KEM-768, 1216 bytes. */
  readonly recipientPublicKey: Uint8Array;
  readonly recipientKeyId: string;
  readonly services: readonly DidService[];
  /** versionTime of the last entry. */
  readonly updatedAt: Date;
}

/** Any did:webvh as its history, fully verified, says it is now. */
export interface VerifiedDidWebvh {
  readonly did: string;
  readonly versionId: string;
  readonly versionNumber: number;
  /** With the services that the method implies; absent once the DID is deactivated. */
  readonly document: Readonly<Record<string, unknown>> | undefined;
  readonly deactivated: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Histories and what was read of them: those of about five hundred hospitals with three versions each. */
const CACHE_BYTES = 64 * MAX_DID_HISTORY_BYTES;
/** What is read of a history beside its text: keys, ids and services. */
const RESOLVED_BYTES = 16 * 1024;

const cache = new BoundedCache<VerifiedDid>({ size: CACHE_BYTES });

/** What is remembered of a verified history. */
export interface VerifiedDid extends Pick<VerifiedHistory, 'did' | 'versionIds' | 'updatedAt'> {
  /** Absent once the DID is deactivated. */
  readonly resolved: ResolvedDid | undefined;
}

/**
 * Verifies a hospital's whole history offline and reads the keys of its last document. What was verified is remembered, for the
 * same history is shown again with each connection.
 * @param did the DID that the history must be of
 * @param now the present instant: no version may be dated after it
 * @throws IdentityError `DID_LOG_INVALID`, `DID_TIME_INVALID`, `DID_PRE_ROTATION_MISSING`, `DID_COSIGNATURE_MISSING`,
 *   `DID_COSIGNATURE_INVALID`, `DID_WITNESSES_MISSING`, `DID_DEACTIVATED`
 */
export async function resolveDidHistory(did: string, history: DidHistory, policy: DidPolicy = MEMBER_POLICY, now: Date = systemClock.now()): Promise<ResolvedDid> {
  return activeDid(await verifyDid(did, history, policy, now));
}

/**
 * The same but for the witnesses of the last entry, who are yet to be asked: for an application, and for rotations in progress.
 * @throws IdentityError as {@link resolveDidHistory} does
 */
export async function resolveUnwitnessedDid(did: string, history: DidHistory, policy: DidPolicy = MEMBER_POLICY, now: Date = systemClock.now()): Promise<ResolvedDid> {
  return activeDid(withContent(await verifyUnwitnessed(did, history, policy, now), history));
}

/**
 * Verifies the history of any did:webvh 1.0, whatever its document says.
 * @throws IdentityError `DID_LOG_INVALID`, `DID_TIME_INVALID`, `DID_WITNESSES_MISSING`
 */
export async function verifyDidWebvh(did: string, history: DidHistory, now: Date = systemClock.now()): Promise<VerifiedDidWebvh> {
  const { versionIds, document, deactivated, createdAt, updatedAt } = await verifyHistory(did, history, GENERAL_POLICY, now);
  return { did, versionId: lastOf(versionIds), versionNumber: versionIds.length, document, deactivated, createdAt, updatedAt };
}

/** Verifies a hospital's history, or knows that it did. @throws IdentityError as {@link resolveDidHistory} does, but for `DID_DEACTIVATED` */
export async function verifyDid(did: string, history: DidHistory, policy: DidPolicy, now: Date): Promise<VerifiedDid> {
  // The text itself: to hash it costs more than to compare it, and the same history is shown with every connection.
  const key = `${did}\n${JSON.stringify(policy)}\n${history}`;
  const known = cache.get(key);
  if (known !== undefined) {
    checkNotFuture(known.updatedAt, now);
    return known;
  }
  const verified = withContent(await verifyHistory(did, history, policy, now), history);
  cache.set(key, verified, 2 * history.length + RESOLVED_BYTES);
  return verified;
}

/** What a verified history says of the hospital now. @throws IdentityError `DID_DEACTIVATED` */
export function activeDid({ resolved }: VerifiedDid): ResolvedDid {
  if (resolved === undefined) throw new IdentityError('DID_DEACTIVATED', 'The DID was deactivated by its owner.');
  return resolved;
}

function withContent({ did, versionIds, updatedAt, state, deactivated }: VerifiedHistory, history: DidHistory): VerifiedDid {
  if (deactivated) return { did, versionIds, updatedAt, resolved: undefined };
  const { signing, previousSigning, recipient, services } = readContent(did, state);
  const versionId = lastOf(versionIds);
  const resolved: ResolvedDid = {
    did,
    versionId,
    versionNumber: versionNumberOf(versionId),
    log: history,
    signing: signing.publicKeys,
    signingKeyIds: signingKeyIds(did, signing.number),
    acceptedSigning: [signing, ...previousSigning].map(({ publicKeys }) => publicKeys),
    recipientPublicKey: recipient.publicKey,
    recipientKeyId: recipientKeyId(did, recipient.number),
    services,
    updatedAt,
  };
  return { did, versionIds, updatedAt, resolved };
}

function readContent(did: string, document: unknown): ReturnType<typeof documentContent> {
  try {
    return documentContent(did, document);
  } catch (cause) {
    throw historyInvalid(cause);
  }
}

function lastOf(versionIds: readonly string[]): string {
  return versionIds.at(-1) ?? '';
}
