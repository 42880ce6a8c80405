import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { hybridSignatureSchema, MERKLE_HASH_BYTES, merkleLeaf, merkleRootOf, merkleTree, randomKey, signWithContext } from '@carecord/crypto';
import type { HybridSignature, HybridSigner, SigningPublicKeys } from '@carecord/crypto';
import { didSchema, verifyWithAnyKey } from '@carecord/identity';
import { z } from 'zod';
import { HANDLE_BYTES } from './keys.ts';

/**
 * Statements that one signature covers. A smaller batch is filled up with random leaves to this number and all are shuffled: what is
 * inside a pointer says neither how many patients were published with it nor which was the first.
 */
export const BATCH_LEAVES = 256;
/** Hashes from a leaf of such a tree to its root. */
const PATH_HASHES = Math.log2(BATCH_LEAVES);
/** A DID of 320 characters, a handle, two times and the encoding around them. */
const MAX_STATEMENT_BYTES = 512;
const SIGNATURE_CONTEXT = 'pointer/batch';

const statementSchema = z.strictObject({
  holder: didSchema,
  handle: bytes({ exactly: HANDLE_BYTES }),
  issuedAt: z.int().min(2 ** 32),
  expiresAt: z.int().min(2 ** 32),
});

/** A leaf: the statement, bound to the network and to the one slot value that it stands in. */
const leafSchema = z.strictObject({
  networkId: z.string(),
  admitPublicKey: bytes({ exactly: 32 }),
  slotPublicKey: bytes({ exactly: 32 }),
  epoch: z.int(),
  slot: z.int(),
  sequence: z.int(),
  statement: bytes({ atMost: MAX_STATEMENT_BYTES }),
});

const signedSchema = z.strictObject({
  statement: bytes({ atMost: MAX_STATEMENT_BYTES }),
  index: z.int().min(0).max(BATCH_LEAVES - 1),
  path: bytes({ exactly: PATH_HASHES * MERKLE_HASH_BYTES }),
  signature: hybridSignatureSchema,
});
/** Two signatures (3,373 bytes), a path (256), a statement, and the encoding. */
const MAX_SIGNED_BYTES = 4_600;

/** What a holder says inside a pointer: that it knows a patient, and by what handle. */
export type PointerStatement = z.infer<typeof statementSchema>;

/** The value that a statement belongs to: copied anywhere else, its signature does not verify. */
export type PointerBinding = Omit<z.infer<typeof leafSchema>, 'statement'>;

/** A statement and where it is to stand. */
export interface BoundStatement {
  readonly statement: PointerStatement;
  readonly binding: PointerBinding;
}

/** What was read out of a pointer, not yet verified: that takes the keys of the holder that it names. */
export interface OpenedPointer {
  readonly statement: PointerStatement;
  /**
   * @param holderKeys the holder's accepted keys
   * @throws CryptoError `SIGNATURE_INVALID` unless the holder with one pair of these keys said it, here
   */
  verify(holderKeys: readonly SigningPublicKeys[]): Promise<void>;
}

/**
 * Signs statements, one signature for each {@link BATCH_LEAVES} of them.
 * @returns what goes into each pointer, in the order given
 */
export async function signStatements(statements: readonly BoundStatement[], signer: HybridSigner): Promise<Uint8Array[]> {
  const signed: Uint8Array[] = [];
  for (let from = 0; from < statements.length; from += BATCH_LEAVES) signed.push(...(await signBatch(statements.slice(from, from + BATCH_LEAVES), signer)));
  return signed;
}

/**
 * Reads what {@link signStatements} made.
 * @throws WireError when it is malformed
 */
export function readStatement(signed: Uint8Array, binding: PointerBinding): OpenedPointer {
  const { statement, index, path, signature } = decodeWire(signedSchema, signed, MAX_SIGNED_BYTES);
  const root = merkleRootOf(leafOf(binding, statement), index, BATCH_LEAVES, hashesOf(path));
  return {
    statement: decodeWire(statementSchema, statement, MAX_STATEMENT_BYTES),
    verify: (holderKeys) => verifyWithAnyKey(holderKeys, SIGNATURE_CONTEXT, root ?? new Uint8Array(), signature),
  };
}

async function signBatch(statements: readonly BoundStatement[], signer: HybridSigner): Promise<Uint8Array[]> {
  const encoded = statements.map(({ statement, binding }) => ({ binding, statement: encodeWire(statementSchema, statement) }));
  const leaves = encoded.map(({ binding, statement }) => leafOf(binding, statement));
  const places = shuffledPlaces();
  const placed = Array.from({ length: BATCH_LEAVES }, () => randomKey());
  leaves.forEach((leaf, at) => (placed[places[at] as number] = leaf));
  const tree = merkleTree(placed);
  const signature = await signWithContext(signer, SIGNATURE_CONTEXT, tree.root);
  return encoded.map(({ statement }, at) => encodeSigned(statement, places[at] as number, tree.pathOf(places[at] as number), signature));
}

function encodeSigned(statement: Uint8Array, index: number, path: readonly Uint8Array[], signature: HybridSignature): Uint8Array {
  return encodeWire(signedSchema, { statement, index, path: Uint8Array.from(Buffer.concat(path)), signature });
}

function leafOf(binding: PointerBinding, statement: Uint8Array): Uint8Array {
  return merkleLeaf(encodeWire(leafSchema, { ...binding, statement }));
}

function hashesOf(path: Uint8Array): Uint8Array[] {
  return Array.from({ length: PATH_HASHES }, (_, at) => path.subarray(at * MERKLE_HASH_BYTES, (at + 1) * MERKLE_HASH_BYTES));
}

/** All places of a batch in a random order. */
function shuffledPlaces(): number[] {
  const order = Array.from({ length: BATCH_LEAVES }, (_, place) => ({ place, key: Buffer.from(randomKey()).toString('hex') }));
  return order.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ place }) => place);
}
