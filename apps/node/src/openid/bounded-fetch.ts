import { readAtMost } from '@carecord/core';
import { OpenIdError } from './openid-error.ts';

/** How the provider is reached: the guarded fetch of the node, which decides where requests may go at all. */
export type ProviderFetch = (
  url: string,
  request: { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown; readonly signal?: AbortSignal },
) => Promise<Response>;

/** A discovery document has a few KiB, a key set with certificates tens. */
export const MAX_ANSWER_BYTES = 256 * 1024;
/** A person waits for it. */
export const PROVIDER_TIMEOUT_SECONDS = 10;

/**
 * A fetch whose answers are read here, in bounded size, and whose faults are one error: the provider is not available.
 */
export function boundedFetch(fetch: ProviderFetch): ProviderFetch {
  return async (url, request) => {
    try {
      const answer = await fetch(url, { ...request, signal: request.signal ?? AbortSignal.timeout(PROVIDER_TIMEOUT_SECONDS * 1000) });
      const body = await readBounded(answer);
      if (answer.status >= 500) throw new Error('The provider answered with a fault.');
      return new Response(BODILESS.has(answer.status) ? null : body, { status: answer.status, headers: answer.headers });
    } catch (cause) {
      throw new OpenIdError('OPENID_UNAVAILABLE', "The hospital's sign-in service cannot be reached at the moment.", { cause });
    }
  };
}

/** Statuses whose answers have no body (Fetch, "null body status"). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

async function readBounded(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  if (answer.body === null) return new Uint8Array();
  const body = await readAtMost(MAX_ANSWER_BYTES, answer.body as AsyncIterable<Uint8Array>);
  if (body === undefined) throw new Error('The answer of the provider is too large.');
  return body;
}
