import type { ResolvedDid } from '../did/did-history.ts';

/** Fetches documents of others over HTTPS. The implementation guards against private addresses and endless answers. */
export interface DocumentFetcher {
  /**
   * GET, redirects followed as far as that is safe.
   * @param url an `https:` address that came from a stranger
   * @throws any error when there is no answer, or one that is larger than `maxBytes`
   */
  get(url: string, options: { readonly maxBytes: number; readonly accept: string }): Promise<{ readonly status: number; readonly body: Uint8Array }>;
}

/** The DIDs of the network's members, which are held to the network's policy: `DidHistories`. */
export interface MemberDids {
  known(did: string): Promise<ResolvedDid | undefined>;
  resolve(did: string): Promise<ResolvedDid>;
}
