import { deriveKey, ed25519PublicKey, hashWithContext, keyedToken } from '@carecord/crypto';

/** How many pointers one identifier can have at once: a patient known to more hospitals is found through some of them. */
export const POINTER_SLOTS = 4;
/** Names a patient of a holder to those who opened the pointer; random to everybody else. */
export const HANDLE_BYTES = 32;

/** What everybody who has a tag derives from it. */
export interface TagKeys {
  /** Seed of the Ed25519 key that admits a value into the slots: proof that its writer has the tag. */
  readonly admitSeed: Uint8Array;
  readonly admitPublicKey: Uint8Array;
  /** Opens what is inside the pointers. */
  readonly sealKey: Uint8Array;
}

/** The keys of a tag (HKDF-SHA256). */
export function tagKeys(tag: Uint8Array): TagKeys {
  const admitSeed = deriveKey(tag, 'pointer/admit');
  return { admitSeed, admitPublicKey: ed25519PublicKey(admitSeed), sealKey: deriveKey(tag, 'pointer/seal') };
}

/** The DHT key of one slot of a tag: says nothing to who does not have the tag, and is another one in every epoch. */
export function pointerKey(admitPublicKey: Uint8Array, epoch: number, slot: number): Uint8Array {
  return hashWithContext('pointer/key', admitPublicKey, String(epoch), String(slot));
}

/**
 * The order in which a holder tries the slots of a tag: its own preferred one first. Holders differ in the first and in the
 * step, so that two who meet in one slot do not meet again in the next.
 */
export function slotOrder(tag: Uint8Array, holder: string): number[] {
  const hash = hashWithContext('pointer/slot', tag, holder);
  const first = (hash[0] as number) % POINTER_SLOTS;
  // Odd steps visit all slots, as their number is a power of two.
  const step = ((hash[1] as number) % 2) * 2 + 1;
  return Array.from({ length: POINTER_SLOTS }, (_, position) => (first + position * step) % POINTER_SLOTS);
}

/**
 * What a holder is asked by when no pointer leads to it: says who is meant to whoever has the tag already, and to nobody
 * else. The tag itself opens pointers and admits values, so it never leaves the asker; bound to the holder's DID, what one
 * holder was asked by finds nobody at another.
 * @returns 32 bytes
 */
export function askingTag(tag: Uint8Array, holderDid: string): Uint8Array {
  return keyedToken(tag, 'locator/asking-tag', holderDid);
}

/** What a hospital alone derives, from its index key: nobody else can compute or recognise any of it. */
export class HospitalKeys {
  /** @param indexKey 32 bytes, secret, one a hospital */
  constructor(private readonly indexKey: Uint8Array) {}

  /** Seed of the Ed25519 key that owns the hospital's slot for one patient under one tag; the same after a restore. */
  slotSeed(tag: Uint8Array, patientId: string, epoch: number): Uint8Array {
    return keyedToken(this.indexKey, 'locator/slot-key', tag, patientId, String(epoch));
  }

  /** The handle of a patient under one tag. */
  handle(tag: Uint8Array, patientId: string): Uint8Array {
    return keyedToken(this.indexKey, 'locator/handle', tag, patientId);
  }

  /** Tells whether an identifier was evaluated before; 32 bytes. */
  identifierToken(input: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/identifier-token', input);
  }

  /** Finds the patients of an {@link askingTag}; 32 bytes. */
  tagToken(asking: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/tag-token', asking);
  }

  /** Finds the patient of a handle; 32 bytes. */
  handleToken(handle: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/handle-token', handle);
  }

  /** Seals tags at rest. */
  get tagSealKey(): Uint8Array {
    return deriveKey(this.indexKey, 'locator/tags');
  }

  /** Seals look-up results at rest. */
  get locationSealKey(): Uint8Array {
    return deriveKey(this.indexKey, 'locator/locations');
  }
}
