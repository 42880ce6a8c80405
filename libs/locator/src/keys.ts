import { deriveKey, ed25519Signer, hashWithContext, keyedToken } from '@carecord/crypto';
import type { Ed25519Signer } from '@carecord/crypto';

/** How many pointers one tag can have at once: a patient known to more hospitals is found through some of them. One byte of the key. */
export const POINTER_SLOTS = 8;
/** Names a patient of a holder to those who opened the pointer; random to everybody else. */
export const HANDLE_BYTES = 32;
/** The part of a pointer's key that all slots of a tag share. */
export const PLACE_BYTES = 32;

/** What everybody who has a tag derives from it. */
export interface TagKeys {
  /** The Ed25519 key that admits a value into the slots: proof that its writer has the tag. */
  readonly admit: Ed25519Signer;
  readonly admitPublicKey: Uint8Array;
  /** Opens what is inside the pointers. */
  readonly sealKey: Uint8Array;
}

/** The keys of a tag (HKDF-SHA256). */
export function tagKeys(tag: Uint8Array): TagKeys {
  const admit = ed25519Signer(deriveKey(tag, 'pointer/admit'));
  return { admit, admitPublicKey: admit.publicKey, sealKey: deriveKey(tag, 'pointer/seal') };
}

/**
 * The DHT key of one slot of a tag: says nothing to who does not have the tag, and is another one in every epoch. Its first
 * {@link PLACE_BYTES} are those of all slots, which stand together; the last byte is the slot.
 */
export function pointerKey(admitPublicKey: Uint8Array, epoch: number, slot: number): Uint8Array {
  return Uint8Array.of(...hashWithContext('pointer/place', admitPublicKey, String(epoch)), slot);
}

/**
 * The tag under which a patient is listed to one hospital alone. Who has the patient's tag can compute it for every hospital,
 * and so see that somebody lists the patient to that one; what stands there only that one opens.
 */
export function namedTag(tag: Uint8Array, recipientDid: string): Uint8Array {
  return keyedToken(tag, 'locator/named-tag', recipientDid);
}

/**
 * The order in which an owner tries the slots of a tag: its own preferred one first. Owners differ in the first and in the
 * step, so that two who meet in one slot seldom meet again in the next. Nobody else can compute it.
 */
export function slotOrder(slotSeed: Uint8Array): number[] {
  const hash = hashWithContext('pointer/slot', slotSeed);
  const first = (hash[0] as number) % POINTER_SLOTS;
  // Odd steps visit all slots, as their number is a power of two.
  const step = ((hash[1] as number) % (POINTER_SLOTS / 2)) * 2 + 1;
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
  /** Seals tags at rest, and the hospitals that a patient is listed to. */
  readonly tagSealKey: Uint8Array;
  /** Seals look-up results at rest. */
  readonly locationSealKey: Uint8Array;

  /** @param indexKey 32 bytes, secret, one a hospital */
  constructor(private readonly indexKey: Uint8Array) {
    this.tagSealKey = deriveKey(indexKey, 'locator/tags');
    this.locationSealKey = deriveKey(indexKey, 'locator/locations');
  }

  /**
   * Seed of the Ed25519 key that owns the hospital's slot for one patient under one tag; the same after a restore.
   * @param tag the patient's, or what {@link namedTag} makes of it
   */
  slotSeed(tag: Uint8Array, patientId: string, epoch: number): Uint8Array {
    return keyedToken(this.indexKey, 'locator/slot-key', tag, patientId, String(epoch));
  }

  /** The handle of a patient under one tag. */
  handle(tag: Uint8Array, patientId: string): Uint8Array {
    return keyedToken(this.indexKey, 'locator/handle', tag, patientId);
  }

  /** Tells whether an input was evaluated before; 32 bytes. */
  inputToken(input: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/identifier-token', input);
  }

  /** Tells whether a patient was listed to a hospital before; 32 bytes. */
  recipientToken(did: string): Uint8Array {
    return keyedToken(this.indexKey, 'locator/recipient-token', did);
  }

  /** Finds the patients of an {@link askingTag}; 32 bytes. */
  tagToken(asking: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/tag-token', asking);
  }

  /** Finds the patient of a handle; 32 bytes. */
  handleToken(handle: Uint8Array): Uint8Array {
    return keyedToken(this.indexKey, 'locator/handle-token', handle);
  }

  /** What stands for a tag in a dummy pointer: the same as long as the dummy is kept; 32 bytes. */
  dummyTag(epoch: number, dummyId: string): Uint8Array {
    return keyedToken(this.indexKey, 'locator/dummy-tag', String(epoch), dummyId);
  }

  /** What the content id of a dummy reference is made of, in place of a ciphertext; 32 bytes. */
  dummyContent(dummyId: string, generation: number): Uint8Array {
    return keyedToken(this.indexKey, 'locator/dummy-content', dummyId, String(generation));
  }

  /** What guardians know a clinician by, to count their look-ups: another one in every network and epoch; 64 hexadecimal digits. */
  clinicianPseudonym(networkId: string, epoch: number, staffId: string): string {
    return Buffer.from(keyedToken(this.indexKey, 'locator/clinician', networkId, String(epoch), staffId)).toString('hex');
  }
}
