import { decodeWire, encodeWire } from '@carecord/core';
import type { MessageProtocol } from '@carecord/network';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import type { z } from 'zod';
import { envelopeOf, refusalSchema } from '../../libs/network/src/messages/envelope.ts';
import type { TestNode } from '../../libs/testkit/src/network-fixture.ts';

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const ANSWER_MILLISECONDS = 30_000;

type AnyProtocol = MessageProtocol<z.ZodType, z.ZodType>;
/** What our host's type hides. */
interface WithNode {
  readonly parts: { readonly node: Libp2p };
}

/** What became of a frame that was sent: a refusal's code, `answered`, or `cut` when the other end broke off. */
export type Fate = string;

/** The hands of a member whose software does what it likes, on the genuine connections of its host. */
export class RawPeer {
  private readonly node: Libp2p;

  constructor(readonly member: TestNode) {
    this.node = (member.host as unknown as WithNode).parts.node;
  }

  /** Sends the bytes as one frame of a protocol, and says what came of it. */
  async send(to: TestNode, protocol: AnyProtocol, frame: Uint8Array): Promise<Fate> {
    const stream = await this.open(to, protocol.name);
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    try {
      const frames = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES, maxBufferSize: MAX_FRAME_BYTES });
      // The other end may refuse before it has everything.
      frames.write(frame, { signal }).catch(() => undefined);
      return fateOf(protocol, (await frames.read({ signal })).subarray());
    } catch {
      return 'cut';
    } finally {
      stream.abort(new Error('DONE'));
    }
  }

  /** Sends bytes that are no frame: the length in front of them is not written. */
  async sendUnframed(to: TestNode, protocol: AnyProtocol, bytes: Uint8Array): Promise<Fate> {
    const stream = await this.open(to, protocol.name);
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    try {
      const frames = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES, maxBufferSize: MAX_FRAME_BYTES });
      stream.send(bytes);
      // No more comes, and it says so.
      stream.close({ signal }).catch(() => undefined);
      return fateOf(protocol, (await frames.read({ signal })).subarray());
    } catch {
      return 'cut';
    } finally {
      stream.abort(new Error('DONE'));
    }
  }

  /** Opens a stream of a protocol and leaves it to the caller. */
  open(to: TestNode, protocol: string): Promise<Stream> {
    return this.connectionTo(to).newStream(protocol, { maxOutboundStreams: 10_000, signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
  }

  /**
   * Answers a protocol in place of the host.
   * @param answer the bytes of the whole answer, envelope included; `undefined`: there will never be one
   */
  async answer(protocol: AnyProtocol, answer: (request: Uint8Array, from: string) => Promise<Uint8Array | undefined> | Uint8Array | undefined): Promise<void> {
    await this.node.unhandle(protocol.name);
    await this.node.handle(protocol.name, (stream: Stream, connection: Connection) => {
      const serve = async (): Promise<void> => {
        const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
        const frames = lpStream(stream, { maxDataLength: MAX_FRAME_BYTES, maxBufferSize: MAX_FRAME_BYTES });
        const bytes = await answer((await frames.read({ signal })).subarray(), connection.remotePeer.toString());
        if (bytes === undefined) return;
        await frames.write(bytes, { signal });
        await stream.close({ signal });
      };
      serve().catch((error: unknown) => stream.abort(error instanceof Error ? error : new Error('failed')));
    });
  }

  private connectionTo({ host }: TestNode): Connection {
    const connection = this.node.getConnections().find(({ remotePeer }) => remotePeer.toString() === host.peerId);
    if (connection === undefined) throw new Error('The two are not connected.');
    return connection;
  }
}

/** A well-formed answer to a protocol. */
export function answerOf<Response extends z.ZodType>(protocol: MessageProtocol<z.ZodType, Response>, value: z.infer<Response>): Uint8Array {
  return encodeWire(envelopeOf(protocol.response), { ok: true, value });
}

function fateOf(protocol: AnyProtocol, answer: Uint8Array): Fate {
  const refusal = tryDecode(refusalSchema, answer);
  return refusal === undefined ? (tryDecode(envelopeOf(protocol.response), answer) === undefined ? 'nonsense' : 'answered') : refusal.code;
}

function tryDecode<Schema extends z.ZodType>(schema: Schema, encoded: Uint8Array): z.infer<Schema> | undefined {
  try {
    return decodeWire(schema, encoded, MAX_FRAME_BYTES);
  } catch {
    return undefined;
  }
}
