/** Who must have seen a version of a DID: `threshold` of these keys. A threshold of 0 asks for nobody. */
export interface WitnessRule {
  readonly threshold: number;
  /** did:key of Ed25519 keys, each once. */
  readonly witnesses: readonly string[];
}

/** What a DID's history must have beyond what did:webvh 1.0 itself demands (which is always demanded). */
export interface DidPolicy {
  /** Every entry commits the hashes of the next update keys. */
  readonly preRotation: boolean;
  /** Every entry is cosigned with ML-DSA-65 by the key that the entry before it committed; and the history's text is canonical, as whoever cosigns writes it. */
  readonly cosignature: boolean;
  /** The last entry is witnessed by these as well, whomever the DID itself names; by nobody if absent. */
  readonly witnesses?: WitnessRule;
}

/** For members of a network. One with witnesses adds its rule: `{ ...MEMBER_POLICY, witnesses: { threshold, witnesses } }`. */
export const MEMBER_POLICY: DidPolicy = { preRotation: true, cosignature: true };

/** Plain did:webvh 1.0, for the DIDs of others. */
export const GENERAL_POLICY: DidPolicy = { preRotation: false, cosignature: false };
