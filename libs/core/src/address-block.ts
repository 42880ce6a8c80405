/** 16-bit groups of an IPv6 address that a customer is given: who has that much chooses the rest freely (RFC 6177: a /64 at the least). */
const IPV6_GROUPS = 4;

/**
 * Whom a limit should count for an IP address: the address itself, of IPv6 its /64 network.
 * @param address as sockets give it; anything that is no IPv6 address is given back as it is
 */
export function addressBlock(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::');
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '');
  const missing = Array.from({ length: Math.max(0, 2 * IPV6_GROUPS - groups(head).length - groups(tail).length) }, () => '0');
  const written = [...groups(head), ...missing, ...groups(tail)].map((group) => Number.parseInt(group, 16).toString(16));
  return `${written.slice(0, IPV6_GROUPS).join(':')}::/64`;
}
