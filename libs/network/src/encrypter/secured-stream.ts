import type { TLSSocket } from 'node:tls';
import type { AbortOptions, MessageStream } from '@libp2p/interface';
import { AbstractMessageStream } from '@libp2p/utils';
import type { SendResult } from '@libp2p/utils';
import { orAborted } from '../abort.ts';
import { asError } from '../as-error.ts';

/** The decrypted side of a connection as libp2p wants it: what the muxer reads and writes. */
export class SecuredStream extends AbstractMessageStream {
  private readonly socketClosed: Promise<void>;
  private heard = true;

  /**
   * @param connection the raw connection under the socket
   * @param socket the TLS socket, its handshake done
   */
  constructor(
    private readonly connection: MessageStream,
    private readonly socket: TLSSocket,
  ) {
    super({
      log: connection.log,
      direction: connection.direction,
      inactivityTimeout: connection.inactivityTimeout,
      maxReadBufferLength: connection.maxReadBufferLength,
    });
    this.socketClosed = socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (data: Buffer) => {
      this.heard = true;
      this.onData(data);
    });
    socket.on('drain', () => this.safeDispatchEvent('drain'));
    socket.on('error', (error: Error) => connection.abort(error));
    socket.once('close', () => {
      connection.close().catch((error: unknown) => connection.abort(asError(error)));
    });
    connection.addEventListener('close', (event) => {
      socket.destroy();
      // The three ends of a connection stay apart: our own failure, the other side's reset, an orderly close.
      if (event.error === undefined) this.onTransportClosed();
      else if (event.local === true) this.abort(event.error);
      else this.onRemoteReset();
    });
  }

  /** Whether the peer has sent anything since this was asked last, or may have while we would not listen. */
  takeHeard(): boolean {
    const heard = this.heard || this.socket.isPaused();
    this.heard = false;
    return heard;
  }

  async close(options?: AbortOptions): Promise<void> {
    this.socket.destroySoon();
    await orAborted(this.socketClosed, options?.signal);
    await this.connection.close(options);
  }

  override sendData(data: Parameters<AbstractMessageStream['sendData']>[0]): SendResult {
    let sentBytes = 0;
    for (const part of data) {
      sentBytes += part.byteLength;
      if (!this.socket.write(part)) return { sentBytes, canSendMore: false };
    }
    return { sentBytes, canSendMore: true };
  }

  override sendReset(error: Error): void {
    this.socket.destroy();
    this.connection.abort(error);
  }

  override sendPause(): void {
    this.socket.pause();
  }

  override sendResume(): void {
    this.socket.resume();
  }
}
