/** What the membership handshake needs of the connection that it runs on: `network` gives it, over the TLS socket. */

/** Whole messages over the TLS socket, each preceded by its length. */
export interface HandshakeChannel {
  send(message: Uint8Array): Promise<void>;
  /**
   * The next message. Rejects when the channel ends within it, and with WireError `WIRE_TOO_LARGE`, before it reads on, when
   * the length announced is above `maxBytes`.
   */
  receive(maxBytes: number): Promise<Uint8Array>;
}

/** What ties the handshake to this one connection and to the libp2p peers at its ends. */
export interface HandshakeBinding {
  /** The initiator dialled. */
  readonly role: 'initiator' | 'responder';
  /** 32 bytes of `EXPORTER-Channel-Binding` (RFC 9266), the same at both ends of one TLS session and of no other. */
  readonly exporter: Uint8Array;
  readonly localPeerId: string;
  signWithPeerKey(message: Uint8Array): Promise<Uint8Array>;
  /** Whether the key that the PeerId names made the signature. */
  verifyPeerSignature(peerId: string, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** The peer that was dialled, where one was. */
  readonly expectedRemotePeerId?: string;
}
