import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { makeEphemeralCertificate } from './certificate.ts';
import { channelBinding, openTls, tlsContext } from './tls.ts';

const certificate = makeEphemeralCertificate();
const context = tlsContext(certificate);
const never = new AbortController().signal;
const pem = { cert: certificate.certificate, key: certificate.privateKey, rejectUnauthorized: false };

function foreignClient(raw: Duplex, options: ConnectionOptions): void {
  connect({ ...pem, ...options, socket: raw }).on('error', () => undefined);
}

function foreignServer(raw: Duplex, options: TLSSocketOptions): void {
  new TLSSocket(raw, { ...pem, ...options, isServer: true }).on('error', () => undefined);
}

describe('openTls', () => {
  it('agrees on one channel binding, another one for each connection', async () => {
    const bindings: string[] = [];
    for (let round = 0; round < 2; round++) {
      const [left, right] = duplexPair();
      const [client, server] = await Promise.all([openTls('initiator', left, context, never), openTls('responder', right, context, never)]);
      expect(channelBinding(client)).toEqual(channelBinding(server));
      bindings.push(Buffer.from(channelBinding(client)).toString('hex'));
      client.destroy();
      server.destroy();
    }
    expect(bindings[0]).toHaveLength(64);
    expect(bindings[0]).not.toBe(bindings[1]);
  });

  it.each([
    ['classical key agreement', { ecdhCurve: 'X25519' }],
    ['another post-quantum group', { ecdhCurve: 'SecP256r1MLKEM768' }],
    ['TLS 1.2', { maxVersion: 'TLSv1.2' } as const],
  ])('refuses a client with %s alone', async (_what, options) => {
    const [left, right] = duplexPair();
    foreignClient(left, options);
    await expect(openTls('responder', right, context, never)).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });

  it.each([
    ['classical key agreement', { ecdhCurve: 'X25519' }],
    ['TLS 1.2', { maxVersion: 'TLSv1.2' } as const],
  ])('refuses a server with %s alone', async (_what, options) => {
    const [left, right] = duplexPair();
    foreignServer(right, options);
    await expect(openTls('initiator', left, context, never)).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });

  it('takes the right group from a client that offers classical ones as well', async () => {
    const [left, right] = duplexPair();
    foreignClient(left, { ecdhCurve: 'X25519MLKEM768:X25519' });
    const server = await openTls('responder', right, context, never);
    expect(server.getProtocol()).toBe('TLSv1.3');
    server.destroy();
  });

  it('resumes nothing: a client that offers an earlier session makes keys anew, or is refused', async () => {
    const sessions: Buffer[] = [];
    for (const round of ['first', 'again']) {
      const [left, right] = duplexPair();
      const options: ConnectionOptions = { ...pem, ecdhCurve: 'X25519MLKEM768', ...(round === 'again' ? { session: sessions[0] } : {}) };
      const client = connect({ ...options, socket: left }).on('session', (session: Buffer) => sessions.push(session));
      client.on('error', () => undefined);
      const opening = openTls('responder', right, context, never).then((server) => ({ reused: server.isSessionReused(), server }), () => undefined);
      const opened = await opening;
      opened?.server.write('x');
      if (round === 'first') await once(client, 'data');
      else expect(opened?.reused ?? false).toBe(false);
      client.destroy();
      opened?.server.destroy();
    }
    expect(sessions.length).toBeGreaterThan(0);
  });

  it('refuses what is not TLS', async () => {
    const [left, right] = duplexPair();
    left.write('GET / HTTP/1.1\r\n\r\n');
    await expect(openTls('responder', right, context, never)).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });

  it('refuses a peer that hangs up', async () => {
    const [left, right] = duplexPair();
    const opening = openTls('responder', right, context, never);
    left.destroy();
    right.destroy();
    await expect(opening).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });

  it('does not wait for a silent peer beyond its signal', async () => {
    const [, right] = duplexPair();
    const controller = new AbortController();
    const opening = openTls('responder', right, context, controller.signal);
    const closed = once(right, 'close');
    controller.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await closed;
  });
});
