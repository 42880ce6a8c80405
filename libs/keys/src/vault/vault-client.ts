import { isIP } from 'node:net';
import { later, readAtMost, systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { KeysError } from '../keys-error.ts';
import { readSecret } from '../secret-file.ts';

/** Where the server is, who we are there, and how long we wait. */
export interface VaultOptions {
  /** `https://host:port`, with a path where a gateway has one; `http` for this machine alone. */
  readonly address: string;
  /** Either the token or the file that holds it, which is read for each request, so that an agent beside us can replace it. */
  readonly token?: string;
  readonly tokenFile?: string;
  readonly namespace?: string;
  /** For one request. @default 5,000 */
  readonly timeoutMilliseconds?: number;
  /** How often a request is made at the most, while the server is out of order or busy. @default 4 */
  readonly attempts?: number;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** An answer that is ours to interpret: 200 to 299, 400 and 404. */
export interface VaultAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A wrapped secret of a kilobyte in base64, or the list of a few hundred versions: far less. */
const MAX_ANSWER_BYTES = 64 * 1024;
const DEFAULT_TIMEOUT_MILLISECONDS = 5_000;
const DEFAULT_ATTEMPTS = 4;
/** Doubles with each attempt: the last of four comes 1.4 seconds after the first. */
const FIRST_PAUSE_MILLISECONDS = 200;
const TOO_MANY_REQUESTS = 429;
/** A standby that has not caught up with what we wrote. */
const NOT_UP_TO_DATE = 412;

/** Requests to a Vault-like server, with bounds on everything. What it answers is never put into an error. */
export class VaultClient {
  private readonly base: URL;

  /** @throws KeysError `HOLDER_MISCONFIGURED` */
  constructor(private readonly options: VaultOptions) {
    this.base = parseAddress(options.address);
  }

  /** @throws KeysError `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`, `HOLDER_MISCONFIGURED` */
  async request(method: 'GET' | 'POST', path: string, body?: object): Promise<VaultAnswer> {
    const { attempts = DEFAULT_ATTEMPTS, clock = systemClock } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(method, path, body);
      if (!('retry' in outcome)) return outcome;
      if (attempt >= attempts) throw unreachable(outcome.retry);
      await clock.sleepUntil(later(clock.now(), FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1)));
    }
  }

  private async attempt(method: 'GET' | 'POST', path: string, body?: object): Promise<VaultAnswer | { readonly retry: unknown }> {
    const token = await this.token();
    let response: Response;
    try {
      response = await this.send(method, path, token, body);
      // A token that was replaced while we asked.
      if (response.status === 403 && (await this.token()) !== token) {
        await response.body?.cancel();
        response = await this.send(method, path, await this.token(), body);
      }
      const text = await readBounded(response);
      if (response.status >= 500 || response.status === TOO_MANY_REQUESTS || response.status === NOT_UP_TO_DATE) return { retry: undefined };
      return interpret(response.status, text);
    } catch (error) {
      if (error instanceof KeysError) throw error;
      return { retry: error };
    }
  }

  private send(method: string, path: string, token: string, body?: object): Promise<Response> {
    const { namespace, timeoutMilliseconds = DEFAULT_TIMEOUT_MILLISECONDS } = this.options;
    return fetch(new URL(`v1/${path}`, this.base), {
      method,
      headers: {
        'X-Vault-Token': token,
        'X-Vault-Request': 'true',
        ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would take the token to an address that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
  }

  private async token(): Promise<string> {
    const token = await readSecret(this.options.token, this.options.tokenFile, 'token');
    // Looked at here: the error of a header that is not valid would quote it.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new KeysError('HOLDER_MISCONFIGURED', 'The token of the key holder is not one line of printable characters.');
    return token;
  }
}

function interpret(status: number, text: string): VaultAnswer {
  if (status === 401 || status === 403) throw new KeysError('HOLDER_REFUSED', 'The key server does not let us do this: check the token and its policy.');
  if ((status >= 200 && status < 300) || status === 400 || status === 404) return { status, body: parseJson(text) };
  throw new KeysError('HOLDER_REFUSED', `The key server answers with status ${status}, which is none of its interface: check its address.`);
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Without the cause, which would quote the text.
    throw new KeysError('HOLDER_UNREACHABLE', 'What answers at the address of the key server is not one.');
  }
}

async function readBounded(response: Response): Promise<string> {
  const body = response.body === null ? new Uint8Array() : await readAtMost(MAX_ANSWER_BYTES, response.body as AsyncIterable<Uint8Array>);
  if (body === undefined) throw new KeysError('HOLDER_UNREACHABLE', 'The key server answers with far more than it should.');
  return Buffer.from(body).toString('utf8');
}

function parseAddress(address: string): URL {
  const url = URL.parse(address.endsWith('/') ? address : `${address}/`);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new KeysError('HOLDER_MISCONFIGURED', 'The address of the key server must start with https:// .');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new KeysError('HOLDER_MISCONFIGURED', 'The address of the key server must have no user, password, query or fragment.');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw new KeysError('HOLDER_MISCONFIGURED', 'The key server must be reached over https, unless it is on this machine.');
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));
}

function unreachable(cause: unknown): KeysError {
  return new KeysError('HOLDER_UNREACHABLE', 'The key server does not answer, is sealed or is overloaded.', { cause });
}
