import type { Duplex } from 'node:stream';
import { WireError } from '@carecord/core';
import type { HandshakeChannel } from '@carecord/identity';
import { NetworkError } from '../network-error.ts';

const LENGTH_BYTES = 4;

/**
 * Messages of the membership handshake on the TLS socket: four bytes of length (big-endian), then as many bytes. It takes
 * from the socket exactly what it returns, so whatever arrives behind the last message stays there for the muxer.
 */
export class FrameChannel implements HandshakeChannel {
  constructor(private readonly socket: Duplex) {}

  async send(message: Uint8Array): Promise<void> {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(message.length);
    await new Promise<void>((resolve, reject) => {
      this.socket.cork();
      this.socket.write(length);
      this.socket.write(message, (error) => (error ? reject(error) : resolve()));
      this.socket.uncork();
    });
  }

  /** @throws WireError `WIRE_TOO_LARGE` before any of the message is read */
  async receive(maxBytes: number): Promise<Uint8Array> {
    const { buffer, byteOffset } = await this.take(LENGTH_BYTES);
    const length = new DataView(buffer, byteOffset).getUint32(0);
    if (length > maxBytes) throw new WireError('WIRE_TOO_LARGE', `A handshake message is larger than ${maxBytes} bytes.`);
    return await this.take(length);
  }

  /**
   * Reads exactly `count` bytes in paused mode, waiting for them. What is there is taken at once: a stream that still has bytes says
   * again and again that it is readable, and asking it for more than it has would never let the rest come in.
   */
  private async take(count: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0; ) {
      // read(0) takes nothing: it makes the stream go on, or say that it has ended.
      const bytes = this.socket.read(Math.min(missing, this.socket.readableLength)) as Buffer | null;
      if (bytes !== null) {
        parts.push(bytes);
        missing -= bytes.length;
        continue;
      }
      if (this.socket.readableEnded || this.socket.destroyed) throw closed();
      await this.untilReadable();
    }
    return joined(parts, count);
  }

  private untilReadable(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.socket.off('readable', onReadable);
        this.socket.off('close', onEnd);
        this.socket.off('end', onEnd);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReadable = (): void => settle();
      const onEnd = (): void => settle(closed());
      this.socket.on('readable', onReadable);
      this.socket.on('close', onEnd);
      this.socket.on('end', onEnd);
    });
  }
}

/** As plain bytes: a Buffer would differ in `slice` and `toString`. Mostly there is one part, and nothing to copy. */
function joined(parts: readonly Buffer[], count: number): Uint8Array {
  const [first] = parts;
  if (first?.length === count) return new Uint8Array(first.buffer, first.byteOffset, count);
  const whole = new Uint8Array(count);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function closed(): NetworkError {
  return new NetworkError('ENCRYPTION_REFUSED', 'The peer closed the connection during the handshake.');
}
