import type { DIDDocument, DIDDocumentMetadata } from 'did-resolver';

/**
 * Why there is no document (DID Resolution, "Errors"; did:webvh 1.0):
 * - `invalidDid`: not a DID, not one that can be, or its document or history does not verify
 * - `notFound`: nobody has a document of it, or nobody answers
 * - `methodNotSupported`: a method other than `webvh`, `web` and `key`
 * - `representationNotSupported`: another media type than JSON was asked for
 * - `internalError`: this resolver is busy
 */
export type DidResolutionErrorCode = 'invalidDid' | 'notFound' | 'methodNotSupported' | 'representationNotSupported' | 'internalError';

/** A DID Resolution Result (DID Core 1.0, section 7.1). A deactivated DID has no document, and no error either. */
export interface DidResolutionResult {
  readonly didDocument: DIDDocument | null;
  readonly didDocumentMetadata: DIDDocumentMetadata;
  readonly didResolutionMetadata: { readonly contentType?: string; readonly error?: DidResolutionErrorCode; readonly message?: string };
}

/** Why a DID could not be resolved, with a sentence that holds nothing of the other party's. */
export class ResolutionFailure extends Error {
  constructor(readonly code: DidResolutionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A result without document. */
export function failedResult(error: DidResolutionErrorCode, message: string): DidResolutionResult {
  return { didDocument: null, didDocumentMetadata: {}, didResolutionMetadata: { error, message } };
}

/** A result with a document, or that of a deactivated DID. */
export function foundResult(didDocument: DIDDocument | null, didDocumentMetadata: DIDDocumentMetadata): DidResolutionResult {
  const contentType = didDocument !== null && '@context' in didDocument ? 'application/did+ld+json' : 'application/did+json';
  return { didDocument, didDocumentMetadata, didResolutionMetadata: didDocument === null ? {} : { contentType } };
}
