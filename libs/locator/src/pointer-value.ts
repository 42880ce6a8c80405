import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { constantTimeEqual, SEAL_OVERHEAD_BYTES, sha256, verifyEd25519 } from '@carecord/crypto';
import type { Ed25519Signer } from '@carecord/crypto';
import { valueRefused } from '@carecord/network';
import type { DhtValueKind } from '@carecord/network';
import { z } from 'zod';
import { PLACE_BYTES, POINTER_SLOTS, pointerKey } from './keys.ts';
import type { TagKeys } from './keys.ts';
import { POINTER_PLAIN_BYTES } from './pointer-content.ts';

const bodySchema = z.strictObject({
  /** Version of this layout and suite: Ed25519 outside, AES-256-GCM seal, one signature of Ed25519 and ML-DSA-65 a batch inside. */
  version: z.literal(2),
  epoch: z.int().min(0).max(0xffff_ffff),
  slot: z.int().min(0).max(POINTER_SLOTS - 1),
  admitPublicKey: bytes({ exactly: 32 }),
  slotPublicKey: bytes({ exactly: 32 }),
  /** At least the time in milliseconds, so that its encoding always takes nine bytes. */
  sequence: z.int().min(2 ** 32),
  expiresAt: z.int().min(2 ** 32),
  sealed: bytes({ exactly: POINTER_PLAIN_BYTES + SEAL_OVERHEAD_BYTES }),
});

const valueSchema = z.strictObject({
  body: bytes({ atMost: POINTER_PLAIN_BYTES + 512 }),
  admitSignature: bytes({ exactly: 64 }),
  slotSignature: bytes({ exactly: 64 }),
});

/** The outside of a pointer: what everybody may see. */
export type PointerBody = z.infer<typeof bodySchema>;

/** Where a value stands and until when. */
export interface PointerPlace {
  readonly epoch: number;
  readonly slot: number;
  readonly sequence: number;
  readonly expiresAt: Date;
}

const ADMIT_CONTEXT = new TextEncoder().encode('carecord/v1/pointer/admit-signature');
const SLOT_CONTEXT = new TextEncoder().encode('carecord/v1/pointer/slot-signature');

/** Makes the value of a slot, signed by the tag's admit key (its writer has the tag) and by the slot's own key (its owner). */
export function makePointerValue({ admit, admitPublicKey }: TagKeys, slotKey: Ed25519Signer, place: PointerPlace, sealed: Uint8Array): Uint8Array {
  const { epoch, slot, sequence, expiresAt } = place;
  const body = encodeWire(bodySchema, {
    version: 2,
    epoch,
    slot,
    admitPublicKey,
    slotPublicKey: slotKey.publicKey,
    sequence,
    expiresAt: expiresAt.getTime(),
    sealed,
  });
  const hash = sha256(body);
  return encodeWire(valueSchema, {
    body,
    admitSignature: admit.sign(signed(ADMIT_CONTEXT, hash)),
    slotSignature: slotKey.sign(signed(SLOT_CONTEXT, hash)),
  });
}

/**
 * Reads a value and checks all that can be checked without the tag: it stands under the key that its admit key, epoch and
 * slot give, and both keys signed it.
 * @throws NetworkError `VALUE_REFUSED`
 */
export function readPointerValue(key: Uint8Array, value: Uint8Array): PointerBody {
  const { body, admitSignature, slotSignature, ...read } = decodeValue(value);
  const hash = sha256(body);
  if (!constantTimeEqual(key, pointerKey(read.admitPublicKey, read.epoch, read.slot))) throw valueRefused('A pointer stands under a key that is not its own.');
  if (!verifyEd25519(read.admitPublicKey, signed(ADMIT_CONTEXT, hash), admitSignature)) throw valueRefused('A pointer is not admitted by the key of its slot.');
  if (!verifyEd25519(read.slotPublicKey, signed(SLOT_CONTEXT, hash), slotSignature)) throw valueRefused('A pointer is not signed by its owner.');
  return read;
}

/** Pointers in the DHT: replaced only by the slot's own key, with a higher sequence; who publishes about whom does not show. */
export const pointerKind: DhtValueKind = {
  namespace: 'pointer',
  maxBytes: POINTER_PLAIN_BYTES + 1_024,
  // All slots of a tag stand with the same members: one question reads them.
  placedBy: (key) => key.subarray(0, PLACE_BYTES),
  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, and what throws here must reject
  validate: async (key, value) => {
    const { sequence, slotPublicKey, expiresAt } = readPointerValue(key, value);
    return { sequence, owner: Buffer.from(slotPublicKey).toString('hex'), expiresAt: new Date(expiresAt) };
  },
};

function decodeValue(value: Uint8Array): PointerBody & z.infer<typeof valueSchema> {
  try {
    const outer = decodeWire(valueSchema, value, pointerKind.maxBytes);
    return { ...outer, ...decodeWire(bodySchema, outer.body, outer.body.length) };
  } catch (cause) {
    throw valueRefused('A pointer does not have the shape of one.', cause);
  }
}

/** Ed25519 reads its message twice, and there are two signatures: the hash of five kilobytes is made once. */
function signed(context: Uint8Array, bodyHash: Uint8Array): Uint8Array {
  return Buffer.concat([context, bodyHash]);
}
