import type { Clock } from '@carecord/core';
import { Resolver } from 'did-resolver';
import type { DIDResolver } from 'did-resolver';
import type { DidSource } from '../did/did-histories.ts';
import { didKeyDocument } from './did-key.ts';
import { resolveDidWeb } from './did-web.ts';
import { resolveDidWebvh } from './did-webvh.ts';
import { HttpsDidSource } from './https-did-source.ts';
import type { DocumentFetcher, MemberDids } from './ports.ts';
import { failedResult, foundResult, ResolutionFailure } from './result.ts';
import type { DidResolutionResult } from './result.ts';
import { ResultCache } from './result-cache.ts';

/** What {@link DidResolution} needs. */
export interface DidResolutionDependencies {
  readonly fetcher: DocumentFetcher;
  readonly clock: Clock;
  /** `DidHistories`: the DIDs in it are resolved as the network holds them. */
  readonly members?: MemberDids;
  /** Where the histories of other did:webvh come from; if not given, from where each of them says. */
  readonly source?: DidSource;
}

/** A did:key of ML-DSA-65 is the longest; nothing longer is even parsed. */
const MAX_CHARACTERS = 3_000;
/** Resolutions at work at once, each with up to three documents of a megabyte in memory. */
const MAX_PENDING = 32;
const JSON_TYPES = /^\*\/\*$|^application\/(?:\*|did|json|did\+json|did\+ld\+json|did-resolution)(?:;|$)/;

/**
 * Resolves DIDs of the methods `webvh`, `web` and `key` to DID Resolution Results (DID Core 1.0, section 7.1). Whatever
 * is wrong with a DID is part of the result; only a fault of our own, such as a store that is away, is thrown. Results are remembered, failures for a shorter time; the same DID asked for twice
 * at once is resolved once.
 */
export class DidResolution {
  private readonly cache: ResultCache;
  private readonly pending = new Map<string, Promise<DidResolutionResult>>();
  private readonly resolver: Resolver;

  constructor(dependencies: DidResolutionDependencies) {
    const { fetcher, clock, members, source = new HttpsDidSource(fetcher) } = dependencies;
    this.cache = new ResultCache(clock);
    const methods = {
      webvh: guarded((did) => resolveDidWebvh(did, { members, source, clock })),
      web: guarded((did) => resolveDidWeb(did, fetcher, (other) => this.resolve(other))),
      key: guarded((did) => Promise.resolve(foundResult(didKeyDocument(did), {}))),
    };
    this.resolver = new Resolver(methods);
  }

  /**
   * @param did a DID, without path, query and fragment
   * @param options.accept a media type; only those of JSON are given
   */
  async resolve(did: string, options: { readonly accept?: string } = {}): Promise<DidResolutionResult> {
    if (options.accept !== undefined && !options.accept.split(',').some((type) => JSON_TYPES.test(type.trim()))) {
      return failedResult('representationNotSupported', 'DID documents are given in JSON alone.');
    }
    if (did.length > MAX_CHARACTERS || /[/?#]/.test(did)) return failedResult('invalidDid', 'Not a DID.');
    const known = this.cache.find(did);
    if (known !== undefined) return known;
    const started = this.pending.get(did);
    if (started !== undefined) return await started;
    if (this.pending.size >= MAX_PENDING) return failedResult('internalError', 'Too many DIDs are being resolved at once.');
    const work = this.resolveAnew(did);
    this.pending.set(did, work);
    try {
      return await work;
    } finally {
      this.pending.delete(did);
    }
  }

  private async resolveAnew(did: string): Promise<DidResolutionResult> {
    const { didDocument, didDocumentMetadata, didResolutionMetadata } = await this.resolver.resolve(did);
    const { contentType, error } = didResolutionMetadata;
    const found = { didDocument, didDocumentMetadata, didResolutionMetadata: contentType === undefined ? {} : { contentType } };
    const result = error === undefined ? found : failureOf(error, didResolutionMetadata['message']);
    // A did:key costs nothing to read again, and anybody can make as many as there are.
    if (!did.startsWith('did:key:') && error !== 'internalError') this.cache.keep(did, result);
    return result;
  }
}

/** Turns failures into results; anything else is a defect and is thrown. */
function guarded(resolve: (did: string) => Promise<DidResolutionResult>): DIDResolver {
  return async (did) => {
    try {
      return await resolve(did);
    } catch (failure) {
      if (failure instanceof ResolutionFailure) return failedResult(failure.code, failure.message);
      throw failure;
    }
  };
}

/** The library has its own words for what it finds before any method does. */
function failureOf(error: string, message: unknown): DidResolutionResult {
  if (error === 'unsupportedDidMethod') return failedResult('methodNotSupported', 'DIDs of this method cannot be resolved here.');
  if (error === 'notFound' || error === 'internalError') return failedResult(error, typeof message === 'string' ? message : 'The DID was not found.');
  return failedResult('invalidDid', typeof message === 'string' ? message : 'Not a DID.');
}
