import { canonicalJsonBytes } from '@carecord/core';
import { sha256, verifyEd25519 } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import { MultibaseEncoding, multibaseEncode } from 'didwebvh-ts';
import type { Verifier } from 'didwebvh-ts';
import { z } from 'zod';
import { documentKeys } from './did-document.ts';
import { historyResolver } from './history-library.ts';
import { IdentityError } from './identity-error.ts';
import { MAX_DID_LOG_BYTES, MAX_VERSION_ID_CHARACTERS } from './limits.ts';
import { didSchema } from './schemas.ts';

/** A hospital's DID as its history, fully verified, says it is now. */
export interface ResolvedDid {
  readonly did: string;
  /** `number-hash` of the last entry: names this very history. */
  readonly versionId: string;
  readonly versionNumber: number;
  /** The history itself, JSON Lines, to be sent on. */
  readonly log: string;
  readonly signing: SigningPublicKeys;
  readonly signingKeyIds: { readonly ed25519: string; readonly mlDsa65: string };
  /** X25519 with ML-KEM-768, 1216 bytes. */
  readonly recipientPublicKey: Uint8Array;
  readonly recipientKeyId: string;
}

/** The one method version that we read: didwebvh-ts also takes 0.5, whose rules are laxer. */
const METHOD = 'did:webvh:1.0';

const parametersSchema = z.looseObject({ method: z.literal(METHOD).optional(), scid: z.string().max(64).optional() });
const entrySchema = z.strictObject({
  versionId: z.string().max(MAX_VERSION_ID_CHARACTERS),
  versionTime: z.string().max(32),
  parameters: parametersSchema,
  state: z.looseObject({ id: didSchema }),
  // didwebvh-ts 2.8 takes an empty list of proofs for a proven entry: anybody could append one.
  proof: z.array(z.looseObject({ verificationMethod: z.string(), proofValue: z.string() })).min(1).max(8),
});
type Entry = z.infer<typeof entrySchema>;

/** eddsa-jcs-2022 for didwebvh-ts. */
export const proofVerifier: Verifier = {
  verify: (signature, message, publicKey) => Promise.resolve(verifyEd25519(publicKey, message, signature)),
};

/**
 * Verifies a DID's whole history (did:webvh 1.0: SCID, hash chain, proofs by the keys that each entry authorises) offline,
 * and reads the three keys of its last document.
 * @param did the DID that the history must be of
 * @param log JSON Lines, at most {@link MAX_DID_LOG_BYTES}
 * @throws IdentityError `DID_LOG_INVALID`, also for a deactivated DID and for one that demands witnesses
 */
export async function resolveDidLog(did: string, log: string): Promise<ResolvedDid> {
  try {
    const { versionId, document } = await verifyHistory(did, log);
    return { did, versionId, versionNumber: Number(versionId.split('-')[0]), log, ...documentKeys(did, document) };
  } catch (cause) {
    throw new IdentityError('DID_LOG_INVALID', "A DID's history does not verify.", { cause });
  }
}

/** The last version of a history that verifies for the DID, whatever its document says; throws whatever is first wrong. */
export async function verifyHistory(did: string, log: string): Promise<{ readonly versionId: string; readonly document: unknown }> {
  const entries = parseLog(log);
  checkFirstEntry(entries[0], did);
  const resolved = await historyResolver()(entries, {
    verifier: proofVerifier,
    scid: did.split(':')[2],
    requestedDid: did,
    // Given an empty list the library fetches none: otherwise it would go out on the network for them.
    witnessProofs: [],
  });
  if (resolved.did !== did || resolved.meta.deactivated || resolved.meta.error !== undefined) throw new Error('Not this DID, or not any more.');
  return { versionId: resolved.meta.versionId, document: resolved.doc };
}

function parseLog(log: string): readonly Entry[] {
  if (Buffer.byteLength(log, 'utf8') > MAX_DID_LOG_BYTES) throw new Error(`A DID history has at most ${MAX_DID_LOG_BYTES} bytes.`);
  const lines = log.trimEnd().split('\n');
  return lines.map((line) => entrySchema.parse(JSON.parse(line, refusePrototype)));
}

/** The library copies objects key by key; a member of this name would become the copy's prototype and escape the hash. */
function refusePrototype(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new Error('A member has a forbidden name.');
  return value;
}

/**
 * Checks the first entry before the library sees it: didwebvh-ts 2.8 does not compare the hash in its versionId, so the same
 * history could be shown under several version ids; and it remembers what it hashes, so a stranger's garbage should not reach it.
 */
function checkFirstEntry(entry: Entry | undefined, did: string): void {
  const scid = entry?.parameters.scid;
  if (scid === undefined || entry?.parameters.method !== METHOD || did.split(':')[2] !== scid) throw new Error('The history is of another DID.');
  if (entry.versionId !== `1-${entryHash({ ...entry, proof: undefined, versionId: scid })}`) throw new Error("The first entry's versionId is not its hash.");
}

/** did:webvh 1.0, "Entry Hash Generation": base58btc(multihash(SHA-256(JCS(entry without proof)))). */
function entryHash(content: unknown): string {
  const sha256Multihash = Uint8Array.of(0x12, 0x20);
  return multibaseEncode(Buffer.concat([sha256Multihash, sha256(canonicalJsonBytes(content))]), MultibaseEncoding.BASE58_BTC).slice(1);
}
