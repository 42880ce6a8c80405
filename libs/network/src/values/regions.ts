import { compareDistance, sharedBits } from '../routing/node-id.ts';
import type { Contact, Routing } from '../routing/ports.ts';

/** Kademlia's k: so many members a lookup finds. */
export const LOOKUP_WIDTH = 20;
/** Where a region is not full enough to be sure, only what is this much closer to its middle counts as explored. */
const NARROWER_BITS = 4;

/** A part of the key space of which is known who is there. */
export class Region {
  /**
   * @param middle any placement in it
   * @param bits how many leading bits all of its placements share with the middle
   * @param contacts those who are in it, and some beside
   */
  constructor(
    readonly middle: Uint8Array,
    readonly bits: number,
    readonly contacts: readonly Contact[],
  ) {}

  /** Whether the members closest to the placement are among the contacts. */
  covers(placement: Uint8Array): boolean {
    return sharedBits(this.middle, placement) >= this.bits;
  }

  /** The DIDs of the closest members to a placement in the region, the closest first. */
  closestTo(placement: Uint8Array, count: number): string[] {
    return [...this.contacts]
      .sort((one, other) => compareDistance(placement, one.nodeId, other.nodeId))
      .slice(0, count)
      .map(({ did }) => did);
  }
}

/**
 * Explores the region around a placement by one lookup. Of the twenty closest members to it the farthest shares some bits with
 * it: everybody who shares more was found, so for all placements that share more the closest members are known. With 32 members
 * that is a third of the key space, with fewer than twenty all of it.
 * @param wanted how many of the closest must be known
 * @throws the signal's reason
 */
export async function exploreRegion(routing: Routing, placement: Uint8Array, wanted: number, signal: AbortSignal): Promise<Region> {
  const { contacts, complete } = await routing.lookup(placement, { count: LOOKUP_WIDTH, signal });
  signal.throwIfAborted();
  const farthest = contacts.at(-1);
  if (farthest === undefined || (complete && contacts.length < LOOKUP_WIDTH)) return new Region(placement, 0, contacts);
  const bits = sharedBits(placement, farthest.nodeId) + 1;
  const inside = contacts.filter(({ nodeId }) => sharedBits(placement, nodeId) >= bits);
  return new Region(placement, inside.length >= wanted ? bits : bits + NARROWER_BITS, contacts);
}
