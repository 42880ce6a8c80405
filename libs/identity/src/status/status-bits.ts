/** Bitstring Status List 1.0, section 6.1: a list that hides one member among many has at least so many bits. */
export const MIN_STATUS_LIST_BITS = 131_072;

/** Half a million members, and at most 128 KiB to unpack for whoever is shown a list. */
export const MAX_STATUS_LIST_BITS = 1_048_576;

/** A member has two bits in its authority's list. */
const BITS_A_MEMBER = 2;

/** The highest number that a member can have in a list. */
export const MAX_STATUS_INDEX = MAX_STATUS_LIST_BITS / BITS_A_MEMBER - 1;

/** Where it stands that a membership was ended for good. */
export function revocationBit(index: number): number {
  return BITS_A_MEMBER * index;
}

/** Where it stands that a membership rests for now. */
export function suspensionBit(index: number): number {
  return BITS_A_MEMBER * index + 1;
}
