import { encodeWire } from '@carecord/core';
import type { MessageHandler, MessageProtocol } from '@carecord/network';
import type { z } from 'zod';
import { MessageServer } from '../../../libs/network/src/messages/message-server.ts';

/** Good frames kept of one protocol and direction; larger ones would make the fuzzing slow and not better. */
const MAX_KEPT = 24;
const MAX_KEPT_BYTES = 64 * 1024;

type AnyProtocol = MessageProtocol<z.ZodType, z.ZodType>;
type AnyHandler = MessageHandler<z.ZodType, z.ZodType>;

/** A protocol as some host serves it, and frames that were really sent. */
export interface ServedProtocol {
  readonly protocol: AnyProtocol;
  /** That of the first host that registered it: the tests make the most capable host first. */
  readonly handler: AnyHandler;
  readonly requests: Uint8Array[];
  readonly answers: Uint8Array[];
}

/**
 * Listens to every host that is made while it is open: which protocols they serve, whoever registered them, and what is asked and
 * answered. So a protocol that comes new is fuzzed without anybody thinking of it.
 */
export class ProtocolBook {
  private readonly byName = new Map<string, ServedProtocol>();

  private constructor(private readonly original: MessageServer['handle']) {}

  /** Begins to listen. */
  static open(): ProtocolBook {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- put back, and called with its server, below
    const original = MessageServer.prototype.handle;
    const book = new ProtocolBook(original);
    MessageServer.prototype.handle = function handle(this: MessageServer, protocol: AnyProtocol, handler: AnyHandler): void {
      const entry = book.enter(protocol, handler);
      original.call(this, protocol, async (request, from) => {
        keep(entry.requests, encodeWire(protocol.request, request));
        const answer = await handler(request, from);
        keep(entry.answers, encodeWire(protocol.response, answer));
        return answer;
      });
    } as MessageServer['handle'];
    return book;
  }

  /** Listens no longer. */
  close(): void {
    MessageServer.prototype.handle = this.original;
  }

  /** Every protocol, by name. */
  served(): ServedProtocol[] {
    return [...this.byName.values()].sort((one, other) => (one.protocol.name < other.protocol.name ? -1 : 1));
  }

  private enter(protocol: AnyProtocol, handler: AnyHandler): ServedProtocol {
    const entry = this.byName.get(protocol.name) ?? { protocol, handler, requests: [], answers: [] };
    this.byName.set(protocol.name, entry);
    return entry;
  }
}

function keep(frames: Uint8Array[], frame: Uint8Array): void {
  if (frames.length >= MAX_KEPT || frame.length > MAX_KEPT_BYTES || frames.some((other) => Buffer.compare(other, frame) === 0)) return;
  frames.push(frame);
}
