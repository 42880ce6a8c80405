import type { Clock, Logger, Rate } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import type { DidHistories, DidHistory, LocalIdentity, MemberRole, NetworkTrust, RemoteMember, StatusBook } from '@carecord/identity';
import type { Datastore } from 'interface-datastore';
import type { z } from 'zod';
import type { DhtValueStore } from './values/value-store-port.ts';

/**
 * A peer that proved its DID, its membership and its PeerId on the connection. `resolved` is its DID as it is known now: it moves on
 * when the member tells us that its keys have rotated.
 */
export type Member = RemoteMember;

/** A member as its own proofs show it, whether or not it is connected now. */
export type KnownMember = Omit<Member, 'peerId'>;

/** One kind of question and answer between members. */
export interface MessageProtocol<Request extends z.ZodType, Response extends z.ZodType> {
  /** The libp2p protocol name, e.g. `/carecord/exchange/request/1`. */
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** How long the whole exchange may take, for the asker and, apart, for the answerer. */
  readonly timeoutMilliseconds: number;
  /** How often one member (a DID, over all its peers) may ask. */
  readonly rate: Rate;
  /**
   * How many bytes of requests one member may send, where the work grows with them; the burst is at least `maxRequestBytes`.
   * @default as many as `rate` allows
   */
  readonly requestBytes?: Rate;
  /**
   * The codes of its own errors that the handler may tell the asker. Every other error reaches it as `INTERNAL`: a code that
   * slipped out of a lower layer could say what the asker must not know.
   * @default none
   */
  readonly refusalCodes?: readonly string[];
}

/** Answers the requests of one protocol; `from` is proven, `request` has the protocol's shape. */
export type MessageHandler<Request extends z.ZodType, Response extends z.ZodType> = (
  request: z.infer<Request>,
  from: Member,
) => Promise<z.infer<Response>>;

/** What a kind says about one of its values. */
export interface DhtValueMeta {
  /** A value replaces one with a lower or the same sequence, never one with a higher. */
  readonly sequence: number;
  /** Who may replace it while it has not expired: a hex public key or a DID. */
  readonly owner: string;
  readonly expiresAt: Date;
}

/** A kind of value that may be in the DHT; what is of no registered kind is refused. */
export interface DhtValueKind {
  /** Lower case letters, digits and hyphens, e.g. `pointer`. */
  readonly namespace: string;
  readonly maxBytes: number;
  /**
   * The most that an attachment may have: bytes that many values share, such as the one signature of a batch.
   * @default none may be attached
   */
  readonly maxAttachmentBytes?: number;
  /**
   * Which part of the key decides where the value stands: values with the same part stand with the same members.
   * @default all of it
   */
  placedBy?(key: Uint8Array): Uint8Array;
  /**
   * Checks shape, key and signatures: everything that can be said without knowing other values.
   * @throws NetworkError `VALUE_REFUSED`
   */
  validate(key: Uint8Array, value: Uint8Array, attachment?: Uint8Array): Promise<DhtValueMeta>;
}

/** Names a registered kind. */
export type DhtValueName = Pick<DhtValueKind, 'namespace'>;

/** A place in the DHT. */
export interface DhtPlace {
  readonly kind: DhtValueName;
  readonly key: Uint8Array;
}

/** A value and where it is to stand. */
export interface DhtEntry extends DhtPlace {
  readonly value: Uint8Array;
  /** Bytes that many values of a batch share; sent and stored once. */
  readonly attachment?: Uint8Array;
}

/** How the members that are responsible for a value took it; each counts once, ourselves included where we are one of them. */
export interface Placement {
  /** They keep it now. */
  readonly stored: number;
  /** Another owner's value stands there and has not expired. */
  readonly occupied: number;
  /** They took it for older than one that they have seen, for invalid, or have no room for it. */
  readonly refused: number;
  /** They did not answer. */
  readonly unreached: number;
}

/** How far a publication has come. */
export interface PublishProgress {
  /** Values whose storers have all answered or been given up. */
  readonly settled: number;
  readonly total: number;
  /** Messages sent so far. */
  readonly messages: number;
  readonly bytes: number;
}

/** How {@link NetworkHost.publish} is watched and ended. */
export interface PublishOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PublishProgress) => void;
}

/** A value that was found. */
export interface FoundValue {
  readonly value: Uint8Array;
  readonly attachment?: Uint8Array;
}

/** What several answers under one key amount to. */
export interface DhtValues {
  /** The newest valid value of each owner, in no order. */
  readonly values: readonly FoundValue[];
  /** Whether enough of the members that should know were asked within the time limit, and answered. */
  readonly complete: boolean;
}

/** Who gives out ciphertext. */
export interface BlockProvider {
  /**
   * The blocks that `from` may have, in the order asked; `undefined` for one that does not exist or that it may not have:
   * the two look alike. The provider decides, and it logs.
   */
  read(contentIds: string[], from: Member): Promise<(Uint8Array | undefined)[]>;
}

/** How many of the connected peers took what they were told. */
export interface Told {
  readonly told: number;
  /** Those that did not answer in time, or refused: they learn it when we next speak with them. */
  readonly failed: number;
}

/** A node's place in the network. */
export interface NetworkHost {
  readonly peerId: string;
  /** The DID this host speaks for. */
  readonly did: string;
  /** Where it listens, as multiaddrs with `/p2p/<peerId>`. */
  addresses(): string[];
  /** @throws NetworkError `PROTOCOL_TAKEN` */
  handle<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: MessageHandler<Request, Response>,
  ): void;
  /**
   * Asks a member: over a connection that it proved to be this DID, else through its advert in the DHT. Our own DID is not asked:
   * its replicas are ourselves.
   * @throws NetworkError `UNREACHABLE`, `TIMEOUT`, `REMOTE_REFUSED`, `REQUEST_TOO_LARGE` or `RESPONSE_INVALID`
   */
  request<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    toDid: string,
    request: z.infer<Request>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<z.infer<Response>>;
  /**
   * Keeps a value in our own store and with the peers closest to its key.
   * @returns how many stores took it, our own included
   * @throws NetworkError `VALUE_REFUSED` when the value would be refused by others
   */
  put(kind: DhtValueName, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }>;
  /**
   * The newest valid value among the first answers, or `undefined`. It is a hint: whoever uses it checks what it points to.
   * Peers that do not answer are no error; a datastore that fails is, as it is.
   */
  get(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Every owner's newest valid value under a key for which owners may compete. Hints, as with `get`. */
  getAll(kind: DhtValueName, key: Uint8Array): Promise<DhtValues>;
  /**
   * Publishes many values: each member that is responsible for some of them is sent all of these together. What was not
   * taken is for the caller to publish again; doing it twice does no harm.
   * @returns how each value was taken, in the order given
   * @throws NetworkError `VALUE_REFUSED` when a value would be refused by others: nothing is sent then; `DHT_OFF`
   */
  publish(entries: readonly DhtEntry[], options?: PublishOptions): Promise<Placement[]>;
  /** Reads many places, as {@link getAll} does one: each member that may know is asked for all of its places together. In the order given. */
  readAll(places: readonly DhtPlace[], options?: { readonly signal?: AbortSignal }): Promise<DhtValues[]>;
  /** Members connected now; other peers of our own DID are among them. */
  members(): Member[];
  /** The member with this DID: connected, else found by its advert and dialled; `undefined` when it cannot be reached. */
  memberByDid(did: string): Promise<Member | undefined>;
  /**
   * What is proven about a member that still stands, without dialling it or sending it anything: by its latest handshake with us, else
   * by its advert; its keys by the newest history that is known here. `undefined` when neither is to be found. The advert is searched in the DHT when it is not here: whoever stores
   * it, the member itself perhaps, sees that search as any other.
   */
  knownMember(did: string): Promise<KnownMember | undefined>;
  /**
   * Dials a multiaddr; with `/p2p/<peerId>` in it the peer must prove that PeerId.
   * @throws NetworkError `UNREACHABLE`
   */
  connect(address: string): Promise<Member>;
  /**
   * Tells all connected peers our newest history, and waits for a bounded time until they have taken it: who rotates its keys signs
   * with the new ones only afterwards. Those that were not reached are told before we next ask or answer them.
   * @param history the version to come; @default that of the present identity
   * @throws IdentityError when we would not accept it from another member either
   */
  announceIdentity(history?: DidHistory): Promise<Told>;
  /**
   * Takes an authority's status list and passes it on to all connected peers and into the DHT.
   * @throws IdentityError `STATUS_LIST_INVALID`
   */
  announceStatus(jws: GeneralJws): Promise<Told>;
  /**
   * Looks for newer status lists: at some connected members, then in the DHT, where ours are put if they are newer.
   * @returns whether there was a newer one
   */
  refreshStatusLists(): Promise<boolean>;
  /** The newest history of a DID that connected members know and that verifies; they are asked, nobody is dialled. */
  findHistory(did: string): Promise<DidHistory | undefined>;
  /** How many members our Kademlia routing table holds. */
  routingTableSize(): number;
  /** Those who say, provably, that they hold the bytes of a content id. */
  findProviders(contentId: string): Promise<string[]>;
  /** The members but us that have a role by their membership: those that are known here, and the network's authorities wherever they are. Not all in a large network. */
  findMembers(role: MemberRole): Promise<KnownMember[]>;
  /** Every peer that we are connected with or that our routing table holds. */
  peers(): PeerReport[];
  /** What the node has sent, received, stored and refused since it started, and how the network looks from here. */
  statistics(): Promise<NetworkStatistics>;
  /** Brings every value that we store to the members that are responsible for it now; done at intervals by itself. */
  repair(): Promise<RepairReport>;
  start(): Promise<void>;
  /** Stops taking new work, gives running handlers a moment, closes every connection. */
  stop(): Promise<void>;
}

/** A peer as the operator sees it. */
export interface PeerReport {
  readonly did: string;
  readonly name: string;
  readonly peerId: string;
  readonly roles: readonly string[];
  readonly connected: boolean;
  /** The key agreement that the connection negotiated, e.g. `X25519MLKEM768`; `undefined` without a connection. */
  readonly group: string | undefined;
  /** The address of the connection; `undefined` without one. */
  readonly address: string | undefined;
  /** Whether the connection goes through a relay. */
  readonly relayed: boolean;
  readonly connectedSince: Date | undefined;
  /** Smoothed round trip in milliseconds; `undefined` before the first answer. */
  readonly latencyMilliseconds: number | undefined;
  /** Age of the oldest status list that its membership rests on, in milliseconds. */
  readonly statusAgeMilliseconds: number | undefined;
  /** From 0 (nothing but failures of late) to 1; what was observed, fading with time. Never a reason to trust content. */
  readonly reputation: number;
  readonly inRoutingTable: boolean;
}

/** How many members are in what state, messages, values: counters rise from the start of the process. */
export interface NetworkStatistics {
  readonly startedAt: Date;
  /** Other members with an open connection, and connections. */
  readonly connectedMembers: number;
  readonly connections: number;
  readonly relayedConnections: number;
  readonly routingTable: { readonly members: number; readonly buckets: number };
  /** By protocol name and direction. */
  readonly messages: readonly MessageCount[];
  /** What was dropped, by reason code, e.g. `VALUE_REFUSED`, `RATE_LIMITED`, `REQUEST_MALFORMED`. */
  readonly dropped: readonly { readonly reason: string; readonly count: number }[];
  readonly storage: { readonly values: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[] };
  readonly replication: {
    readonly factor: number;
    /** When the last repair ended; `undefined` before the first. */
    readonly repairedAt: Date | undefined;
    /** Of the values that we store and are responsible for: those that fewer members than the factor had, or as many as there are, at the last repair. */
    readonly underReplicated: number;
    readonly handedOver: number;
  };
  readonly lookups: { readonly count: number; readonly failed: number; readonly meanHops: number; readonly meanMilliseconds: number };
  /** Handshakes that ended with a connection, and those that were refused, by code. */
  readonly handshakes: { readonly succeeded: number; readonly refused: readonly { readonly reason: string; readonly count: number }[] };
  /** `alone`: nobody is connected; `degraded`: lookups fail, or values are under-replicated; `off`: the DHT is switched off. */
  readonly health: 'healthy' | 'degraded' | 'alone' | 'off';
}

/** Messages of one protocol in one direction. */
export interface MessageCount {
  readonly protocol: string;
  readonly direction: 'sent' | 'received';
  readonly count: number;
  readonly failed: number;
  readonly bytes: number;
}

/** What a repair found and did. */
export interface RepairReport {
  /** Values looked at. */
  readonly checked: number;
  /** Copies that were given to members that had none. */
  readonly handedOver: number;
  /** Values of which there are still fewer copies than wanted. */
  readonly underReplicated: number;
}

/** What a host is made of. */
export interface NetworkHostOptions {
  /** Who we are: asked for anew for each handshake, advert and signature. */
  readonly local: LocalIdentity;
  /** The authorities whose membership credentials count. */
  readonly trust: NetworkTrust;
  /** Whether members still stand. What the host learns goes in here, and what comes in from elsewhere is passed on. */
  readonly statuses: StatusBook;
  /** The newest version seen of each member's DID. */
  readonly histories: DidHistories;
  /** Seed of the libp2p Ed25519 key, 32 bytes. */
  readonly peerSeed: Uint8Array;
  /** Multiaddrs to listen on, e.g. `/ip4/127.0.0.1/tcp/0`. */
  readonly listen: readonly string[];
  /** Multiaddrs to dial while we know nobody. */
  readonly bootstrap: readonly string[];
  /** Multiaddrs to tell others beside, or (`onlyThese`) instead of, those that it listens on. @default none */
  readonly announce?: { readonly addresses: readonly string[]; readonly onlyThese: boolean };
  /** Look for members in the local network. @default false */
  readonly mdns?: boolean;
  /** Take part in the DHT; without it members are found by configured addresses and open connections alone. @default true */
  readonly dht?: boolean;
  /** Relay for members that cannot be dialled. @default false */
  readonly relayServer?: boolean;
  /** Cannot be dialled: reserve places at relays run by members, and announce these. @default false */
  readonly behindFirewall?: boolean;
  /** How many members keep each value, 3 to 12. @default 5 */
  readonly replication?: number;
  /** Kinds of other libs; the host adds its own (`advert`, `reference`, `status-list`). */
  readonly valueKinds: readonly DhtValueKind[];
  /** Keeps libp2p's peer store. */
  readonly datastore: Datastore;
  /** Keeps our part of the DHT, and what was seen of its values. */
  readonly values: DhtValueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}
