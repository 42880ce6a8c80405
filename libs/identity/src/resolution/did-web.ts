import type { DIDDocument } from 'did-resolver';
import { z } from 'zod';
import { parseJson } from '../did/did-entries.ts';
import { didHttpsFolder } from '../did/did-https-folder.ts';
import { nestsDeeperThan } from '../json-depth.ts';
import { MAX_DID_CHARACTERS } from '../limits.ts';
import type { DocumentFetcher } from './ports.ts';
import { foundResult, ResolutionFailure } from './result.ts';
import type { DidResolutionResult } from './result.ts';
import { sameKeys } from './same-keys.ts';

/** A document of ours with four pairs of signing keys has 25 KiB. */
const MAX_DOCUMENT_BYTES = 128 * 1024;
/** Keys, services and other names of one document. */
const MAX_ELEMENTS = 64;
const MAX_TEXT_CHARACTERS = 4_096;
/** A key in a relationship has five; what is much deeper is meant to exhaust a stack. */
const MAX_DEPTH = 32;

const text = z.string().max(MAX_TEXT_CHARACTERS);
const method = z.looseObject({ id: text, type: text, controller: text });
const relationship = z.array(z.union([text, method])).max(MAX_ELEMENTS).optional();
/** DID Core 1.0, section 5: what a document of a stranger must look like before anything reads it. */
const documentSchema = z.looseObject({
  id: text,
  alsoKnownAs: z.array(text).max(MAX_ELEMENTS).optional(),
  verificationMethod: z.array(method).max(MAX_ELEMENTS).optional(),
  authentication: relationship,
  assertionMethod: relationship,
  keyAgreement: relationship,
  capabilityInvocation: relationship,
  capabilityDelegation: relationship,
  service: z.array(z.looseObject({ id: text, type: z.union([text, z.array(text).max(MAX_ELEMENTS)]), serviceEndpoint: z.unknown() })).max(MAX_ELEMENTS).optional(),
});

/**
 * Resolves a did:web. Whoever holds the web server says what its document is; where the document names a did:webvh as another
 * name of its subject, that one must say the same keys, so an alias of ours is as trustworthy as its history.
 * @param resolveOther resolves the did:webvh
 * @throws ResolutionFailure `invalidDid`, `notFound`
 */
export async function resolveDidWeb(did: string, fetcher: DocumentFetcher, resolveOther: (did: string) => Promise<DidResolutionResult>): Promise<DidResolutionResult> {
  const document = parseDocument(did, await fetchDocument(didWebUrl(did), fetcher));
  const aliases = (document.alsoKnownAs ?? []).filter((name) => name.startsWith('did:webvh:'));
  const [alias] = aliases;
  if (alias === undefined) return foundResult(document, {});
  if (aliases.length > 1) throw new ResolutionFailure('invalidDid', 'The did:web document names several did:webvh.');
  const { didDocument, didResolutionMetadata } = await resolveOther(alias);
  const { error } = didResolutionMetadata;
  if (error === 'notFound' || error === 'internalError') throw new ResolutionFailure(error, 'The did:webvh that the did:web document names could not be had.');
  if (didDocument === null || !sameKeys(document, didDocument)) {
    throw new ResolutionFailure('invalidDid', 'The did:web document does not have the keys of the did:webvh that it names.');
  }
  return foundResult(document, {});
}

/** did:web Method Specification, "Read (Resolve)": the address of the document. @throws ResolutionFailure `invalidDid` */
function didWebUrl(did: string): string {
  const folder = did.length <= MAX_DID_CHARACTERS ? didHttpsFolder(did.slice('did:web:'.length)) : undefined;
  if (folder === undefined) throw new ResolutionFailure('invalidDid', 'Not a did:web, or one without a host name that can be asked.');
  return `${folder}/did.json`;
}

async function fetchDocument(url: string, fetcher: DocumentFetcher): Promise<string> {
  try {
    const { status, body } = await fetcher.get(url, { maxBytes: MAX_DOCUMENT_BYTES, accept: 'application/did+json, application/did+ld+json, application/json;q=0.9' });
    if (status === 200) return Buffer.from(body).toString('utf8');
  } catch (cause) {
    throw new ResolutionFailure('notFound', 'Where the document of that DID should be nobody answers, or what answers may not be asked.', { cause });
  }
  throw new ResolutionFailure('notFound', 'There is no document of that DID where it should be.');
}

function parseDocument(did: string, json: string): DIDDocument {
  try {
    const parsed = parseJson(json);
    if (nestsDeeperThan(parsed, MAX_DEPTH)) throw new Error('The document is nested too deeply.');
    const document = documentSchema.parse(parsed);
    if (document.id !== did) throw new Error('The document is of another DID.');
    return document as DIDDocument;
  } catch (cause) {
    throw new ResolutionFailure('invalidDid', 'What stands where the document of that DID should be is none, or that of another DID.', { cause });
  }
}
