import { createHash } from 'node:crypto';
import type { PeerDiscovery, PeerInfo, Startable } from '@libp2p/interface';
import { mdns } from '@libp2p/mdns';
import type { MulticastDNSComponents } from '@libp2p/mdns';
import { isPrivate } from '@libp2p/utils';
import { isDiallable, isRelayed } from './addresses.ts';
import type { Hint } from './hint-dialler.ts';

/** Twelve hex digits: with the letter before them within the 15 characters of a service name (RFC 6763, section 7.2). */
const TAG_DIGITS = 12;
/** How often we ask who is there; one small multicast. */
const QUERY_MILLISECONDS = 30_000;
/** Addresses of one answer that are followed: a machine has an IPv4 and an IPv6 address, and TCP and WebSocket at each. */
const ADDRESSES_AN_ANSWER = 4;

/** Where peers may be found without knowing any: multicast DNS, or what a test puts in its place. */
export type DiscoverySource = PeerDiscovery & Startable;

/**
 * The service name of a network in multicast DNS (RFC 6762): whoever knows the network's id recognises it, to others it is a number.
 *
 * @example serviceTag('carecord-demo') // '_c3f1d0a9b7e24._udp.local'
 */
export function serviceTag(networkId: string): string {
  const digest = createHash('sha256').update('carecord mdns\0').update(networkId, 'utf8').digest('hex');
  return `_c${digest.slice(0, TAG_DIGITS)}._udp.local`;
}

/** Multicast DNS of libp2p under the network's own name. */
export function multicastSource(components: MulticastDNSComponents, networkId: string): DiscoverySource {
  return mdns({ serviceTag: serviceTag(networkId), interval: QUERY_MILLISECONDS })(components) as DiscoverySource;
}

/**
 * What an answer of the local network is worth: some addresses to try, of this network alone. libp2p would keep them in its peer
 * store for good.
 */
export function hintsOf({ id, multiaddrs }: PeerInfo): Hint[] {
  return multiaddrs
    .filter((address) => isDiallable(address) && !isRelayed(address) && isPrivate(address))
    .slice(0, ADDRESSES_AN_ANSWER)
    .map((address) => ({ peerId: id.toString(), address: address.toString() }));
}
