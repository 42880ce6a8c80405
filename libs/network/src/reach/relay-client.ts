import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import type { CircuitRelayTransportComponents } from '@libp2p/circuit-relay-v2';
import type { PeerId, Transport, TypedEventTarget } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { diallable, isRelayed } from './addresses.ts';
import { HOP_TIMEOUT_MILLISECONDS, RELAYED_A_MEMBER } from './relay-limits.ts';
import { guardStreams } from './stream-guard.ts';

/** Addresses of one relay that we announce: it may name any number of them. */
const ADDRESSES_A_RELAY = 3;

/** libp2p's own search for relays takes every peer for one that it knows: it would get in the way of our requests, and fail them. */
const KNOWS_ALL = { has: () => true, add: () => undefined, remove: () => undefined };

/** A place at a relay, as libp2p keeps it. */
interface Place {
  readonly relay: PeerId;
}

/** The part of libp2p's store of reservations that its types hide. */
interface Reservations extends TypedEventTarget<{ 'relay:removed': CustomEvent<Place>; 'relay:created-reservation': CustomEvent<Place> }> {
  addRelay(relay: PeerId, type: 'configured'): Promise<Place>;
  hasReservation(relay: PeerId): boolean;
  getReservation(relay: PeerId): { readonly addrs: readonly Uint8Array[] } | undefined;
}

/**
 * The transport through relays: dials others by it, and keeps places at relays, by which others reach us. libp2p would take a place
 * at whatever peer offers it a relayed connection, and announce it; here nobody comes in through a relay that we did not choose.
 */
export class RelayClient {
  private reservations: Reservations | undefined;
  private readonly places = new Map<string, PeerId>();

  /** @param onChange called when a place was given or has ended, and when a relay has new addresses */
  constructor(private readonly onChange: () => void = () => undefined) {}

  /** The libp2p transport. */
  create(components: CircuitRelayTransportComponents): Transport {
    const guarded = guardStreams(components, ({ remotePeer }) => this.reservations?.hasReservation(remotePeer) === true);
    const transport = circuitRelayTransport({
      discoveryFilter: KNOWS_ALL,
      reservationCompletionTimeout: HOP_TIMEOUT_MILLISECONDS,
      maxInboundStopStreams: RELAYED_A_MEMBER,
      maxOutboundStopStreams: RELAYED_A_MEMBER,
    })(guarded) as Transport & { readonly reservationStore: Reservations };
    this.reservations = transport.reservationStore;
    this.reservations.addEventListener('relay:removed', ({ detail }) => {
      this.places.delete(detail.relay.toString());
      this.onChange();
    });
    this.reservations.addEventListener('relay:created-reservation', ({ detail }) => {
      this.places.set(detail.relay.toString(), detail.relay);
      this.onChange();
    });
    return transport;
  }

  /**
   * Asks a connected peer for a place; libp2p renews it until the connection or the relay ends.
   * @throws whatever says that there is none to be had
   */
  async reserve(relay: PeerId): Promise<void> {
    await this.reservations?.addRelay(relay, 'configured');
  }

  /** The relays at which we have a place. */
  relays(): PeerId[] {
    return [...this.places.values()].filter((relay) => this.reservations?.hasReservation(relay));
  }

  /**
   * Where others reach us through our relays.
   * @param cameFrom addresses that are no place to dial: the other end of a connection that the relay made to us
   */
  addresses(cameFrom: readonly Multiaddr[]): Multiaddr[] {
    const useless = new Set(cameFrom.map((address) => address.toString()));
    return this.relays().flatMap((relay) => {
      const named = (this.reservations?.getReservation(relay)?.addrs ?? []).flatMap((bytes) => diallable(bytes) ?? []);
      const own = named.filter((address) => !isRelayed(address) && !useless.has(address.toString()) && address.toString().endsWith(`/p2p/${relay.toString()}`));
      return own.slice(0, ADDRESSES_A_RELAY).map((address) => address.encapsulate('/p2p-circuit'));
    });
  }
}
