import { decodeWire, encodeWire, errorCodeOf, RateLimiter, WireError } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import type { LengthPrefixedStream } from '@libp2p/utils';
import type { z } from 'zod';
import { orAborted } from '../abort.ts';
import { asError } from '../as-error.ts';
import type { Counters, Observer } from '../health/ports.ts';
import { NetworkError } from '../network-error.ts';
import type { Member, MessageHandler, MessageProtocol } from '../ports.ts';
import type { MemberRegistry } from '../host/member-registry.ts';
import { ENVELOPE_BYTES, envelopeOf, refusalSchema } from './envelope.ts';
import type { RefusalCode } from './envelope.ts';
import { isTooLarge, isTruncated } from './frame-errors.ts';
import { TimeLimit } from './time-limit.ts';

/** Requests of one protocol that one connection may have open at once. */
const MAX_INBOUND_STREAMS = 64;
/**
 * And one member, over all its connections: a request takes up to its limit of memory while it comes in, and a member may open as many
 * connections as it has peers.
 */
const MAX_OPEN_A_MEMBER = 128;
/** Lines in the log about one member's refused requests: what it is refused is counted, and is not to fill the disk. */
const LINES_A_MEMBER = { burst: 60, perSecond: 0.1 };
/** An answer must be taken within this time: it is counted apart, so that `TIMED_OUT` can still be said. */
const SEND_TIMEOUT_MILLISECONDS = 10_000;
/** More than one read of the transport: a request over the limit is refused with a code before its bytes overflow. */
const SLACK_BYTES = 256 * 1024;
/** How long stopping waits for handlers that are at work. */
const GRACE_MILLISECONDS = 2_000;

/** What the server uses of its host. */
export interface MessageServerOptions {
  readonly node: Libp2p;
  readonly registry: Pick<MemberRegistry, 'byPeer'>;
  readonly observer: Observer;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Done before a member is answered; never rejects. */
  readonly beforeAnswer?: (from: Member, protocol: string) => Promise<unknown>;
}

/** Why a request is refused; carried to the answer as a code alone. */
class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    cause?: unknown,
  ) {
    super(code, { cause });
  }

  /** Whether the request came whole, and is none. */
  get isShapeless(): boolean {
    return this.cause instanceof WireError || isTooLarge(this.cause) || isTruncated(this.cause);
  }
}

/** What one member may ask of one protocol. */
class Limits {
  private readonly requests: RateLimiter;
  private readonly volume: RateLimiter | undefined;
  private readonly open = new Map<string, number>();

  constructor({ rate, requestBytes }: Pick<MessageProtocol<z.ZodType, z.ZodType>, 'rate' | 'requestBytes'>, clock: Clock) {
    this.requests = new RateLimiter(rate, clock);
    this.volume = requestBytes && new RateLimiter(requestBytes, clock);
  }

  charge({ did }: Member): void {
    if (!this.requests.take(did) || (this.open.get(did) ?? 0) > MAX_OPEN_A_MEMBER) throw new Refusal('RATE_LIMITED');
  }

  /** A request of the member is at work, until {@link end}. */
  begin({ did }: Member): void {
    this.open.set(did, (this.open.get(did) ?? 0) + 1);
  }

  end({ did }: Member): void {
    const rest = (this.open.get(did) ?? 0) - 1;
    if (rest > 0) this.open.set(did, rest);
    else this.open.delete(did);
  }

  chargeBytes({ did }: Member, { length }: Uint8Array): void {
    if (this.volume?.take(did, length) === false) throw new Refusal('RATE_LIMITED');
  }
}

/** Answers requests of members: limits first, then the schema, then the handler. */
export class MessageServer {
  private readonly names = new Set<string>();
  private readonly atWork = new Set<Promise<void>>();
  private readonly lines: RateLimiter;
  private open = false;

  constructor(private readonly options: MessageServerOptions) {
    this.lines = new RateLimiter(LINES_A_MEMBER, options.clock);
  }

  /** @throws NetworkError `PROTOCOL_TAKEN` */
  handle<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: MessageHandler<Request, Response>,
  ): void {
    if (this.names.has(protocol.name)) throw new NetworkError('PROTOCOL_TAKEN', `"${protocol.name}" has a handler already.`);
    this.names.add(protocol.name);
    const limits = new Limits(protocol, this.options.clock);
    const listener = (stream: Stream, connection: Connection): void => {
      if (!this.open) {
        stream.abort(new Error('STOPPING'));
        return;
      }
      const work = this.answer(protocol, handler, limits, stream, connection);
      this.atWork.add(work);
      void work.finally(() => this.atWork.delete(work));
    };
    this.options.node.handle(protocol.name, listener, { maxInboundStreams: MAX_INBOUND_STREAMS, runOnLimitedConnection: true }).catch((cause: unknown) => {
      this.options.logger.error('protocol-not-registered', { protocol: protocol.name }, cause);
    });
  }

  /** Takes requests from now on. */
  start(): void {
    this.open = true;
  }

  /** Takes no more requests and waits, not for ever, until running handlers have answered. */
  async stop(): Promise<void> {
    this.open = false;
    const timeout = AbortSignal.timeout(GRACE_MILLISECONDS);
    // Rejects at the time limit alone: what is at work still loses its connection.
    await orAborted(Promise.allSettled([...this.atWork]), timeout).catch(() => undefined);
  }

  /** One request from its first byte to the last of its answer. Never rejects. */
  private async answer<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: MessageHandler<Request, Response>,
    limits: Limits,
    stream: Stream,
    connection: Connection,
  ): Promise<void> {
    const from = this.options.registry.byPeer(connection.remotePeer.toString());
    if (from === undefined) {
      // Its membership ended while it was connected: nothing on this connection counts any more.
      this.options.counters.dropped('NOT_A_MEMBER');
      connection.abort(new Error('NOT_A_MEMBER'));
      return;
    }
    using limit = new TimeLimit(protocol.timeoutMilliseconds);
    limits.begin(from);
    try {
      const frames = lpStream(stream, { maxDataLength: protocol.maxRequestBytes, maxBufferSize: protocol.maxRequestBytes + SLACK_BYTES });
      const answer = await this.respond(protocol, handler, limits, frames, from, limit.signal);
      await this.options.beforeAnswer?.(from, protocol.name);
      using sending = new TimeLimit(SEND_TIMEOUT_MILLISECONDS);
      await frames.write(answer, { signal: sending.signal });
      await stream.close({ signal: sending.signal });
    } catch (cause) {
      if (this.lines.take(from.did)) this.options.logger.warn('answer-not-sent', { protocol: protocol.name, to: from.did }, cause);
      stream.abort(asError(cause));
    } finally {
      limits.end(from);
    }
  }

  private async respond<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: MessageHandler<Request, Response>,
    limits: Limits,
    frames: LengthPrefixedStream,
    from: Member,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    let received = 0;
    try {
      limits.charge(from);
      const encoded = await readRequest(frames, signal);
      received = encoded.length;
      limits.chargeBytes(from, encoded);
      const request = decodeRequest(protocol, encoded);
      const value = await orAborted(handler(request, from), signal);
      const answer = encodeWire(envelopeOf(protocol.response), { ok: true, value });
      if (answer.length > protocol.maxResponseBytes + ENVELOPE_BYTES) throw new Error('The handler gave more than its protocol allows.');
      this.options.counters.message(protocol.name, 'received', { bytes: received + answer.length, failed: false });
      return answer;
    } catch (error) {
      const code = signal.aborted ? 'TIMED_OUT' : codeFor(protocol, error);
      this.log(protocol.name, from, code, error);
      this.takeDown(from, code, error);
      const answer = encodeWire(refusalSchema, { ok: false, code });
      this.options.counters.message(protocol.name, 'received', { bytes: received + answer.length, failed: true });
      return answer;
    }
  }

  /** What no handler should see is held against who sent it, unless it was cut off on its way. */
  private takeDown({ did }: Member, code: string, error: unknown): void {
    const { counters, observer } = this.options;
    if (code === 'TIMED_OUT' || error instanceof Refusal) counters.dropped(code);
    if (!(error instanceof Refusal)) return;
    if (code === 'RATE_LIMITED') observer.observe(did, { kind: 'flood' });
    if (error.isShapeless) observer.observe(did, { kind: 'malformed' });
  }

  private log(protocol: string, from: Member, code: string, error: unknown): void {
    const fields = { protocol, from: from.did, code };
    if (code === 'INTERNAL') this.options.logger.error('request-failed', fields, error);
    else if (this.lines.take(from.did)) this.options.logger.info('request-refused', fields);
  }
}

async function readRequest(frames: LengthPrefixedStream, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return (await frames.read({ signal })).subarray();
  } catch (cause) {
    throw new Refusal(isTooLarge(cause) ? 'REQUEST_TOO_LARGE' : 'REQUEST_MALFORMED', cause);
  }
}

function decodeRequest<Request extends z.ZodType>(protocol: MessageProtocol<Request, z.ZodType>, encoded: Uint8Array): z.infer<Request> {
  try {
    return decodeWire(protocol.request, encoded, protocol.maxRequestBytes);
  } catch (cause) {
    throw new Refusal('REQUEST_MALFORMED', cause);
  }
}

/** Only codes that are meant for the asker leave; whatever else went wrong is our own affair. */
function codeFor(protocol: MessageProtocol<z.ZodType, z.ZodType>, error: unknown): string {
  if (error instanceof Refusal) return error.code;
  return protocol.refusalCodes?.find((code) => code === errorCodeOf(error)) ?? 'INTERNAL';
}
