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
    const framed = Buffer.alloc(LENGTH_BYTES + message.length);
    framed.writeUInt32BE(message.length);
    framed.set(message, LENGTH_BYTES);
    await new Promise<void>((resolve, reject) => {
      this.socket.write(framed, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** @throws WireError `WIRE_TOO_LARGE` before any of the message is read */
  async receive(maxBytes: number): Promise<Uint8Array> {
    const length = (await this.take(LENGTH_BYTES)).readUInt32BE();
    if (length > maxBytes) throw new WireError('WIRE_TOO_LARGE', `A handshake message is larger than ${maxBytes} bytes.`);
    // A copy as plain bytes: a Buffer would differ in `slice` and `toString`.
    return length === 0 ? new Uint8Array() : new Uint8Array(await this.take(length));
  }

  /** Reads exactly `count` bytes in paused mode, waiting for them. */
  private async take(count: number): Promise<Buffer> {
    for (;;) {
      // read(count) gives fewer bytes only when the stream has ended.
      const bytes = this.socket.read(count) as Buffer | null;
      if (bytes !== null && bytes.length === count) return bytes;
      if (bytes !== null || this.socket.readableEnded || this.socket.destroyed) throw closed();
      await this.untilReadable();
    }
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

function closed(): NetworkError {
  return new NetworkError('ENCRYPTION_REFUSED', 'The peer closed the connection during the handshake.');
}
