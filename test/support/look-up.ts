import type { NetworkHost } from '@carecord/network';
import { CarecordHost } from '../../libs/network/src/host/carecord-host.ts';
import type { LookupResult } from '../../libs/network/src/routing/ports.ts';

/** Has a host look for the members closest to a place: nothing that its public face offers by itself. */
export function lookUp(host: NetworkHost, target: Uint8Array): Promise<LookupResult> {
  if (!(host instanceof CarecordHost)) throw new Error('Not a host of ours.');
  return host['router'].lookup(target);
}
