import { isLinkLocal, isLoopback } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import { NetworkError } from '../network-error.ts';

/** As many as an advert holds. */
const MAX_ANNOUNCED = 8;
/** TCP, and a WebSocket behind an ingress that speaks HTTP with us. */
const LISTENING = /^(ip4|ip6)\/tcp(\/ws)?$/;
/** What our transports dial: TCP, WebSocket, WebSocket in TLS. */
const DIRECT = /^(ip4|ip6|dns|dns4|dns6)\/tcp(\/ws|\/wss|\/tls\/ws|\/tls\/sni\/ws)?(\/p2p)?$/;
/** The same up to the relay, and through it. */
const RELAYED = /^(ip4|ip6|dns|dns4|dns6)\/tcp(\/ws|\/wss|\/tls\/ws|\/tls\/sni\/ws)?\/p2p\/p2p-circuit(\/p2p)?$/;
/**
 * Longer ones say nothing that shorter ones cannot, and with `/p2p/<peerId>` behind them they would fit into no advert and no answer about the
 * routing table: one member's address must not make ours unsendable.
 */
const MAX_CHARACTERS = 300;
/** "Any address of this machine": to listen on, not to be dialled. */
const UNSPECIFIED: readonly string[] = ['0.0.0.0', '::', '0:0:0:0:0:0:0:0'];

/** What is known of where we can be reached. */
export interface Reached {
  /** Where we listen, as the machine's interfaces are. */
  readonly listening: readonly Multiaddr[];
  /** Through relays that have a place for us. */
  readonly relayed: readonly Multiaddr[];
  /** What the operator wants to be announced. */
  readonly configured: readonly Multiaddr[];
  /** Announce nothing of where we listen. */
  readonly onlyConfigured: boolean;
  /** Nobody can dial us. */
  readonly behindFirewall: boolean;
}

/**
 * What to tell others: never an address that nobody can dial, loopback only if there is nothing else (a network on one machine),
 * relays last.
 */
export function addressesToAnnounce({ listening, relayed, configured, onlyConfigured, behindFirewall }: Reached): Multiaddr[] {
  const own = [...configured, ...(onlyConfigured ? [] : listening)];
  const direct = behindFirewall ? own.filter(isRelayed) : own;
  const usable = [...direct, ...relayed].filter(isDiallable);
  const outside = usable.filter((address) => !isLoopback(address));
  const byText = new Map((outside.length > 0 ? outside : usable).map((address) => [address.toString(), address]));
  return relaysLast([...byText.values()]).slice(0, MAX_ANNOUNCED);
}

/** Whether an address leads through a relay. */
export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'p2p-circuit');
}

/** Whether one of our transports could dial an address and get anywhere with it. */
export function isDiallable(address: Multiaddr): boolean {
  const kind = kindOf(address);
  if ((!DIRECT.test(kind) && !RELAYED.test(kind)) || address.toString().length > MAX_CHARACTERS) return false;
  return !isLinkLocal(address) && address.getComponents().every(({ name, value }) => !UNSPECIFIED.includes(value ?? '') && (name !== 'tcp' || value !== '0'));
}

/** Direct addresses before relayed ones; otherwise as given. */
export function relaysLast<Address extends Multiaddr>(addresses: readonly Address[]): Address[] {
  return [...addresses.filter((address) => !isRelayed(address)), ...addresses.filter(isRelayed)];
}

/**
 * Reads the addresses on which to listen.
 * @throws NetworkError `ADDRESS_INVALID` for all but `/ip4|ip6/…/tcp/…` and the same with `/ws`
 */
export function parseListenAddresses(addresses: readonly string[]): Multiaddr[] {
  return addresses.map((address) => parsed(address, (parts) => LISTENING.test(kindOf(parts)), 'listened on'));
}

/**
 * Reads the addresses which an operator wants to be announced.
 * @throws NetworkError `ADDRESS_INVALID` for one that nobody could dial
 */
export function parseAnnouncedAddresses(addresses: readonly string[]): Multiaddr[] {
  if (addresses.length > MAX_ANNOUNCED) throw new NetworkError('ADDRESS_INVALID', `More than ${MAX_ANNOUNCED} addresses cannot be announced.`);
  return addresses.map((address) => parsed(address, isDiallable, 'announced'));
}

/** An address that a member or the local network named; `undefined` for one that we could not dial. */
export function diallable(address: string | Uint8Array): Multiaddr | undefined {
  try {
    const read = multiaddr(address);
    return isDiallable(read) ? read : undefined;
  } catch {
    // Whatever it is, it is no address.
    return undefined;
  }
}

function parsed(address: string, accepts: (address: Multiaddr) => boolean, purpose: string): Multiaddr {
  let read: Multiaddr;
  try {
    read = multiaddr(address);
  } catch (cause) {
    throw new NetworkError('ADDRESS_INVALID', 'A configured address is not a multiaddr, e.g. /ip4/192.0.2.1/tcp/4001.', { cause });
  }
  if (!accepts(read)) throw new NetworkError('ADDRESS_INVALID', `The configured address ${address} cannot be ${purpose}.`);
  return read;
}

function kindOf(address: Multiaddr): string {
  return address.getComponents().map(({ name }) => name).join('/');
}
