import { canonicalJsonBytes } from '@carecord/core';
import { z } from 'zod';
import { IdentityError } from '../identity-error.ts';
import { MAX_DID_HISTORY_BYTES, MAX_DID_VERSIONS, MAX_VERSION_ID_CHARACTERS, MAX_WITNESSES } from '../limits.ts';
import { didSchema } from '../schemas.ts';
import { eddsaProofSchema } from './data-integrity.ts';
import type { EddsaProof } from './data-integrity.ts';
import { cosignatureSchema, COSIGNATURE_SUITE } from './did-cosignature.ts';
import type { Cosignature } from './did-cosignature.ts';
import { multihash } from './multikey.ts';

/**
 * A DID's history as it travels: JSON Lines, one log entry (did:webvh 1.0) a line. Our ML-DSA cosignature stands as one more
 * member of the entry's `proof`, and is taken out before the standard's rules are applied; witness proofs, if any, follow as
 * one last line, `{"witnessProofs":[{"versionId":…,"proof":[…]}]}`. A member's history has each line in canonical JSON (RFC 8785).
 */
export type DidHistory = string;

/** The one method version that we read: didwebvh-ts also takes 0.5, whose rules are laxer. */
export const METHOD = 'did:webvh:1.0';

/** Keys of one version, and commitments to later ones. */
const MAX_UPDATE_KEYS = 32;
const MAX_WATCHERS = 32;
/** Proofs of one entry: one suffices. */
const MAX_PROOFS = 4;
/** Witness proofs of a whole history: the newest of each witness says it all, but some publish one for each version. */
const MAX_WITNESS_PROOFS = 1024;

const shortText = z.string().max(128);

/** did:webvh 1.0, "DID Method Parameters": these and no others. */
const parametersSchema = z.strictObject({
  method: z.literal(METHOD).optional(),
  scid: z.string().max(64).optional(),
  updateKeys: z.array(shortText).max(MAX_UPDATE_KEYS).nullish(),
  nextKeyHashes: z.array(shortText).max(MAX_UPDATE_KEYS).nullish(),
  witness: z.union([
    z.strictObject({
      threshold: z.int().min(1).max(MAX_WITNESSES),
      witnesses: z.array(z.strictObject({ id: shortText.startsWith('did:key:z') })).min(1).max(MAX_WITNESSES),
    }),
    z.strictObject({}),
    z.null(),
  ]).optional(),
  watchers: z.array(z.string().max(2048)).max(MAX_WATCHERS).nullish(),
  portable: z.boolean().nullish(),
  deactivated: z.boolean().nullish(),
  ttl: z.int().nonnegative().nullish(),
});

export const versionIdSchema = z.string().max(MAX_VERSION_ID_CHARACTERS);
const entrySchema = z.strictObject({
  versionId: versionIdSchema,
  versionTime: z.string().max(32),
  parameters: parametersSchema,
  state: z.looseObject({ id: didSchema }),
  // didwebvh-ts 2.8 takes an empty list of proofs for a proven entry: anybody could append one.
  proof: z.array(eddsaProofSchema).min(1).max(MAX_PROOFS),
});
/** One entry as did:webvh 1.0 has it. */
export type DidEntry = z.infer<typeof entrySchema>;

/** What witnesses say of one version: an element of `did-witness.json`. */
export const witnessProofSchema = z.strictObject({ versionId: versionIdSchema, proof: z.array(eddsaProofSchema).max(MAX_WITNESSES) });
/** What witnesses say of one version: an element of `did-witness.json`. */
export interface WitnessProof {
  readonly versionId: string;
  readonly proof: readonly EddsaProof[];
}
/** `did-witness.json` as a whole. */
export const witnessProofsSchema = z
  .array(witnessProofSchema)
  .max(MAX_DID_VERSIONS)
  .refine((proofs) => proofs.reduce((sum, { proof }) => sum + proof.length, 0) <= MAX_WITNESS_PROOFS);

/** An entry and our cosignature over it. */
export interface CosignedEntry {
  readonly entry: DidEntry;
  readonly cosignature: Cosignature | undefined;
}

/** A history taken apart; nothing in it is verified. */
export interface ParsedHistory {
  readonly cosigned: readonly CosignedEntry[];
  readonly entries: readonly DidEntry[];
  readonly witnessProofs: readonly WitnessProof[];
  /** Characters of the whole. */
  readonly length: number;
}

/**
 * Takes a history apart.
 * @throws IdentityError `DID_LOG_INVALID`
 */
export function parseHistory(history: DidHistory): ParsedHistory {
  try {
    const lines = parseJsonLines(history);
    const last = lines.at(-1);
    const witnessed = typeof last === 'object' && last !== null && 'witnessProofs' in last;
    const witnessProofs = witnessed ? z.strictObject({ witnessProofs: witnessProofsSchema }).parse(last).witnessProofs : [];
    const cosigned = (witnessed ? lines.slice(0, -1) : lines).map(parseEntry);
    if (cosigned.length === 0) throw new Error('A history has an entry at least.');
    return { cosigned, entries: cosigned.map(({ entry }) => entry), witnessProofs, length: history.length };
  } catch (cause) {
    throw historyInvalid(cause);
  }
}

/** Puts together what {@link parseHistory} takes apart, in its one canonical form. @throws IdentityError `DID_LOG_INVALID` when it is too large */
export function formatHistory({ cosigned, witnessProofs }: Pick<ParsedHistory, 'cosigned' | 'witnessProofs'>): DidHistory {
  const entries = cosigned.map(({ entry, cosignature }) => ({ ...entry, proof: cosignature === undefined ? entry.proof : [...entry.proof, cosignature] }));
  const lines = witnessProofs.length === 0 ? entries : [...entries, { witnessProofs }];
  const history = lines.map((line) => `${Buffer.from(canonicalJsonBytes(line)).toString('utf8')}\n`).join('');
  checkSize(history);
  return history;
}

/**
 * Refuses a history that is not written as {@link formatHistory} writes it: what was verified is known again by its text, so of one
 * history there must not be any number of texts, each to be verified anew.
 * @throws IdentityError `DID_LOG_INVALID`
 */
export function checkCanonical(history: DidHistory, parsed: ParsedHistory): void {
  if (formatHistory(parsed) !== history) throw historyInvalid(new Error('The history is not in canonical form.'));
}

/** JSON Lines: one value a line. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** Reads JSON Lines of a stranger's, at most {@link MAX_DID_HISTORY_BYTES}; throws whatever is wrong first. */
function parseJsonLines(text: string): readonly unknown[] {
  checkSize(text);
  const lines = text.trimEnd().split('\n');
  if (lines.length > MAX_DID_VERSIONS + 1) throw new Error(`A DID history has at most ${MAX_DID_VERSIONS} versions.`);
  return lines.map(parseJson);
}

/** Reads JSON of a stranger's. The library copies objects key by key: a member of this name would become the copy's prototype and escape the hash. */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => {
    if (key === '__proto__') throw new Error('A member has a forbidden name.');
    return value;
  });
}

/** did:webvh 1.0, "Entry Hash Generation": base58btc(multihash(SHA-256(JCS(entry without proof)))). */
export function entryHash(content: Omit<DidEntry, 'proof'>): string {
  return multihash(canonicalJsonBytes(content));
}

/** The number before the hyphen of a version's id. */
export function versionNumberOf(versionId: string): number {
  return Number(versionId.split('-')[0]);
}

export function historyInvalid(cause: unknown): IdentityError {
  return new IdentityError('DID_LOG_INVALID', "A DID's history does not verify.", { cause });
}

function parseEntry(line: unknown): CosignedEntry {
  const { proof: proofs, ...content } = z.looseObject({ proof: z.unknown() }).parse(line);
  // Data Integrity 1.0, section 2.1: a single proof may stand by itself.
  const proof = Array.isArray(proofs) ? proofs : [proofs];
  const ours = proof.filter(isCosignature);
  if (ours.length > 1) throw new Error('An entry has several cosignatures.');
  const entry = entrySchema.parse({ ...content, proof: proof.filter((one) => !isCosignature(one)) });
  return { entry, cosignature: cosignatureSchema.optional().parse(ours[0]) };
}

function isCosignature(proof: unknown): boolean {
  return typeof proof === 'object' && proof !== null && 'cryptosuite' in proof && proof.cryptosuite === COSIGNATURE_SUITE;
}

function checkSize(text: string): void {
  if (Buffer.byteLength(text, 'utf8') > MAX_DID_HISTORY_BYTES) {
    throw new IdentityError('DID_LOG_INVALID', `A DID's history has at most ${MAX_DID_HISTORY_BYTES} bytes.`);
  }
}
