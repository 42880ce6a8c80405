import { BlockList, isIP } from 'node:net';

/** Addresses that no name may lead to, whoever allowed the name: there is never a service of ours or of a partner behind them. */
const NEVER: readonly string[] = [
  '0.0.0.0/8', // "this network": connects to the machine itself
  '169.254.0.0/16', // link-local, and the metadata services of clouds (169.254.169.254)
  '168.63.129.16/32', // a cloud's own agent and metadata service, at a public address
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  '::/128', // unspecified
  'fe80::/10', // link-local
  'ff00::/8', // multicast
  // The two metadata services once more, behind NAT64.
  '64:ff9b::a9fe:0/112',
  '64:ff9b::a83f:8110/128',
];

/** Addresses that are not public (IANA special-purpose registries): refused unless the operator lists the host. */
const PRIVATE: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8', // loopback
  '100.64.0.0/10', // carrier-grade NAT
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '198.51.100.0/24',
  '203.0.113.0/24',
  '192.88.99.0/24', // relays of 6to4
  '198.18.0.0/15', // benchmarks
  '::1/128', // loopback
  'fc00::/7', // unique local
  'fec0::/10', // site-local
  '2001:db8::/32', // documentation
  '3fff::/20',
  '100::/64', // discard
  // Each of these holds an IPv4 address within it, which would get past the rules above.
  '::/96', // IPv4-compatible
  '64:ff9b::/96', // NAT64
  '64:ff9b:1::/48',
  '2001::/32', // Teredo
  '2002::/16', // 6to4
];

/** Stands apart: in one list with the others, Node takes every IPv4 address to be in it. */
const IPV4_MAPPED = ['::ffff:0:0/96'];

/** What an address is to us. */
export type AddressKind = 'public' | 'private' | 'never';

/** Tells public addresses from the others, and knows which hosts the operator has allowed in spite of that. */
export class AddressGuard {
  private readonly never: BlockList;
  private readonly private: BlockList;
  private readonly mapped = blockList(IPV4_MAPPED);
  private readonly allowed: ReadonlySet<string>;

  /**
   * @param allowed host names and IP addresses, each with or without a port (`idp.hospital.internal`, `127.0.0.1:8443`,
   *   `[::1]`): a name is allowed wherever in a private network it leads, an address under whatever name
   * @param privateRanges for tests alone
   */
  constructor(allowed: readonly string[], privateRanges: readonly string[] = PRIVATE) {
    this.never = blockList(NEVER);
    this.private = blockList(privateRanges);
    this.allowed = new Set(allowed.map((entry) => entry.toLowerCase()));
  }

  kindOf(address: string): AddressKind {
    const family = isIP(address);
    if (family === 0) return 'never';
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (this.never.check(address, type)) return 'never';
    return this.private.check(address, type) || (family === 6 && this.mapped.check(address, type)) ? 'private' : 'public';
  }

  /** Whether the operator has listed this host, or the address itself, which alone lifts even `never`. */
  permits(host: string, port: number, address: string): boolean {
    if (this.lists(address, port)) return true;
    const kind = this.kindOf(address);
    return kind === 'public' || (kind === 'private' && this.lists(host, port));
  }

  /** Whether the list has this host or address, with this port or with none. */
  lists(host: string, port: number): boolean {
    const name = isIP(host) === 6 ? `[${host}]` : host.toLowerCase();
    return this.allowed.has(name) || this.allowed.has(`${name}:${port}`) || (isIP(host) === 6 && this.allowed.has(host));
  }
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** The host of an address with its port, also where that is the usual one: listed, it opens that port and no other. */
export function placeOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
