import type { Clock } from '@carecord/core';
import type { DIDDocument, DIDDocumentMetadata } from 'did-resolver';
import type { DidSource } from '../did/did-histories.ts';
import { verifyDidWebvh } from '../did/did-history.ts';
import type { VerifiedDidWebvh } from '../did/did-history.ts';
import { versionTimeOf } from '../did/did-time.ts';
import { didWebvhUrls } from '../did/did-webvh-urls.ts';
import { IdentityError } from '../identity-error.ts';
import type { MemberDids } from './ports.ts';
import { foundResult, ResolutionFailure } from './result.ts';
import type { DidResolutionResult } from './result.ts';

/** What the resolution of did:webvh needs. */
export interface DidWebvhDependencies {
  readonly members: MemberDids | undefined;
  readonly source: DidSource;
  readonly clock: Clock;
}

/**
 * Resolves a did:webvh: one of a member as the network holds it (its policy, its highest version seen), any other one by the
 * source and the rules of did:webvh 1.0 alone.
 * @throws ResolutionFailure `invalidDid`, `notFound`
 */
export async function resolveDidWebvh(did: string, dependencies: DidWebvhDependencies): Promise<DidResolutionResult> {
  try {
    didWebvhUrls(did);
    const history = await historyOf(did, dependencies);
    return resultOf(await verifyDidWebvh(did, history, dependencies.clock.now()));
  } catch (cause) {
    if (!(cause instanceof IdentityError)) throw cause;
    if (cause.code === 'DID_DEACTIVATED') return foundResult(null, { deactivated: true });
    throw new ResolutionFailure(cause.code === 'DID_NOT_FOUND' ? 'notFound' : 'invalidDid', cause.message, { cause });
  }
}

async function historyOf(did: string, { members, source }: DidWebvhDependencies): Promise<string> {
  if (members !== undefined && (await members.known(did)) !== undefined) return (await members.resolve(did)).log;
  const history = await fetchFrom(source, did);
  if (history === undefined) throw new IdentityError('DID_NOT_FOUND', 'There is no history of that DID where it should be.');
  return history;
}

async function fetchFrom(source: DidSource, did: string): Promise<string | undefined> {
  try {
    return await source.fetch(did);
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause;
    throw new IdentityError('DID_NOT_FOUND', 'Where the history of that DID should be nobody answers, or what answers may not be asked.', { cause });
  }
}

function resultOf({ did, document, deactivated, versionId, versionNumber, createdAt, updatedAt }: VerifiedDidWebvh): DidResolutionResult {
  const metadata: DIDDocumentMetadata = {
    created: versionTimeOf(createdAt),
    updated: versionTimeOf(updatedAt),
    versionId,
    versionNumber,
    versionTime: versionTimeOf(updatedAt),
    scid: did.split(':')[2],
    ...(deactivated ? { deactivated } : {}),
  };
  return foundResult(deactivated || document === undefined ? null : (document as DIDDocument), metadata);
}
