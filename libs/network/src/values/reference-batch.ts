import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { hybridSignatureSchema, MERKLE_HASH_BYTES, merkleLeaf, merkleRootOf, merkleTree, signWithContext } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import { didSchema, verifyWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { z } from 'zod';
import { valueRefused } from '../network-error.ts';

/**
 * References under one signature. More would save nothing: with 4,096 the signature costs a thousandth of what the paths do, and the
 * path of each grows.
 */
export const MAX_BATCH_REFERENCES = 4_096;
/** The depth of the largest tree. */
const MAX_PATH_HASHES = 12;
/** A DID, numbers and two signatures (3.4 KB). */
export const MAX_BATCH_BYTES = 4 * 1024;
/** A path, an index and what is around them. */
export const MAX_REFERENCE_BYTES = MAX_PATH_HASHES * MERKLE_HASH_BYTES + 64;

/** Domain separation of the signature. */
const CONTEXT = 'network/reference-batch';

const statementSchema = z.strictObject({
  holder: didSchema,
  /** RFC 6962 tree over the content ids. */
  root: bytes({ exactly: MERKLE_HASH_BYTES }),
  size: z.int().min(1).max(MAX_BATCH_REFERENCES),
  sequence: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
});
const batchSchema = z.strictObject({ ...statementSchema.shape, signature: hybridSignatureSchema });
const referenceSchema = z.strictObject({
  index: z.int().min(0).max(MAX_BATCH_REFERENCES - 1),
  path: bytes({ atMost: MAX_PATH_HASHES * MERKLE_HASH_BYTES }),
});

/** What one signature says of all content ids of a batch. */
export type BatchStatement = z.infer<typeof statementSchema>;

/** A batch as it is published: one attachment, and for each content id the value that belongs to it. */
export interface SignedBatch {
  readonly attachment: Uint8Array;
  /** In the order of the content ids. */
  readonly values: readonly Uint8Array[];
}

/**
 * Signs content ids together.
 * @param contentIds their bytes, 1 to {@link MAX_BATCH_REFERENCES} of them
 */
export async function signBatch(
  contentIds: readonly Uint8Array[],
  { identity, sequence, expiresAt }: { readonly identity: Pick<LocalIdentity, 'current' | 'did'>; readonly sequence: number; readonly expiresAt: Date },
): Promise<SignedBatch> {
  const tree = merkleTree(contentIds.map(merkleLeaf));
  const statement = { holder: identity.did, root: tree.root, size: tree.size, sequence, expiresAt: expiresAt.getTime() };
  const signature = await signWithContext(identity.current().signer, CONTEXT, encodeWire(statementSchema, statement));
  const values = contentIds.map((_, index) => encodeWire(referenceSchema, { index, path: new Uint8Array(Buffer.concat(tree.pathOf(index))) }));
  return { attachment: encodeWire(batchSchema, { ...statement, signature }), values };
}

/** An attachment taken apart, and the check of its signature, which is dear. */
export interface OpenedBatch {
  readonly statement: BatchStatement;
  /** @throws CryptoError `SIGNATURE_INVALID` */
  verify(holderKeys: readonly SigningPublicKeys[]): Promise<void>;
}

/** @throws WireError when the bytes are no attachment of ours */
export function openBatch(attachment: Uint8Array): OpenedBatch {
  const { signature, ...statement } = decodeWire(batchSchema, attachment, MAX_BATCH_BYTES);
  return { statement, verify: (holderKeys) => verifyWithAnyKey(holderKeys, CONTEXT, encodeWire(statementSchema, statement), signature) };
}

/**
 * Checks that a content id is one of the batch.
 * @throws NetworkError `VALUE_REFUSED`, or WireError
 */
export function checkInBatch(contentId: Uint8Array, value: Uint8Array, { root, size }: BatchStatement): void {
  const { index, path } = decodeWire(referenceSchema, value, MAX_REFERENCE_BYTES);
  const hashes = Array.from({ length: Math.ceil(path.length / MERKLE_HASH_BYTES) }, (_, at) => path.subarray(at * MERKLE_HASH_BYTES, (at + 1) * MERKLE_HASH_BYTES));
  const reached = merkleRootOf(merkleLeaf(contentId), index, size, hashes);
  if (reached === undefined || Buffer.compare(reached, root) !== 0) throw valueRefused('A content reference is not of the batch that was signed.');
}
