import type { DidSource } from '@carecord/identity';
import type { NetworkHost } from '../ports.ts';

/**
 * Histories of DIDs as connected members know them: a source for `DidHistories`.
 * @param host gives the host, which is made later than the `DidHistories` that it is given; `undefined` until then
 */
export function networkDidSource(host: () => Pick<NetworkHost, 'findHistory'> | undefined): DidSource {
  return { fetch: async (did) => host()?.findHistory(did) };
}
