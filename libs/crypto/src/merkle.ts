import { sha256 } from './hash.ts';

/** Domain separation of leaves and inner nodes (RFC 9162, section 2.1.1, as RFC 6962): neither can be taken for the other. */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** A hash in the tree, in bytes. */
export const MERKLE_HASH_BYTES = 32;

/** A tree over some entries: one signature of its root vouches for all of them. */
export interface MerkleTree {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** The hashes that lead from one entry to the root, from below, 32 bytes each (RFC 9162, section 2.1.3.1). */
  pathOf(index: number): Uint8Array[];
}

/** The hash of an entry: SHA-256 with a prefix (RFC 9162, section 2.1.1). */
export function merkleLeaf(entry: Uint8Array): Uint8Array {
  return sha256(LEAF, entry);
}

/**
 * The tree over leaf hashes (RFC 9162, section 2.1.1).
 * @param leaves of {@link merkleLeaf}, at least one
 */
export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const levels: (readonly Uint8Array[])[] = [leaves];
  for (let level = leaves; level.length > 1; level = levels.at(-1) ?? []) levels.push(levelAbove(level));
  const pathOf = (index: number): Uint8Array[] =>
    // A node without a neighbour moves up as it is.
    levels.slice(0, -1).flatMap((level, height) => level[Math.floor(index / 2 ** height) ^ 1] ?? []);
  return { size: leaves.length, root: levels.at(-1)?.[0] ?? sha256(), pathOf };
}

/**
 * The root that a leaf and its path lead to (RFC 9162, section 2.1.3.2); it must still be compared, or its signature checked.
 * @param size how many leaves the tree has
 * @returns `undefined` when the path has another length than a leaf at this index of such a tree has
 */
export function merkleRootOf(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined;
  let [root, position, last] = [leaf, index, size - 1];
  const siblings = [...path];
  while (last > 0) {
    if (position < last || position % 2 === 1) {
      const sibling = siblings.shift();
      if (sibling === undefined) return undefined;
      root = position % 2 === 1 ? sha256(NODE, sibling, root) : sha256(NODE, root, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return siblings.length === 0 ? root : undefined;
}

function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let position = 0; position < level.length; position += 2) {
    const [left, right] = [level[position] as Uint8Array, level[position + 1]];
    above.push(right === undefined ? left : sha256(NODE, left, right));
  }
  return above;
}
