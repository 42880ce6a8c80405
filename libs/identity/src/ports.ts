import type { GeneralJws } from '@carecord/crypto';

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

/** One authority's status list, as it was signed. */
export interface StoredStatusList {
  /** The authority's DID. */
  readonly authority: string;
  /** Its `validFrom`: of two lists the one with the later instant is the newer. */
  readonly issuedAt: Date;
  readonly jws: GeneralJws;
}

/** Keeps the newest status list of each authority over restarts, and shares it among the replicas of a hospital. */
export interface StatusListStore {
  all(): Promise<readonly StoredStatusList[]>;
  /** Keeps the newer of this one and the one that is there, atomically. */
  save(entry: StoredStatusList): Promise<void>;
}

/** The highest version of a DID that was seen. */
export interface RememberedDid {
  readonly did: string;
  readonly versionNumber: number;
  readonly versionId: string;
  /** The verified history that ends with that version. */
  readonly history: string;
  /** When that version was last shown. */
  readonly seenAt: Date;
}

/** Remembers the DIDs of others over restarts, and shares it among the replicas of a hospital. */
export interface DidHistoryStore {
  find(did: string): Promise<RememberedDid | undefined>;
  /** Keeps the higher of this version and the one that is there, atomically; of the same version, the one seen later. */
  save(remembered: RememberedDid): Promise<void>;
}
