import { isLinkLocal, isLoopback, isPrivate } from '@libp2p/utils';
import { multiaddr } from '@multiformats/multiaddr';

/** Bytes of an IPv4 address, and 16-bit groups of an IPv6 address, that one provider is commonly given: /16 and /32. */
const GROUP_PARTS = 2;

/**
 * The part of the internet that an address belongs to: the /16 of an IPv4, the /32 of an IPv6 address.
 * @param address a multiaddr
 * @returns `undefined` for private, loopback and link-local addresses and for names: they say nothing about who runs what is there
 */
export function addressGroup(address: string): string | undefined {
  const parsed = multiaddr(address);
  const host = parsed.getComponents().find(({ name }) => name === 'ip4' || name === 'ip6');
  if (host?.value === undefined || isPrivate(parsed) || isLoopback(parsed) || isLinkLocal(parsed)) return undefined;
  if (host.name === 'ip4') return `${host.value.split('.').slice(0, GROUP_PARTS).join('.')}.0.0/16`;
  return `${groupsOf(host.value).slice(0, GROUP_PARTS).join(':')}::/32`;
}

function groupsOf(address: string): string[] {
  const [head = '', tail = ''] = address.split('::');
  const written = (part: string): string[] => part.split(':').filter((group) => group !== '').map((group) => Number.parseInt(group, 16).toString(16));
  const [before, after] = [written(head), written(tail)];
  return [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after];
}
