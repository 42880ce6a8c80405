import { Duplex } from 'node:stream';
import type { MessageStream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';

/**
 * A libp2p message stream (the raw TCP connection) as a Node duplex, so that `node:tls` can run over it. Back-pressure goes
 * both ways: what nobody reads pauses the connection, what it cannot take delays the write's callback.
 */
export function rawDuplex(connection: MessageStream): Duplex {
  connection.pause();
  const duplex = new Duplex({
    read: () => {
      if (isUp(connection)) connection.resume();
    },
    write: (chunk: Uint8Array, _encoding, callback) => {
      send(connection, chunk).then(() => callback(), callback);
    },
    final: (callback) => {
      connection.close().then(() => callback(), callback);
    },
  });
  connection.addEventListener('message', (event: StreamMessageEvent) => {
    if (!duplex.push(event.data.subarray()) && isUp(connection)) connection.pause();
  });
  connection.addEventListener('close', (event: StreamCloseEvent) => {
    duplex.destroy(event.error);
  });
  return duplex;
}

/** Pausing or resuming a connection that is gone throws. */
function isUp(connection: MessageStream): boolean {
  return connection.status === 'open' || connection.status === 'closing';
}

async function send(connection: MessageStream, chunk: Uint8Array): Promise<void> {
  if (!connection.send(chunk)) await connection.onDrain();
}
