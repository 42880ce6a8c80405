import { placementOf } from '../../../libs/network/src/values/placement.ts';
import { sha256 } from '@carecord/crypto';
import { noteKey, noteKind } from './note.ts';
import type { SeededMember, SeededNetwork } from './seeded-network.ts';

/** Values whose holders a test can tell beforehand. */
export interface PlacedNotes {
  readonly texts: readonly string[];
  readonly keys: readonly Uint8Array[];
}

export function makeNotes(count: number, prefix: string): PlacedNotes {
  const texts = Array.from({ length: count }, (_, at) => `${prefix} ${at}`);
  return { texts, keys: texts.map(noteKey) };
}

/** The members that are to keep a note: those whose SHA-256 of the DID is closest to its placement by XOR. Written anew here, to check the hosts against. */
export function responsibleFor(key: Uint8Array, members: readonly SeededMember[], replication: number): SeededMember[] {
  const placement = Buffer.from(placementOf(noteKind.namespace, key)).toString('hex');
  const distance = ({ did }: SeededMember): bigint => BigInt(`0x${Buffer.from(sha256(new TextEncoder().encode(did))).toString('hex')}`) ^ BigInt(`0x${placement}`);
  return [...members].sort((one, other) => (distance(one) < distance(other) ? -1 : 1)).slice(0, replication);
}

/** Publishes the notes, an equal part through each member. @returns the fewest members that took one */
export async function publishNotes(network: SeededNetwork, { texts }: PlacedNotes, expiresAt: Date): Promise<{ readonly leastStored: number }> {
  const publishers = network.living;
  const part = (at: number): string[] => texts.filter((_, index) => index % publishers.length === at);
  const placements = await network.orderAll(publishers, 'publish', (_, at) => ({ texts: part(at), expiresAt: expiresAt.getTime() }));
  return { leastStored: Math.min(...placements.flat().map(({ stored }) => stored)) };
}

/** How often a note is read by one member as long as the answer says that it may be incomplete: what a hospital would do, too. */
const MAX_READINGS = 4;

/**
 * Reads all notes, an equal part through each of the members, none through one that published it where that can be. What was not found
 * while the reading was incomplete is read again.
 * @returns whether each was found, and how many were found by the first reading
 */
export async function readNotes(network: SeededNetwork, { keys }: PlacedNotes): Promise<{ readonly found: readonly boolean[]; readonly atOnce: number }> {
  const readers = network.living;
  const found = keys.map(() => false);
  let open = keys.map((_, index) => index);
  let atOnce = 0;
  for (let reading = 0; reading < MAX_READINGS && open.length > 0; reading += 1) {
    const parts = readers.map((_, at) => open.filter((index) => (index + 1) % readers.length === at));
    const answers = await network.orderAll(readers, 'read', (_, at) => ({ keys: (parts[at] ?? []).map((index) => keys[index] as Uint8Array) }));
    const incomplete: number[] = [];
    for (const [at, part] of parts.entries()) {
      for (const [position, index] of part.entries()) {
        const answer = answers[at]?.[position];
        found[index] = answer !== undefined && answer.value !== null;
        if (!found[index] && answer?.complete !== true) incomplete.push(index);
      }
    }
    if (reading === 0) atOnce = found.filter(Boolean).length;
    open = incomplete;
  }
  return { found, atOnce };
}

/** The names of the living members that keep each note. */
export async function holdersOf(network: SeededNetwork, { keys }: PlacedNotes): Promise<Set<string>[]> {
  const members = network.living;
  const held = await network.orderAll(members, 'holds', () => ({ keys: [...keys] }));
  return keys.map((_, index) => new Set(members.flatMap(({ name }, at) => (held[at]?.[index] === true ? [name] : []))));
}
