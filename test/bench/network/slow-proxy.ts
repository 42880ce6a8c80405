import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Stands before a host, and keeps what goes to and fro for a while, each way. The three packets with which TCP begins are not delayed. */
export class SlowProxy {
  /** What a packet takes in one direction. */
  delayMilliseconds = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    server.on('connection', (socket) => this.pair(socket));
  }

  static async listen(targetPort: number): Promise<SlowProxy> {
    const server = createServer({ allowHalfOpen: true });
    await listenAnywhere(server);
    return new SlowProxy(server, targetPort);
  }

  get port(): number {
    return portOf(this.server);
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private pair(inbound: Socket): void {
    const outbound = connect({ port: this.targetPort, host: '127.0.0.1', allowHalfOpen: true });
    this.carry(inbound, outbound);
    this.carry(outbound, inbound);
  }

  private carry(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => this.later(() => to.write(bytes)));
    from.on('end', () => this.later(() => to.end()));
    // A connection that breaks is gone at the other end too, which is all that there is to say about it.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      this.later(() => to.destroy());
    });
  }

  /** Timers of one delay fire in their order. */
  private later(work: () => void): void {
    setTimeout(work, this.delayMilliseconds);
  }
}

/** A port on which nothing listened a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await listenAnywhere(server);
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function listenAnywhere(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
