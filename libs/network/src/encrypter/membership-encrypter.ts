import type { Logger } from '@carecord/core';
import { errorCodeOf } from '@carecord/core';
import { KnownEvidence, runMembershipHandshake } from '@carecord/identity';
import type { DidHistories, HandshakeBinding, HandshakePolicy, LocalIdentity, RemoteMember } from '@carecord/identity';
import type { ConnectionEncrypter, MessageStream, MultiaddrConnection, SecureConnectionOptions, SecuredConnection } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { asError } from '../as-error.ts';
import { NetworkError } from '../network-error.ts';
import { makeEphemeralCertificate } from './certificate.ts';
import { SecuredConnections } from './connection-security.ts';
import { FrameChannel } from './frame-channel.ts';
import { HistoryBudget } from './history-budget.ts';
import { verifyPeerSignature } from './peer-key.ts';
import type { PeerKey } from './peer-key.ts';
import { rawDuplex } from './raw-duplex.ts';
import { refusalOf } from './refusal.ts';
import type { ConnectionRefusal } from './refusal.ts';
import { SecuredStream } from './secured-stream.ts';
import { agreedGroup, channelBinding, openTls, tlsContext } from './tls.ts';

/** Negotiated in the clear before anything else; a change of the handshake is a new number. */
export const ENCRYPTER_PROTOCOL = '/carecord/tls-membership/1';
/**
 * TLS and membership together: 30 ms of work and a few round trips for most; a DID history of a mebibyte takes three seconds on a line
 * of 3 Mbit/s, and half a second to verify. A peer that is silent must not hold a slot for longer.
 */
export const HANDSHAKE_TIMEOUT_MILLISECONDS = 8_000;

/** What the encrypter needs to know of its node. */
export interface MembershipEncrypterOptions extends HandshakePolicy {
  readonly histories: Pick<DidHistories, 'accept' | 'known' | 'verify'>;
  readonly local: LocalIdentity;
  readonly peerKey: PeerKey;
  readonly logger: Logger;
  /**
   * Called when a peer has proven itself, before its connection exists for libp2p.
   * @param shown the number of the version of our own DID that the peer was shown
   */
  readonly onProven: (member: RemoteMember, shown: number) => void;
  /** Called when a connection did not come about, e.g. to count it. */
  readonly onRefused?: (reason: ConnectionRefusal) => void;
}

/**
 * The one way into the network: TLS 1.3 with X25519MLKEM768, then the membership handshake bound to that connection, and
 * only then the connection is given to libp2p, as that of the PeerId that was proven. A stranger never reaches a muxer,
 * identify or Kademlia.
 */
export class MembershipEncrypter implements ConnectionEncrypter {
  readonly protocol = ENCRYPTER_PROTOCOL;
  /** What is known of the connections that it has let through. */
  readonly secured = new SecuredConnections();
  // One for the life of the process: it says nothing, so a new one a connection would hide nothing.
  private readonly tls = tlsContext(makeEphemeralCertificate());
  private readonly evidence = new KnownEvidence();
  private readonly budget: HistoryBudget;

  constructor(private readonly options: MembershipEncrypterOptions) {
    this.budget = new HistoryBudget(options.histories, options.clock);
  }

  secureOutbound(connection: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    return this.secure('initiator', connection, options);
  }

  secureInbound(connection: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    return this.secure('responder', connection, options);
  }

  private async secure(role: HandshakeBinding['role'], connection: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    // Not AbortSignal.timeout(): that one, and the connection with it, would stay in memory until the time has passed.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), HANDSHAKE_TIMEOUT_MILLISECONDS).unref();
    const signal = options?.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, options.signal]);
    const hangUp = (): void => connection.abort(timedOut());
    signal.addEventListener('abort', hangUp, { once: true });
    try {
      const raw = rawDuplex(connection);
      const socket = await openTls(role, raw, this.tls, signal);
      const binding = this.binding(role, channelBinding(socket), options);
      const local = this.options.local.current();
      // libp2p gives the raw connection, of which its type here shows only the stream.
      const { remoteAddr } = connection as Partial<MultiaddrConnection>;
      const member = await runMembershipHandshake(new FrameChannel(socket), binding, local, { ...this.options, evidence: this.evidence, histories: this.budget.of(remoteAddr) });
      signal.throwIfAborted();
      if (connection.status !== 'open') throw new NetworkError('ENCRYPTION_REFUSED', 'The peer closed the connection.');
      this.options.onProven(member, local.resolved.versionNumber);
      const stream = new SecuredStream(connection, socket);
      this.secured.add(connection, { group: agreedGroup(role, socket), takeHeard: () => stream.takeHeard() });
      return { connection: stream, remotePeer: peerIdFromString(member.peerId) };
    } catch (cause) {
      const error = signal.aborted ? timedOut(cause) : cause;
      this.options.logger.warn('connection-refused', { role, code: errorCodeOf(error, 'UNEXPECTED') });
      this.options.onRefused?.(refusalOf(error));
      connection.abort(asError(error));
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', hangUp);
    }
  }

  private binding(role: HandshakeBinding['role'], exporter: Uint8Array, options?: SecureConnectionOptions): HandshakeBinding {
    const { peerKey } = this.options;
    return {
      role,
      exporter,
      localPeerId: peerKey.peerId.toString(),
      signWithPeerKey: (message) => peerKey.sign(message),
      verifyPeerSignature,
      ...(options?.remotePeer === undefined ? {} : { expectedRemotePeerId: options.remotePeer.toString() }),
    };
  }
}

function timedOut(cause?: unknown): NetworkError {
  return new NetworkError('HANDSHAKE_TIMEOUT', 'The peer did not prove its membership in time.', { cause });
}
