import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { hybridSignatureSchema, open, seal, signWithContext } from '@carecord/crypto';
import type { HybridSigner, SigningPublicKeys } from '@carecord/crypto';
import { didSchema, verifyWithAnyKey } from '@carecord/identity';
import { z } from 'zod';
import { HANDLE_BYTES } from './keys.ts';
import { POINTER_PLAIN_BYTES } from './pointer-value.ts';

const SEAL_CONTEXT = 'pointer/content';
const SIGNATURE_CONTEXT = 'pointer/holder';

const statementSchema = z.strictObject({
  kind: z.enum(['pointer', 'tombstone']),
  holder: didSchema,
  handle: bytes({ exactly: HANDLE_BYTES }),
  expiresAt: z.int().nonnegative(),
});
const contentSchema = z.strictObject({ statement: bytes({ atMost: 512 }), signature: hybridSignatureSchema });
/** What the holder signs: the statement, bound to the network and to the one slot value that it stands in. */
const signedSchema = z.strictObject({
  networkId: z.string(),
  admitPublicKey: bytes({ exactly: 32 }),
  slotPublicKey: bytes({ exactly: 32 }),
  epoch: z.int(),
  slot: z.int(),
  sequence: z.int(),
  statement: bytes({ atMost: 512 }),
});

/** What a holder says inside a pointer; a tombstone says that it says nothing any more. */
export type PointerStatement = z.infer<typeof statementSchema>;

/** The value that a statement belongs to: copied anywhere else, its signature does not verify. */
export type PointerBinding = Omit<z.infer<typeof signedSchema>, 'statement'>;

/** What is inside a pointer, opened but not yet verified: that takes the keys of the holder that it names. */
export interface OpenedPointer {
  readonly statement: PointerStatement;
  /**
   * @param holderKeys the holder's accepted keys
   * @throws CryptoError `SIGNATURE_INVALID` unless the holder with one pair of these keys said it, here
   */
  verify(holderKeys: readonly SigningPublicKeys[]): Promise<void>;
}

/** Signs a statement with the holder's keys and seals it, at its one size. */
export async function sealPointer(
  sealKey: Uint8Array,
  statement: PointerStatement,
  binding: PointerBinding,
  signer: HybridSigner,
): Promise<Uint8Array> {
  const encoded = encodeWire(statementSchema, statement);
  const signature = await signWithContext(signer, SIGNATURE_CONTEXT, encodeWire(signedSchema, { ...binding, statement: encoded }));
  return seal(sealKey, padded(encodeWire(contentSchema, { statement: encoded, signature })), SEAL_CONTEXT);
}

/**
 * Opens what {@link sealPointer} sealed.
 * @throws CryptoError or WireError when it is not of this tag or malformed
 */
export function openPointer(sealKey: Uint8Array, sealed: Uint8Array, binding: PointerBinding): OpenedPointer {
  const { statement, signature } = decodeWire(contentSchema, unpadded(open(sealKey, sealed, SEAL_CONTEXT)), POINTER_PLAIN_BYTES);
  return {
    statement: decodeWire(statementSchema, statement, statement.length),
    verify: (holderKeys) => verifyWithAnyKey(holderKeys, SIGNATURE_CONTEXT, encodeWire(signedSchema, { ...binding, statement }), signature),
  };
}

/** Length as 16 bits, content, zeros. */
function padded(content: Uint8Array): Uint8Array {
  const plain = new Uint8Array(POINTER_PLAIN_BYTES);
  new DataView(plain.buffer).setUint16(0, content.length);
  plain.set(content, 2);
  return plain;
}

function unpadded(plain: Uint8Array): Uint8Array {
  const length = new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint16(0);
  return plain.subarray(2, 2 + length);
}
