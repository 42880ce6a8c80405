import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { NodeError } from '../failures/node-error.ts';
import type { AddressGuard } from './address-guard.ts';
import { callOnce } from './outbound-call.ts';
import type { CheckedAddress, OutboundAnswer } from './outbound-call.ts';

/** All that belongs to one request, redirects included: a service that needs longer is down. */
const TIMEOUT_MILLISECONDS = 10_000;
/** An address that moved, and one for its new name; more is a loop or a trick. */
const MAX_REDIRECTS = 3;
/** A larger address is no address of a service. */
const MAX_URL_CHARACTERS = 2_048;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Looks a name up: every address that it has. */
export type LookUp = (host: string) => Promise<readonly CheckedAddress[]>;

/** How {@link OutboundHttp} is set up. */
export interface OutboundHttpOptions {
  readonly guard: AddressGuard;
  /** Whether `http:` is permitted, to listed hosts alone: in demo mode. */
  readonly plainHttp?: boolean;
  readonly lookUp?: LookUp;
  /** PEM certificates to be trusted instead of the system's. */
  readonly certificateAuthorities?: readonly string[];
  readonly timeoutMilliseconds?: number;
}

/** One request. */
export interface OutboundRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The most that the body may have, decompressed. */
  readonly maxBytes: number;
  /** GET alone; else a redirect is given back as it is. */
  readonly followRedirects?: boolean;
  readonly signal?: AbortSignal;
}

/** A hop of a request: where it goes, and whether that is in public. */
interface Hop {
  readonly url: URL;
  readonly addresses: readonly CheckedAddress[];
  readonly isPublic: boolean;
}

/**
 * The one way out of the node over HTTP. Addresses come from DID documents and configuration of others, so nothing private is
 * reached unless the operator listed it: the name is looked up here, every address it has is checked, and the connection goes
 * to those very addresses. HTTPS alone; three redirects, each checked anew, never down to plain HTTP nor from a public to a
 * private place; limits of size and time; no cookies, no credentials in addresses.
 */
export class OutboundHttp {
  constructor(private readonly options: OutboundHttpOptions) {}

  /** GET, redirects followed: the `DocumentFetcher` of the DID resolver. @throws NodeError `OUTBOUND_*` */
  async get(url: string, { maxBytes, accept }: { readonly maxBytes: number; readonly accept: string }): Promise<{ status: number; body: Uint8Array }> {
    const { status, body } = await this.request(url, { headers: { accept }, maxBytes, followRedirects: true });
    return { status, body };
  }

  /**
   * Any request.
   * @throws NodeError `OUTBOUND_REFUSED` (the address may not be called), `OUTBOUND_UNREACHABLE`, `OUTBOUND_TIMEOUT`,
   *   `OUTBOUND_TOO_LARGE`, `OUTBOUND_ANSWER_INVALID`
   */
  async request(url: string, request: OutboundRequest): Promise<OutboundAnswer> {
    const timeout = AbortSignal.timeout(this.options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
    try {
      return await untilAborted(signal, this.follow(url, request, signal));
    } catch (cause) {
      if (!signal.aborted) throw cause;
      throw new NodeError('OUTBOUND_TIMEOUT', 'Another service did not answer in time.', { cause });
    }
  }

  /** The same as `fetch`, for libraries that take one: openid-client among them. It never follows redirects. */
  asFetch(maxBytes: number): (url: string, init: { method?: string; headers?: Record<string, string>; body?: unknown; signal?: AbortSignal | null }) => Promise<Response> {
    return async (url, { method = 'GET', headers = {}, body, signal }) => {
      if (method !== 'GET' && method !== 'POST') throw new NodeError('OUTBOUND_REFUSED', 'Another service is asked by GET and POST alone.');
      // Response turns every kind of body that a library may give into bytes, and knows its type.
      const wrapped = body === undefined || body === null ? undefined : new Response(body as ConstructorParameters<typeof Response>[0]);
      const type = wrapped?.headers.get('content-type');
      const answer = await this.request(url, {
        method,
        headers: { ...(type === undefined || type === null ? {} : { 'content-type': type }), ...headers },
        ...(wrapped === undefined ? {} : { body: new Uint8Array(await wrapped.arrayBuffer()) }),
        maxBytes,
        ...(signal === undefined || signal === null ? {} : { signal }),
      });
      return new Response(NO_BODY.has(answer.status) ? null : Buffer.from(answer.body), { status: answer.status, headers: responseHeaders(answer) });
    };
  }

  private async follow(start: string, request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
    const { method = 'GET', body, maxBytes, followRedirects = false } = request;
    let headers = withoutCookies(request.headers ?? {});
    let hop = await this.check(parseUrl(start));
    for (let redirects = 0; ; redirects += 1) {
      const answer = await callOnce({ ...hop, method, headers, body, maxBytes, signal, certificateAuthorities: this.options.certificateAuthorities });
      if (!REDIRECTS.has(answer.status) || !followRedirects || method !== 'GET') return answer;
      if (redirects === MAX_REDIRECTS) throw new NodeError('OUTBOUND_ANSWER_INVALID', 'Another service redirects too often.');
      const next = await this.check(redirectTarget(answer, hop.url));
      if (hop.url.protocol === 'https:' && next.url.protocol !== 'https:') throw refused('Another service redirects from HTTPS to plain HTTP.');
      if (hop.isPublic && !next.isPublic) throw refused('Another service redirects from the public network into a private one.');
      if (next.url.origin !== hop.url.origin) headers = without(headers, 'authorization');
      hop = next;
    }
  }

  /** Refuses what may not be called; else says where the connection is to go. */
  private async check(url: URL): Promise<Hop> {
    const { guard, plainHttp = false } = this.options;
    const host = hostOf(url);
    const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('Another service is reached over HTTPS alone.');
    if (url.username !== '' || url.password !== '') throw refused('The address of another service holds credentials.');
    const addresses = isIP(host) === 0 ? await this.lookUp(host) : [{ address: host, family: isIP(host) }];
    if (addresses.length === 0) throw new NodeError('OUTBOUND_UNREACHABLE', 'Another service has no address.');
    // All of them: a name with one public and one private address is how a guard is got round.
    if (!addresses.every(({ address }) => guard.permits(host, port, address))) throw refused('The address of another service is private, and its host is not on the list of allowed hosts.');
    if (url.protocol === 'http:' && !(plainHttp && addresses.every(({ address }) => guard.lists(host, port) || guard.lists(address, port)))) {
      throw refused('Another service is reached over HTTPS alone.');
    }
    return { url, addresses, isPublic: addresses.every(({ address }) => guard.kindOf(address) === 'public') };
  }

  private async lookUp(host: string): Promise<readonly CheckedAddress[]> {
    try {
      return await (this.options.lookUp ?? systemLookUp)(host);
    } catch (cause) {
      throw new NodeError('OUTBOUND_UNREACHABLE', 'The name of another service is not known.', { cause });
    }
  }
}

/** Statuses whose responses have no body by definition. */
const NO_BODY = new Set([204, 205, 304]);

const systemLookUp: LookUp = (host) => systemLookup(host, { all: true, order: 'verbatim' });

function parseUrl(text: string): URL {
  if (text.length > MAX_URL_CHARACTERS || !URL.canParse(text)) throw refused('The address of another service is none.');
  return new URL(text);
}

function redirectTarget(answer: OutboundAnswer, base: URL): URL {
  const { location } = answer.headers;
  if (location === undefined || location.length > MAX_URL_CHARACTERS || !URL.canParse(location, base.href)) {
    throw new NodeError('OUTBOUND_ANSWER_INVALID', 'Another service redirects to nowhere.');
  }
  return new URL(location, base);
}

/** The host without the brackets of IPv6 and without the dot that ends a rooted name. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function withoutCookies(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return without(headers, 'cookie');
}

function without(headers: Readonly<Record<string, string>>, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key.toLowerCase() !== name));
}

/** Those that a library may want; cookies are not kept, and the body is decompressed already. */
function responseHeaders({ headers }: OutboundAnswer): [string, string][] {
  const dropped = new Set(['set-cookie', 'content-encoding', 'content-length', 'transfer-encoding']);
  return Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' && !dropped.has(name) ? [[name, value] as [string, string]] : []));
}

function refused(sentence: string): NodeError {
  return new NodeError('OUTBOUND_REFUSED', sentence);
}

/** A look-up of a name cannot be cancelled: it is left behind. */
function untilAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
