import { once } from 'node:events';
import { connect, createSecureContext, createServer } from 'node:tls';
import type { Server, TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { makeEphemeralCertificate } from '../../../libs/network/src/encrypter/certificate.ts';

/** TLS 1.3 handshakes of Node's own over loopback, of the kind that the encrypter makes: X25519MLKEM768 and Ed25519 certificates of both ends. */
export class BareTls {
  private readonly context: ReturnType<typeof createSecureContext>;
  private readonly server: Server;
  private arrived: (socket: TLSSocket) => void = () => undefined;
  private readonly open: TLSSocket[] = [];

  private constructor() {
    const { certificate, privateKey } = makeEphemeralCertificate();
    const options = { cert: certificate, key: privateKey, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' } as const;
    this.context = createSecureContext(options);
    this.server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (socket) => this.arrived(socket));
  }

  static async listen(): Promise<BareTls> {
    const bare = new BareTls();
    bare.server.listen(0, '127.0.0.1');
    await once(bare.server, 'listening');
    return bare;
  }

  /** One connection, secured at both ends. */
  async connect(): Promise<void> {
    const { port } = this.server.address() as AddressInfo;
    const inbound = new Promise<TLSSocket>((resolve) => {
      this.arrived = resolve;
    });
    const client = connect({ port, host: '127.0.0.1', secureContext: this.context, rejectUnauthorized: false });
    const [server] = await Promise.all([inbound, once(client, 'secureConnect')]);
    this.open.push(client, server);
  }

  /** Drops all connections. */
  async drop(): Promise<void> {
    const closed = Promise.all(this.open.map((socket) => once(socket, 'close')));
    for (const socket of this.open.splice(0)) socket.destroy();
    await closed;
  }

  async stop(): Promise<void> {
    await this.drop();
    this.server.close();
    await once(this.server, 'close');
  }
}
