import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { generateRecipientSeed, generateSigningSeeds, randomKey } from '@carecord/crypto';
import type { SigningSeeds } from '@carecord/crypto';
import { z } from 'zod';
import { IdentityError } from './identity-error.ts';

/** What all keys of one hospital node are made from: 32 random bytes each. */
export interface HospitalKeySeeds {
  /** The DID's signing keys (Ed25519 and ML-DSA-65). */
  readonly signing: SigningSeeds;
  /** The DID's key to seal to (X25519 with ML-KEM-768). */
  readonly recipient: Uint8Array;
  /** The key that may write the DID's next version (Ed25519). */
  readonly update: Uint8Array;
  /** The libp2p peer's key (Ed25519). */
  readonly peer: Uint8Array;
  /** The root of the key hierarchy under which records lie. */
  readonly root: Uint8Array;
}

const SEED_BYTES = 32;
/** Six seeds and their names. */
const MAX_ENCODED_BYTES = 1024;

const seed = bytes({ exactly: SEED_BYTES });
const keySeedsSchema = z.strictObject({
  version: z.literal(1),
  signing: z.strictObject({ ed25519: seed, mlDsa65: seed }),
  recipient: seed,
  update: seed,
  peer: seed,
  root: seed,
});

/** Fresh random seeds. */
export function generateHospitalKeySeeds(): HospitalKeySeeds {
  return {
    signing: generateSigningSeeds(),
    recipient: generateRecipientSeed(),
    update: randomKey(),
    peer: randomKey(),
    root: randomKey(),
  };
}

/** The seeds as bytes (deterministic CBOR). They are as secret as the seeds: seal them before they are written anywhere. */
export function encodeKeySeeds(seeds: HospitalKeySeeds): Uint8Array {
  return encodeWire(keySeedsSchema, { version: 1, ...seeds });
}

/**
 * Reads what {@link encodeKeySeeds} made.
 * @throws IdentityError `KEY_SEEDS_INVALID`
 */
export function decodeKeySeeds(encoded: Uint8Array): HospitalKeySeeds {
  try {
    const { signing, recipient, update, peer, root } = decodeWire(keySeedsSchema, encoded, MAX_ENCODED_BYTES);
    return { signing, recipient, update, peer, root };
  } catch (cause) {
    throw new IdentityError('KEY_SEEDS_INVALID', 'The key file does not hold the keys of a hospital.', { cause });
  }
}
