import { bytes, decodeWire, encodeWire, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { hashWithContext, hybridSignatureSchema, signWithContext } from '@carecord/crypto';
import type { HybridSigner, SigningPublicKeys } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, didSchema, verifyWithAnyKey } from '@carecord/identity';
import { z } from 'zod';
import { valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta, DhtValueName } from '../ports.ts';
import { checkLifetime, MAX_VALUE_BYTES, UnjudgedValue } from './value-rules.ts';

/** The signed head of a member's log: see {@link checkpointKey}. */
export const CHECKPOINT: DhtValueName = { namespace: 'checkpoint' };

const KEY_CONTEXT = 'network/checkpoint';
/** Domain separation of the two signatures. */
const OWNER_CONTEXT = 'network/checkpoint/owner';
const WITNESS_CONTEXT = 'network/checkpoint/witness';
/** A network has a handful of witnesses; sixteen signatures fit into a value. */
const MAX_COSIGNATURES = 16;
const MAX_ORIGIN_CHARACTERS = 256;
const MAX_STATEMENT_BYTES = 1_024;
const HASH_BYTES = 32;

const statementSchema = z.strictObject({
  did: didSchema,
  /** Which log, as in a C2SP checkpoint: a name without blanks. */
  origin: z.string().regex(/^[^\s+]+$/).max(MAX_ORIGIN_CHARACTERS),
  treeSize: z.int().nonnegative(),
  rootHash: bytes({ exactly: HASH_BYTES }),
  at: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
});
const checkpointSchema = z.strictObject({
  statement: bytes({ atMost: MAX_STATEMENT_BYTES }),
  signature: hybridSignatureSchema,
  cosignatures: z.array(z.strictObject({ witness: didSchema, signature: hybridSignatureSchema })).max(MAX_COSIGNATURES),
});

/** What a member says of its log: so many entries, with this root, at this time. */
export type CheckpointStatement = z.infer<typeof statementSchema>;
/** A witness, and its signature of somebody's checkpoint. */
export type Cosignature = z.infer<typeof checkpointSchema>['cosignatures'][number];

/** Where the newest checkpoint of a member's log stands: a hash of its DID. */
export function checkpointKey(did: string): Uint8Array {
  return hashWithContext(KEY_CONTEXT, did, 'log');
}

/** A checkpoint as a value, signed by its owner. */
export async function makeCheckpoint(statement: CheckpointStatement, signer: HybridSigner, cosignatures: readonly Cosignature[] = []): Promise<Uint8Array> {
  const encoded = encodeWire(statementSchema, statement);
  const signature = await signWithContext(signer, OWNER_CONTEXT, encoded);
  return encodeWire(checkpointSchema, { statement: encoded, signature, cosignatures: [...cosignatures] });
}

/** A witness's signature of what a member says of its log. */
export async function cosignCheckpoint(statement: CheckpointStatement, witness: { readonly did: string; readonly signer: HybridSigner }): Promise<Cosignature> {
  return { witness: witness.did, signature: await signWithContext(witness.signer, WITNESS_CONTEXT, encodeWire(statementSchema, statement)) };
}

/** What {@link CheckpointKind} checks with. */
export interface CheckpointKindOptions {
  /** The accepted keys of a member as far as they are known here: must ask nobody. */
  readonly keysOf: (did: string) => Promise<readonly SigningPublicKeys[] | undefined>;
  readonly clock: Clock;
}

/** The kind `checkpoint`: a log does not shrink, so its size is the sequence. Every cosignature must verify. */
export class CheckpointKind implements DhtValueKind {
  readonly namespace = CHECKPOINT.namespace;
  readonly maxBytes = MAX_VALUE_BYTES;

  constructor(private readonly known: CheckpointKindOptions) {}

  async validate(key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const { statement: signed, signature, cosignatures } = decodeWire(checkpointSchema, value, this.maxBytes);
    const { did, treeSize, at, expiresAt } = decodeWire(statementSchema, signed, MAX_STATEMENT_BYTES);
    if (Buffer.compare(checkpointKey(did), key) !== 0) throw valueRefused('A checkpoint stands under the key of another member.');
    const now = this.known.clock.now();
    checkLifetime(new Date(expiresAt), now);
    if (at > later(now, CLOCK_SKEW_MILLISECONDS).getTime()) throw valueRefused('A checkpoint is of the future.');
    await this.verify(did, OWNER_CONTEXT, signed, signature);
    checkDistinct(cosignatures, did);
    for (const { witness, signature: cosignature } of cosignatures) await this.verify(witness, WITNESS_CONTEXT, signed, cosignature);
    return { sequence: treeSize, owner: did, expiresAt: new Date(expiresAt) };
  }

  private async verify(did: string, context: string, signed: Uint8Array, signature: z.infer<typeof hybridSignatureSchema>): Promise<void> {
    const keys = await this.known.keysOf(did);
    if (keys === undefined) throw new UnjudgedValue('A signer of a checkpoint is not known as a member.');
    await verifyWithAnyKey(keys, context, signed, signature);
  }
}

function checkDistinct(cosignatures: readonly Cosignature[], owner: string): void {
  const witnesses = new Set(cosignatures.map(({ witness }) => witness));
  if (witnesses.size !== cosignatures.length || witnesses.has(owner)) throw valueRefused('A checkpoint is cosigned twice by one witness, or by its own member.');
}
