import { RateLimiter } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { circuitRelayServer, RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { CircuitRelayServerComponents, CircuitRelayService } from '@libp2p/circuit-relay-v2';
import type { Connection, ConnectionGater, Libp2pEvents, PeerId, TypedEventTarget } from '@libp2p/interface';
import { HOP_TIMEOUT_MILLISECONDS, HOPS_A_MEMBER, MAX_RELAYED, MAX_RESERVATIONS, RELAYED_A_MEMBER, RELAYED_BYTES, RELAYED_MILLISECONDS, RESERVATION_MILLISECONDS, RESERVATIONS_A_MEMBER } from './relay-limits.ts';
import { guardStreams } from './stream-guard.ts';

/** What the relay uses of its host. */
export interface RelayServerOptions {
  /** The DID that a peer has proven and for which enough authorities still stand. */
  readonly memberOf: (peerId: string) => string | undefined;
  readonly clock: Clock;
}

type GateOptions = Pick<RelayServerOptions, 'memberOf'> & { readonly connections: () => readonly Connection[]; readonly reservations: () => Iterable<PeerId> };

type RelayServerComponents = CircuitRelayServerComponents & { readonly events: TypedEventTarget<Libp2pEvents> };

/** The gate of a node that is no relay. */
export const CLOSED_GATE: ConnectionGater = { denyInboundRelayReservation: () => true, denyOutboundRelayedConnection: () => true };

/**
 * A relay for members (circuit relay v2). Who is connected with it has proven its membership, and it asks again at each request; it
 * sees who speaks with whom, when and how much, and of what is said only the ciphertext: the two ends run our own encrypter over it.
 */
export class RelayServer {
  private readonly hops: RateLimiter;
  private service: CircuitRelayService | undefined;
  private connections: () => readonly Connection[] = () => [];

  constructor(private readonly options: RelayServerOptions) {
    this.hops = new RateLimiter(HOPS_A_MEMBER, options.clock);
  }

  /** Who may have a place, and be called through us. */
  readonly gate: ConnectionGater = {
    denyInboundRelayReservation: (source) => !mayReserve(source, this.gateOptions()),
    denyOutboundRelayedConnection: (source, destination) => !mayConnect(source, destination, this.gateOptions()),
  };

  /** The libp2p service. */
  create(components: RelayServerComponents): CircuitRelayService {
    this.connections = () => components.connectionManager.getConnections();
    const guarded = guardStreams(components, ({ remotePeer }) => {
      const did = this.options.memberOf(remotePeer.toString());
      return did !== undefined && this.hops.take(did);
    });
    const service = circuitRelayServer({
      hopTimeout: HOP_TIMEOUT_MILLISECONDS,
      maxInboundHopStreams: RELAYED_A_MEMBER,
      maxOutboundStopStreams: RELAYED_A_MEMBER,
      reservations: { maxReservations: MAX_RESERVATIONS, reservationTtl: RESERVATION_MILLISECONDS, defaultDataLimit: RELAYED_BYTES, defaultDurationLimit: RELAYED_MILLISECONDS },
    })(guarded);
    this.service = service;
    components.events.addEventListener('peer:disconnect', ({ detail }) => this.release(detail));
    return service;
  }

  /** The peers that have a place here. */
  reservations(): readonly PeerId[] {
    return [...(this.service?.reservations.keys() ?? [])];
  }

  /** libp2p would keep the place of one that has gone, or was cut off, until it expires. */
  private release(peer: PeerId): void {
    // Or its timer would take the next place of the same peer.
    this.service?.reservations.get(peer)?.signal.clear();
    this.service?.reservations.delete(peer);
  }

  private gateOptions(): GateOptions {
    return { memberOf: this.options.memberOf, connections: this.connections, reservations: () => this.reservations() };
  }
}

function mayReserve(source: PeerId, { memberOf, reservations }: GateOptions): boolean {
  const did = memberOf(source.toString());
  if (did === undefined) return false;
  const places = [...reservations()].filter((peer) => !peer.equals(source) && memberOf(peer.toString()) === did);
  return places.length < RESERVATIONS_A_MEMBER;
}

function mayConnect(source: PeerId, destination: PeerId, { memberOf, connections }: GateOptions): boolean {
  const [from, to] = [memberOf(source.toString()), memberOf(destination.toString())];
  if (from === undefined || to === undefined) return false;
  const open = connections();
  const calls = (did: string | undefined, protocol: string): number =>
    open.filter(({ remotePeer }) => did === undefined || memberOf(remotePeer.toString()) === did).reduce((total, { streams }) => total + streams.filter((stream) => stream.protocol === protocol).length, 0);
  // The stream of this very request is among the caller's.
  return calls(from, RELAY_V2_HOP_CODEC) <= RELAYED_A_MEMBER && calls(to, RELAY_V2_STOP_CODEC) < RELAYED_A_MEMBER && calls(undefined, RELAY_V2_STOP_CODEC) < MAX_RELAYED;
}
