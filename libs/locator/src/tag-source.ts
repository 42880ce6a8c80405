import type { EvaluationPurpose } from './purpose.ts';

/** A period in which one guardian key counts; tags and pointers of one epoch say nothing in another. */
export interface Epoch {
  readonly number: number;
  /** Until when pointers of this epoch are looked for; `undefined` while it is the newest. */
  readonly endsAt: Date | undefined;
}

/** The tags of some inputs in one epoch. */
export interface EpochTags {
  readonly epoch: number;
  /** 32 bytes for each input, in their order. */
  readonly tags: readonly Uint8Array[];
}

/** Why tags are wanted, and for whom: guardians count both. */
export interface TagRequest {
  readonly purpose: EvaluationPurpose;
  /** A pseudonym of the clinician who asks, stable for a guardian and unlinkable elsewhere; `undefined` when the hospital publishes. */
  readonly clinician?: string;
}

/** Turns identifiers into tags with the help of guardians, who see neither. */
export interface TagSource {
  /** The epochs that count now, the newest first: two while one takes over from the other. */
  epochs(): Promise<readonly Epoch[]>;
  /**
   * The tags of inputs in each of the given epochs, verified against the guardians' public shares.
   * @param inputs 1 to `MAX_INPUTS`
   * @throws LocatorError a guardian's refusal, `GUARDIAN_UNAVAILABLE` when fewer than the threshold answered, `GUARDIAN_PROOF_INVALID`
   */
  tagsOf(inputs: readonly Uint8Array[], request: TagRequest, epochs: readonly number[]): Promise<readonly EpochTags[]>;
}
