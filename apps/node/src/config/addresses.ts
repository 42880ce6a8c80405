import { isIP } from 'node:net';

/** Whether an HTTP listening host can be reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

/** A libp2p address in its parts. */
export interface PeerAddress {
  readonly protocol: 'ip4' | 'ip6' | 'dns' | 'dns4' | 'dns6';
  readonly host: string;
  readonly port: number;
  /** What is spoken on the TCP connection: libp2p itself, or WebSocket, without or with TLS. */
  readonly transport: 'tcp' | 'ws' | 'wss';
  readonly peerId: string | undefined;
}

/** The PeerId of a member is an Ed25519 key, which is written as 52 characters that begin all alike. */
const PEER_ADDRESS = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/\s]+)\/tcp\/(\d{1,5})(\/ws|\/wss|\/tls\/ws)?(?:\/p2p\/(12D3KooW[1-9A-HJ-NP-Za-km-z]{44}))?$/;
const DOMAIN_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const MAX_PORT = 65_535;

/** The parts of a libp2p address (`/ip4/127.0.0.1/tcp/0`, `/dns4/a.example/tcp/443/wss`); undefined for one that no node could use. */
export function parsePeerAddress(text: string): PeerAddress | undefined {
  const [, protocol, host = '', digits, suffix, peerId] = PEER_ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  if (protocol === undefined || port > MAX_PORT || !hostIs(protocol, host)) return undefined;
  const transport = suffix === undefined ? 'tcp' : suffix === '/ws' ? 'ws' : 'wss';
  return { protocol: protocol as PeerAddress['protocol'], host, port, transport, peerId };
}

function hostIs(protocol: string, host: string): boolean {
  if (protocol === 'ip4') return isIP(host) === 4;
  if (protocol === 'ip6') return isIP(host) === 6;
  return DOMAIN_NAME.test(host);
}

/** Whether a node can listen there: at an address of its own, without TLS, which is the work of a proxy in front of it. */
export function canListenAt({ protocol, transport, peerId }: PeerAddress): boolean {
  return (protocol === 'ip4' || protocol === 'ip6') && transport !== 'wss' && peerId === undefined;
}

/** Whether a place can be told to others: not "every address of mine", no port that is still to be chosen. */
export function canBeTold({ host, port, peerId }: PeerAddress): boolean {
  return port > 0 && peerId === undefined && host !== '0.0.0.0' && !/^[0:]+$/.test(host);
}

/** Whether a libp2p address can be reached from this machine alone. */
export function isLoopbackPeerAddress({ protocol, host }: PeerAddress): boolean {
  return protocol === 'ip4' || protocol === 'ip6' ? isLoopbackAddress(host) : host === 'localhost';
}

/** The same of one in its written form (`/ip4/127.0.0.1/tcp/0`). */
export function isLoopbackMultiaddr(address: string): boolean {
  const parsed = parsePeerAddress(address);
  return parsed !== undefined && isLoopbackPeerAddress(parsed);
}

function isLoopbackAddress(address: string): boolean {
  return (isIP(address) === 4 && address.startsWith('127.')) || address === '::1';
}

/** Whether a text is an IP address, or a network in CIDR form that is not everybody. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
