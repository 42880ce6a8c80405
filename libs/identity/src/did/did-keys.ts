import { generateRecipientSeed, generateSigningSeeds, randomKey } from '@carecord/crypto';
import type { SigningSeeds } from '@carecord/crypto';

/**
 * The seeds (32 bytes each) that write one version of a hospital's DID. A node keeps them in its key ring; `number` is the
 * key's number there and stands in its id in the document.
 */
export interface DidKeys {
  readonly signing: SigningSeeds & { readonly number: number };
  readonly recipient: { readonly seed: Uint8Array; readonly number: number };
  /** Ed25519, proves this version. Of a later version: the one that the version before committed as `nextUpdate`. */
  readonly update: Uint8Array;
  /** Ed25519, will prove the next version; only its hash is in this one. */
  readonly nextUpdate: Uint8Array;
  /** ML-DSA-65, cosigns this version. Of a later version: the one that the version before committed as `nextCosigning`. */
  readonly cosigning: Uint8Array;
  /** ML-DSA-65, will cosign the next version; only its hash is in this one. */
  readonly nextCosigning: Uint8Array;
}

/** Fresh keys for the first version of a DID, all of number 1: for tools and tests, which have no key ring. */
export function newDidKeys(): DidKeys {
  return {
    signing: { ...generateSigningSeeds(), number: 1 },
    recipient: { seed: generateRecipientSeed(), number: 1 },
    update: randomKey(),
    nextUpdate: randomKey(),
    cosigning: randomKey(),
    nextCosigning: randomKey(),
  };
}

/** Fresh keys for the version after the one that `keys` wrote: the committed ones take their turn, the others are new. */
export function nextDidKeys(keys: DidKeys): DidKeys {
  return {
    signing: { ...generateSigningSeeds(), number: keys.signing.number + 1 },
    recipient: { seed: generateRecipientSeed(), number: keys.recipient.number + 1 },
    update: keys.nextUpdate,
    nextUpdate: randomKey(),
    cosigning: keys.nextCosigning,
    nextCosigning: randomKey(),
  };
}
