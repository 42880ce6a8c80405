import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RateLimiter, readAtMost } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { CliError } from '../cli-error.ts';
import type { Answer, CredentialService } from './credential-service.ts';

/** The largest example credential of the suites, twenty times. */
const MAX_BODY_BYTES = 256 * 1024;
/** A suite asks one thing after the other and waits. */
const REQUEST_TIMEOUT_MILLISECONDS = 10_000;
const MAX_CONNECTIONS = 64;
/** A suite has some thousand requests; an ML-DSA signature takes about a millisecond. */
const RATE = { burst: 2_000, perSecond: 100 };

/** A VC-API that listens. */
export interface VcApiServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws CliError `PORT_BUSY` */
export async function startVcApiServer(options: { readonly service: CredentialService; readonly host: string; readonly port: number; readonly clock: Clock }): Promise<VcApiServer> {
  const { service, host, port, clock } = options;
  const limiter = new RateLimiter(RATE, clock);
  const server = createServer((request, response) => {
    answer(request, service, limiter).then(
      (result) => respond(response, result),
      () => respond(response, failure(500, 'Something unexpected went wrong.')),
    );
  });
  server.requestTimeout = REQUEST_TIMEOUT_MILLISECONDS;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new CliError('PORT_BUSY', `${host}:${port} cannot be listened at: is another program there?`, { cause })));
    server.listen(port, host, resolve);
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, service: CredentialService, limiter: RateLimiter): Promise<Answer> {
  const work = { '/credentials/issue': (body: unknown) => service.issue(body), '/credentials/verify': (body: unknown) => service.verify(body) }[request.url ?? ''];
  if (work === undefined) return failure(404, 'There is nothing at this address.');
  if (request.method !== 'POST') return failure(405, 'This address accepts POST alone.');
  if (!limiter.take(request.socket.remoteAddress ?? 'unknown')) return failure(429, 'Too many requests came from this address: wait a second.');
  if (!/^application\/(?:ld\+)?json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) return failure(415, 'A request is JSON.');
  const body = await readAtMost(MAX_BODY_BYTES, request as AsyncIterable<Uint8Array>);
  if (body === undefined) return failure(413, `A request has at most ${MAX_BODY_BYTES} bytes.`);
  const parsed = parse(body);
  return parsed === undefined ? failure(400, 'The request is no JSON.') : await work(parsed.value);
}

function parse(body: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(Buffer.from(body).toString('utf8')) as unknown };
  } catch {
    return undefined;
  }
}

/** Problem Details, RFC 9457. */
function failure(status: number, detail: string): Answer {
  return { status, body: { type: 'about:blank', title: detail, status, detail } };
}

function respond(response: ServerResponse, { status, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  // What was not read of a request that is too large is not waited for.
  const connection = status === 413 ? { connection: 'close' } : {};
  response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', ...connection });
  response.end(JSON.stringify(body));
}
