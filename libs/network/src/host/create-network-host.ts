import type { NetworkHost, NetworkHostOptions } from '../ports.ts';

/**
 * Puts a host together; it listens and dials from `start()` on. libp2p is loaded with the first one: a command that only knows our
 * types, errors and protocols starts without it.
 * @throws NetworkError `PROTOCOL_TAKEN` or `VALUE_REFUSED` for value kinds that cannot be; `ADDRESS_INVALID` for addresses that cannot be used
 */
export async function createNetworkHost(options: NetworkHostOptions): Promise<NetworkHost> {
  const { assembleNetworkHost } = await import('./network-host.ts');
  return assembleNetworkHost(options);
}
