import { constants } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { HandshakeBinding } from '@carecord/identity';
import { orAborted } from '../abort.ts';
import { NetworkError } from '../network-error.ts';
import type { TlsCertificate } from './certificate.ts';

/** draft-ietf-tls-ecdhe-mlkem: the one key agreement that we accept; a classical one could be recorded now and broken later. */
const KEY_AGREEMENT = 'X25519MLKEM768';
/** RFC 9266: what both ends of one TLS 1.3 connection, and nobody else, can compute. */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;

/** What all connections of a process have in common: reading the certificate anew for each would cost as much as its signatures. */
export function tlsContext({ certificate, privateKey }: TlsCertificate): SecureContext {
  return createSecureContext({
    cert: certificate,
    key: privateKey,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    ecdhCurve: KEY_AGREEMENT,
    // Nothing is resumed: every connection makes keys of its own.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}

/**
 * Makes the TLS 1.3 handshake over a raw connection; a peer without X25519MLKEM768 is refused by TLS itself. The peer's
 * certificate is not looked at: who it is, it has to prove afterwards over {@link channelBinding}.
 * @param secureContext as {@link tlsContext} makes it
 * @throws NetworkError `ENCRYPTION_REFUSED`; or the signal's reason
 */
export async function openTls(role: HandshakeBinding['role'], raw: Duplex, secureContext: SecureContext, signal: AbortSignal): Promise<TLSSocket> {
  const options = { secureContext, rejectUnauthorized: false };
  const socket =
    role === 'initiator' ? connect({ ...options, socket: raw }) : new TLSSocket(raw, { ...options, isServer: true, requestCert: true });
  const { promise: secured, resolve, reject } = Promise.withResolvers<undefined>();
  socket.once('secure', () => resolve(undefined));
  // A listener for good: an error after this function has returned must not be an uncaught one.
  socket.on('error', reject);
  const hungUp = (): void => reject(refusal());
  // 'close' without an error is what a peer causes that hangs up in the middle.
  socket.once('close', hungUp);
  raw.on('error', (error) => socket.destroy(error));
  try {
    await orAborted(secured, signal);
    socket.off('close', hungUp);
    agreedGroup(role, socket);
    return socket;
  } catch (cause) {
    socket.destroy();
    signal.throwIfAborted();
    throw cause instanceof NetworkError ? cause : refusal(cause);
  }
}

/** RFC 9266, section 4: 32 bytes that bind what is signed to this one connection. */
export function channelBinding(socket: TLSSocket): Uint8Array {
  return new Uint8Array(socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0)));
}

/**
 * The group that a connection of {@link openTls} agreed on. A client reads it from its socket. A server cannot with Node 24; it
 * offers this one group alone and resumes nothing, so that there is no TLS 1.3 connection with it that was made otherwise.
 * @throws NetworkError `ENCRYPTION_REFUSED` when it is not X25519MLKEM768
 */
export function agreedGroup(role: HandshakeBinding['role'], socket: TLSSocket): string {
  if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) throw refusal();
  if (role === 'responder') return KEY_AGREEMENT;
  const agreed = socket.getEphemeralKeyInfo();
  if (agreed === null || !('name' in agreed) || agreed.name !== KEY_AGREEMENT) throw refusal();
  return agreed.name;
}

function refusal(cause?: unknown): NetworkError {
  return new NetworkError('ENCRYPTION_REFUSED', `The peer did not agree on TLS 1.3 with ${KEY_AGREEMENT}.`, { cause });
}
