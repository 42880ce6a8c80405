import type { Routing } from './ports.ts';

/** What a node knows of the key space that takes no part in the DHT. */
export const noRouting: Routing = {
  nearest: () => [],
  lookup: () => Promise.resolve({ contacts: [], complete: false, hops: 0, queries: 0 }),
  onChange: () => () => undefined,
};
