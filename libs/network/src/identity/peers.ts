import type { z } from 'zod';
import type { Member, MessageProtocol, Told } from '../ports.ts';

/** Protocols that run under all others, about who is who and who is where: nothing in their messages is signed with the newest keys. */
export const UNSIGNED_PROTOCOLS = ['/carecord/identity/', '/carecord/routing/'];

/** Peers that are told something at the same time: bounds what is in memory, and the burst on a hospital's line. */
const AT_ONCE = 16;

/** How to speak with single peers: of one DID there may be several, and our own has some too. */
export interface Peers {
  /** Peers with an open connection that are members now. */
  connected(): readonly Member[];
  /** Asks over the open connection to a peer. @throws NetworkError as `NetworkHost.request` */
  ask<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    peerId: string,
    request: z.infer<Request>,
    signal?: AbortSignal,
  ): Promise<z.infer<Response>>;
}

/** Tells each of the peers, some at a time, and counts how it went. */
export async function tellEach(peerIds: readonly string[], tell: (peerId: string) => Promise<boolean>): Promise<Told> {
  const waiting = [...peerIds];
  let told = 0;
  const worker = async (): Promise<void> => {
    for (let peerId = waiting.shift(); peerId !== undefined; peerId = waiting.shift()) if (await tell(peerId)) told += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { told, failed: peerIds.length - told };
}

/** Some of the members, chosen by chance, so that over time everybody is asked. */
export function someOf<Item>(items: readonly Item[], count: number): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, other) => one.order - other.order)
    .slice(0, count)
    .map(({ item }) => item);
}
