import { isIPv6 } from 'node:net';

/** The part of an Express request that says where it comes from; `ip` minds the trusted proxies. */
export interface AddressedRequest {
  readonly ip?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Groups of an IPv6 address that one subscriber has: the rest it can choose freely (RFC 6177: a /64 at the least). */
const IPV6_NETWORK_GROUPS = 4;

/** Whom a limit counts: the address that a request comes from, of IPv6 its network. */
export function clientAddress(request: AddressedRequest): string {
  const address = request.ip ?? request.socket.remoteAddress;
  if (address === undefined) return 'unknown';
  if (!isIPv6(address) || address.includes('.')) return address;
  return `${ipv6Groups(address).slice(0, IPV6_NETWORK_GROUPS).join(':')}::/64`;
}

/** The eight groups of an IPv6 address, written out (RFC 4291, section 2.2). */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail)];
  const filled = [...first, ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0'), ...last];
  return filled.map((group) => Number.parseInt(group, 16).toString(16));
}
