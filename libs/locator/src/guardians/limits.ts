/** Guardians of a network at the most: each look-up asks a threshold of them, and all of them make a key together. */
export { MAX_GUARDIANS } from '@carecord/identity';

/** Inputs of one request: the identifiers of one patient and what its demographics give. */
export const MAX_INPUTS = 12;

/** Epochs that count at once: the newest, and the one that it takes over from. */
export const MAX_LIVE_EPOCHS = 2;

/**
 * How long an epoch still counts after the next has begun. A large hospital has to have all its patients evaluated once more in
 * this time, within its publishing quota: a million patients take eight days.
 */
export const EPOCH_OVERLAP_MILLISECONDS = 14 * 24 * 60 * 60_000;
