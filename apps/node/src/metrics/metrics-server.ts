import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from '@carecord/core';
import { NodeError } from '../failures/node-error.ts';
import type { Metrics } from './metrics.ts';

/** Where Prometheus looks unless it is told otherwise. */
const METRICS_PATH = '/metrics';
/** A request is a line and a few headers; a client that takes longer to say it is none. */
const REQUEST_TIMEOUT_MILLISECONDS = 5_000;
/** One or two servers scrape a node, over a connection each. */
const MAX_CONNECTIONS = 20;

/**
 * Listens for Prometheus, apart from the API: it is reached by others, and nobody signs in.
 * @returns closes it
 * @throws NodeError `PORT_BUSY`
 */
export async function serveMetrics(metrics: Metrics, { host, port, logger }: { readonly host: string; readonly port: number; readonly logger: Logger }): Promise<() => Promise<void>> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MILLISECONDS, headersTimeout: REQUEST_TIMEOUT_MILLISECONDS }, (request, response) => {
    void answer(metrics, request, response).catch((error: unknown) => {
      logger.error('metrics-failed', {}, error);
      respond(response, 500);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, host, port);
  logger.info('metrics-listening', { host, port });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

async function answer(metrics: Metrics, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== METRICS_PATH) {
    respond(response, 404);
    return;
  }
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET');
    respond(response, 405);
    return;
  }
  const text = await metrics.text();
  response.setHeader('content-type', metrics.contentType);
  respond(response, 200, text);
}

function respond(response: ServerResponse, status: number, text = ''): void {
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(text);
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(port, host, () => resolve(undefined));
  try {
    await promise;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be listened at (${code})`;
    throw new NodeError('PORT_BUSY', `The metrics port ${port} at ${host} ${reason}: correct CARECORD_METRICS_PORT or CARECORD_METRICS_HOST.`, { cause });
  }
}
