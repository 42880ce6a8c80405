import { request as plainRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { readAtMost } from '@carecord/core';
import { NodeError } from '../failures/node-error.ts';

/** An address that was checked, as the socket will use it. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: number;
}

/** One request to one address; redirects are the caller's matter. */
export interface OutboundCall {
  readonly url: URL;
  /** Where the connection goes; the name in the URL is not looked up again. */
  readonly addresses: readonly CheckedAddress[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Further certificate authorities, PEM; the system's own count as well unless some are given. */
  readonly certificateAuthorities: readonly string[] | undefined;
}

/** What came back, decompressed. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/**
 * Makes one HTTP request on a connection of its own.
 * @throws NodeError `OUTBOUND_TOO_LARGE`, `OUTBOUND_ANSWER_INVALID`, `OUTBOUND_UNREACHABLE`
 */
export async function callOnce(call: OutboundCall): Promise<OutboundAnswer> {
  try {
    const response = await send(call);
    try {
      return { status: response.statusCode ?? 0, headers: response.headers, body: await readBody(response, call.maxBytes) };
    } finally {
      response.destroy();
    }
  } catch (cause) {
    if (cause instanceof NodeError) throw cause;
    throw new NodeError('OUTBOUND_UNREACHABLE', 'Another service did not answer.', { cause });
  }
}

function send(call: OutboundCall): Promise<IncomingMessage> {
  const { url, method, signal, certificateAuthorities } = call;
  return new Promise((resolve, reject) => {
    const options = {
      method,
      signal,
      // Its own connection: a pooled one could have been opened for an address that is no longer allowed.
      agent: false as const,
      lookup: pinned(call.addresses),
      // An answer that is compressed is limited after decompression as well.
      headers: { 'accept-encoding': 'gzip, deflate, br', ...call.headers, ...(call.body === undefined ? {} : { 'content-length': String(call.body.length) }) },
    };
    const request: ClientRequest =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, minVersion: 'TLSv1.2', ...(certificateAuthorities === undefined ? {} : { ca: [...certificateAuthorities] }) }, resolve)
        : plainRequest(url, options, resolve);
    request.once('error', reject);
    request.end(call.body);
  });
}

/** Answers the socket's question for the name with the addresses that were checked: no second look-up, no rebinding. */
function pinned(addresses: readonly CheckedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const body = await readAtMost(maxBytes, decoded(response, maxBytes) as AsyncIterable<Uint8Array>);
  if (body === undefined) throw tooLarge();
  // A connection that was cut off ends the stream as well.
  if (!response.complete) throw new NodeError('OUTBOUND_UNREACHABLE', 'Another service broke off its answer.');
  return body;
}

/** A map and no object: the name is the other service's, and an object also answers to `constructor`. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

function decoded(response: IncomingMessage, maxBytes: number): Readable {
  const encoding = response.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding === 'identity') return response;
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) throw new NodeError('OUTBOUND_ANSWER_INVALID', 'Another service answered in an encoding that was not asked for.');
  const stream = decoder();
  let received = 0;
  // What is compressed counts too: a megabyte can decompress to nothing.
  response.on('data', (chunk: Uint8Array) => {
    received += chunk.length;
    if (received > maxBytes) stream.destroy(tooLarge());
  });
  response.once('error', (error) => stream.destroy(error));
  response.once('aborted', () => stream.destroy(new NodeError('OUTBOUND_UNREACHABLE', 'Another service broke off its answer.')));
  return response.pipe(stream);
}

function tooLarge(): NodeError {
  return new NodeError('OUTBOUND_TOO_LARGE', 'The answer of another service is too large.');
}
