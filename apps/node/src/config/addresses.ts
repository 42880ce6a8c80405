import { isIP } from 'node:net';

/** Whether an HTTP listening host can be reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

/** Whether a libp2p listening address (`/ip4/127.0.0.1/tcp/0`) can be reached from this machine alone. */
export function isLoopbackMultiaddr(address: string): boolean {
  const [, protocol, host] = address.split('/');
  return (protocol === 'ip4' || protocol === 'ip6') && host !== undefined && isLoopbackAddress(host);
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
