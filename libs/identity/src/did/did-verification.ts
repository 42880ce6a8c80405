import { randomNonce, verifyEd25519 } from '@carecord/crypto';
import type { Verifier } from 'didwebvh-ts';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { verifyCosignatures } from './did-cosignature.ts';
import { checkCanonical, entryHash, formatHistory, historyInvalid, METHOD, parseHistory } from './did-entries.ts';
import type { DidEntry, DidHistory, ParsedHistory, WitnessProof } from './did-entries.ts';
import type { DidPolicy } from './did-policy.ts';
import { approvalsOf, lastRuleOf, rulesOf, verifyWitnesses } from './did-witness.ts';
import { historyResolver } from './history-library.ts';
import { base58, didKeyUrl, keyHash } from './multikey.ts';

/** A history that verifies, whatever its last document says. */
export interface VerifiedHistory {
  readonly did: string;
  /** Of every version, the first one first. */
  readonly versionIds: readonly string[];
  /** The last entry's document as it was written. */
  readonly state: DidEntry['state'];
  /** The same as the method presents it: with its implied services, and absent once the DID is deactivated. */
  readonly document: Readonly<Record<string, unknown>> | undefined;
  readonly deactivated: boolean;
  /** versionTime of the first and of the last entry. */
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * Verifies a DID's whole history offline: did:webvh 1.0 (SCID, hash chain, proofs by the keys that each entry authorises,
 * pre-rotation, witnesses) by didwebvh-ts with our guards around it, and what the policy demands beyond that.
 * @throws IdentityError `DID_LOG_INVALID`, `DID_TIME_INVALID`, `DID_PRE_ROTATION_MISSING`, `DID_COSIGNATURE_*`, `DID_WITNESSES_MISSING`
 */
export async function verifyHistory(did: string, history: DidHistory, policy: DidPolicy, now: Date): Promise<VerifiedHistory> {
  return await withCode(() => {
    const parsed = parseUnder(policy, history);
    return verifyParsed(did, parsed, policy, now, () => {
      const approvals = approvalsOf(parsed);
      verifyWitnesses(parsed.entries, approvals, policy.witnesses);
      return { proofs: [...approvals.values()].map(({ proof }) => proof), verifier: proofVerifier };
    });
  });
}

/**
 * The same but for the witnesses of the last entry, who are yet to be asked: for a witness, and for whoever asks them.
 * @throws IdentityError as {@link verifyHistory} does
 */
export async function verifyUnwitnessed(did: string, history: DidHistory, policy: DidPolicy, now: Date): Promise<VerifiedHistory> {
  return await withCode(async () => {
    const { witnesses: _, ...unwitnessed } = policy;
    const parsed = parseUnder(unwitnessed, history);
    if (parsed.entries.length > 1) {
      await verifyHistory(did, formatHistory({ cosigned: parsed.cosigned.slice(0, -1), witnessProofs: parsed.witnessProofs }), unwitnessed, now);
    }
    return await verifyParsed(did, parsed, unwitnessed, now, () => assumedApprovals(parsed));
  });
}

/** Members alone cosign, and their software writes one form; others may write as did:webvh 1.0 allows. */
function parseUnder(policy: DidPolicy, history: DidHistory): ParsedHistory {
  const parsed = parseHistory(history);
  if (policy.cosignature) checkCanonical(history, parsed);
  return parsed;
}

/** What the library is told of witnesses, and how it is to verify proofs. */
interface WitnessEvidence {
  readonly proofs: readonly WitnessProof[];
  readonly verifier: Verifier;
}

async function verifyParsed(did: string, { entries, cosigned, length }: ParsedHistory, policy: DidPolicy, now: Date, evidence: () => WitnessEvidence): Promise<VerifiedHistory> {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) throw new Error('A history has an entry at least.');
  checkTimes(entries);
  checkNotFuture(new Date(last.versionTime), now);
  if (policy.preRotation) checkPreRotation(entries);
  checkFirstEntry(first, did);
  const { proofs, verifier } = evidence();
  const resolved = await historyResolver({ entries: entries.length, length })(entries, {
    verifier,
    scid: did.split(':')[2],
    requestedDid: did,
    // The library would fetch them over the network if it were given none, and log the strangest texts of bad ones.
    witnessProofs: proofs,
  });
  if (resolved.did !== did || resolved.meta.error !== undefined) throw new Error('The history is of another DID.');
  if (policy.cosignature) verifyCosignatures(cosigned);
  return {
    did,
    versionIds: entries.map(({ versionId }) => versionId),
    state: last.state,
    document: resolved.doc ?? undefined,
    deactivated: resolved.meta.deactivated,
    createdAt: new Date(first.versionTime),
    updatedAt: new Date(last.versionTime),
  };
}

/** @throws IdentityError `DID_TIME_INVALID` */
export function checkNotFuture(versionTime: Date, now: Date): void {
  if (versionTime.getTime() > now.getTime() + CLOCK_SKEW_MILLISECONDS) throw new IdentityError('DID_TIME_INVALID', 'A version of a DID is dated in the future.');
}

/** eddsa-jcs-2022 for didwebvh-ts. */
const proofVerifier: Verifier = {
  verify: (signature, message, publicKey) => Promise.resolve(verifyEd25519(publicKey, message, signature)),
};

/** Every witness's approval of the last version, by a value that stands in no history: it is drawn after the history was read. */
function assumedApprovals({ entries }: ParsedHistory): WitnessEvidence {
  const marker = Buffer.from(randomNonce(64));
  const versionId = entries.at(-1)?.versionId ?? '';
  const witnesses = new Set([...rulesOf(entries), lastRuleOf(entries)].flatMap((rule) => rule?.witnesses ?? []));
  const proof = [...witnesses].map((witness) => ({
    type: 'DataIntegrityProof' as const,
    cryptosuite: 'eddsa-jcs-2022' as const,
    verificationMethod: didKeyUrl(witness),
    proofPurpose: 'assertionMethod' as const,
    proofValue: base58(marker),
  }));
  return {
    proofs: [{ versionId, proof }],
    verifier: { verify: (signature, message, publicKey) => Promise.resolve(marker.equals(signature) || verifyEd25519(publicKey, message, signature)) },
  };
}

/** Every versionTime is after the one before (did:webvh 1.0, "The DID Log File"): nothing is slipped in before what was published. */
function checkTimes(entries: readonly DidEntry[]): void {
  let previous = -Infinity;
  for (const { versionTime } of entries) {
    const time = Date.parse(versionTime);
    if (!(time > previous)) throw new IdentityError('DID_TIME_INVALID', "A version of a DID is not dated after the one before it.");
    previous = time;
  }
}

/** Every entry names its update keys and commits others; the one that ends the DID has nothing to commit. */
function checkPreRotation(entries: readonly DidEntry[]): void {
  for (const { parameters } of entries) {
    const { updateKeys, nextKeyHashes, deactivated } = parameters;
    const committed = deactivated === true || (nextKeyHashes?.length ?? 0) > 0;
    const reused = updateKeys?.some((key) => nextKeyHashes?.includes(keyHash(key))) ?? true;
    if (!committed || reused) throw new IdentityError('DID_PRE_ROTATION_MISSING', 'A version of a DID does not commit the keys of the next one.');
  }
}

/**
 * Checks the first entry before the library sees it: didwebvh-ts 2.8 does not compare the hash in its versionId, so the same
 * history could be shown under several version ids; and it remembers what it hashes, so a stranger's garbage should not reach it.
 */
function checkFirstEntry({ proof: _, ...entry }: DidEntry, did: string): void {
  const { scid, method } = entry.parameters;
  if (scid === undefined || method !== METHOD || did.split(':')[2] !== scid) throw new Error('The history is of another DID.');
  if (entry.versionId !== `1-${entryHash({ ...entry, versionId: scid })}`) throw new Error("The first entry's versionId is not its hash.");
}

/** Gives `DID_LOG_INVALID` to whatever has no code of its own: the library throws plain errors, and a TypeError at some histories. */
async function withCode<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof IdentityError ? cause : historyInvalid(cause);
  }
}
