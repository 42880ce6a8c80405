import { decodeWire, encodeWire, WireError } from '@carecord/core';
import type { Clock } from '@carecord/core';
import type { Connection, Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import type { z } from 'zod';
import { asError } from '../as-error.ts';
import type { Counters, Observation, Observer } from '../health/ports.ts';
import { NetworkError } from '../network-error.ts';
import type { MessageProtocol } from '../ports.ts';
import { ENVELOPE_BYTES, envelopeOf } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import { isTooLarge } from './frame-errors.ts';
import { TimeLimit } from './time-limit.ts';

/** Requests of one protocol that we may have open at once on one connection. */
const MAX_OUTBOUND_STREAMS = 64;

/** Who watches how members answer. */
export interface MessageWatch {
  readonly observer: Observer;
  readonly counters: Counters;
  readonly clock: Clock;
}

/** Whom to ask, and how. */
export interface Asking extends MessageWatch {
  readonly did: string;
  /** Gives the connection; its time counts too. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  readonly signal?: AbortSignal | undefined;
}

/** Says no more than a protocol's name: the message never shows what was asked. */
interface Asked {
  readonly protocol: MessageProtocol<z.ZodType, z.ZodType>;
  readonly signal: AbortSignal;
}

/** What was seen of one exchange so far. */
interface Seen {
  connectedAt: number | undefined;
  bytes: number;
}

/**
 * Asks one question over a connection to a proven member, and takes down how it answered.
 * @throws NetworkError `UNREACHABLE`, `TIMEOUT`, `REMOTE_REFUSED`, `REQUEST_TOO_LARGE` or `RESPONSE_INVALID`; or the given signal's reason
 */
export async function ask<Request extends z.ZodType, Response extends z.ZodType>(
  protocol: MessageProtocol<Request, Response>,
  request: z.infer<Request>,
  asking: Asking,
): Promise<z.infer<Response>> {
  const encoded = encodeWire(protocol.request, request);
  if (encoded.length > protocol.maxRequestBytes) {
    throw new NetworkError('REQUEST_TOO_LARGE', `A request is larger than the ${protocol.maxRequestBytes} bytes of "${protocol.name}".`);
  }
  using limit = new TimeLimit(protocol.timeoutMilliseconds, asking.signal);
  const asked: Asked = { protocol, signal: limit.signal };
  const seen: Seen = { connectedAt: undefined, bytes: 0 };
  try {
    const connection = await asking.connect(asked.signal);
    seen.connectedAt = asking.clock.now().getTime();
    seen.bytes = encoded.length;
    const answer = await exchange(asked, await openStream(asked, connection), encoded);
    seen.bytes += answer.length;
    const decoded = decodeAnswer(protocol, answer);
    takeDown(protocol.name, asking, seen);
    return decoded;
  } catch (error) {
    takeDown(protocol.name, asking, seen, error);
    asking.signal?.throwIfAborted();
    if (limit.isOver) throw new NetworkError('TIMEOUT', `There was no answer to "${protocol.name}" in time.`, { cause: error });
    throw error;
  }
}

/** Whoever gave up waiting has seen nothing of the member's conduct. */
function takeDown(protocol: string, { clock, counters, did, observer, signal }: Asking, { bytes, connectedAt }: Seen, error?: unknown): void {
  const failed = error !== undefined;
  if (connectedAt !== undefined) counters.message(protocol, 'sent', { bytes, failed });
  if (failed && signal?.aborted === true) return;
  const observation = observationOf(error, connectedAt === undefined ? undefined : clock.now().getTime() - connectedAt);
  if (observation.kind === 'malformed') counters.dropped('RESPONSE_INVALID');
  observer.observe(did, observation);
}

/** @param milliseconds since there was a connection; `undefined` when there was none */
function observationOf(error: unknown, milliseconds: number | undefined): Observation {
  if (milliseconds === undefined) return { kind: 'unreachable' };
  if (error === undefined || (error instanceof NetworkError && error.code === 'REMOTE_REFUSED')) return { kind: 'answered', milliseconds };
  if (error instanceof NetworkError && error.code === 'UNREACHABLE') return { kind: 'unreachable' };
  const isShapeless = error instanceof NetworkError && error.code === 'RESPONSE_INVALID' && (error.cause instanceof WireError || isTooLarge(error.cause));
  return { kind: isShapeless ? 'malformed' : 'timeout' };
}

async function openStream({ protocol, signal }: Asked, connection: Connection): Promise<Stream> {
  try {
    // A relayed connection is "limited": the relay ends it after so many bytes. Our messages go over it all the same.
    return await connection.newStream(protocol.name, { signal, maxOutboundStreams: MAX_OUTBOUND_STREAMS, runOnLimitedConnection: true });
  } catch (cause) {
    throw new NetworkError('UNREACHABLE', `The member does not take "${protocol.name}".`, { cause });
  }
}

async function exchange({ protocol, signal }: Asked, stream: Stream, encoded: Uint8Array): Promise<Uint8Array> {
  const maxDataLength = protocol.maxResponseBytes + ENVELOPE_BYTES;
  try {
    const frames = lpStream(stream, { maxDataLength, maxBufferSize: maxDataLength + ENVELOPE_BYTES });
    // A refusal may come before the request has been taken whole, so writing does not hold up reading.
    frames.write(encoded, { signal }).catch(() => undefined);
    const answer = (await frames.read({ signal })).subarray();
    stream.close({ signal }).catch((error: unknown) => stream.abort(asError(error)));
    return answer;
  } catch (cause) {
    stream.abort(asError(cause));
    throw new NetworkError('RESPONSE_INVALID', `The answer to "${protocol.name}" is too large or broke off.`, { cause });
  }
}

function decodeAnswer<Response extends z.ZodType>(protocol: MessageProtocol<z.ZodType, Response>, encoded: Uint8Array): z.infer<Response> {
  const envelope = decodeEnvelope(protocol, encoded);
  if (envelope.ok) return envelope.value;
  throw new NetworkError('REMOTE_REFUSED', `The member refused "${protocol.name}".`, { remoteCode: envelope.code });
}

function decodeEnvelope<Response extends z.ZodType>(protocol: MessageProtocol<z.ZodType, Response>, encoded: Uint8Array): Envelope<z.infer<Response>> {
  try {
    return decodeWire(envelopeOf(protocol.response), encoded, protocol.maxResponseBytes + ENVELOPE_BYTES);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new NetworkError('RESPONSE_INVALID', `The answer to "${protocol.name}" does not have its shape.`, { cause });
  }
}
