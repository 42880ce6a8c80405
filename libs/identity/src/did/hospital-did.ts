import type { Clock } from '@carecord/core';
import { ed25519PublicKey, hybridSigner, recipientPublicKey } from '@carecord/crypto';
import { IdentityError } from '../identity-error.ts';
import { cosigningCommitment } from './did-cosignature.ts';
import { documentContent, hospitalDocument, MAX_PREVIOUS_SIGNING_KEYS, signingKeyIds } from './did-document.ts';
import type { DidService, DocumentContent, NumberedSigning } from './did-document.ts';
import { formatHistory, METHOD, parseHistory } from './did-entries.ts';
import type { CosignedEntry, DidEntry, DidHistory, WitnessProof } from './did-entries.ts';
import { SCID, sealEntry, withScid } from './did-entry-writing.ts';
import type { EntryContent } from './did-entry-writing.ts';
import { resolveUnwitnessedDid } from './did-history.ts';
import type { ResolvedDid } from './did-history.ts';
import type { DidKeys } from './did-keys.ts';
import { MEMBER_POLICY } from './did-policy.ts';
import type { WitnessRule } from './did-policy.ts';
import { nextVersionTime, versionTimeOf } from './did-time.ts';
import { rulesOf } from './did-witness.ts';
import { ed25519Multikey, keyHash } from './multikey.ts';

/** RFC 1123 host names in lower case, of at least two labels: what may stand in a DID of ours. No port: it would be part of the identity. */
const HOST_NAME = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** A version just written. Until its witnesses, if any, have approved it, it is nothing to be shown to others. */
export interface UnwitnessedDid {
  readonly did: string;
  readonly versionId: string;
  readonly history: DidHistory;
  /** Whether the DID's own rule asks for witnesses of this version: collect proofs and add them by `addWitnessProofs`. */
  readonly needsWitnesses: boolean;
  readonly signingKeyIds: { readonly ed25519: string; readonly mlDsa65: string };
}

/**
 * Creates a hospital's DID (did:webvh 1.0): the first entry of its history, proven by the update key and cosigned, with the next
 * keys of both kinds committed.
 * @param options.domain the host name in the DID, such as `a.hospital.example`; nothing is fetched from it
 * @param options.witness whom the DID asks to witness its versions; nobody if absent
 * @throws IdentityError `DID_DOMAIN_INVALID`, `DID_LOG_INVALID`
 */
export async function createHospitalDid(options: {
  readonly domain: string;
  readonly keys: DidKeys;
  readonly services?: readonly DidService[];
  readonly witness?: WitnessRule;
  readonly clock: Clock;
}): Promise<UnwitnessedDid> {
  const { domain, keys, services = [], witness, clock } = options;
  if (!HOST_NAME.test(domain)) throw new IdentityError('DID_DOMAIN_INVALID', 'The domain of a hospital is a host name in lower case, without port or path.');
  const content: EntryContent = {
    versionId: SCID,
    versionTime: versionTimeOf(clock.now()),
    parameters: { method: METHOD, scid: SCID, ...keyParameters(keys), portable: false, ...(witness && { witness: witnessParameter(witness) }) },
    state: hospitalDocument(`did:webvh:${SCID}:${domain}`, { ...(await keyContent(keys)), previousSigning: [], services }, cosigningCommitment(keys)),
  };
  return await writeVersion({ earlier: [], witnessProofs: [], content: withScid(content), keys, clock });
}

/**
 * Writes the next version of a hospital's DID.
 * @param options.keys the committed ones as `update` and `cosigning`, and those to be in force from now on
 * @param options.services from now on; those of the current version if absent
 * @param options.keepPrevious whether the signing keys that this version replaces stay listed, so that what they signed still
 *   verifies: yes when it was planned, no when one may be in wrong hands
 * @param options.witness the rule from the next version on (a threshold of 0 ends it); the current one if absent
 * @throws IdentityError `DID_LOG_INVALID` when the keys are not those committed, `DID_TIME_INVALID`
 */
export async function rotateHospitalDid(options: {
  readonly current: ResolvedDid;
  readonly keys: DidKeys;
  readonly services?: readonly DidService[];
  readonly keepPrevious: boolean;
  readonly witness?: WitnessRule;
  readonly clock: Clock;
}): Promise<UnwitnessedDid> {
  const { current, keys, services = current.services, keepPrevious, witness, clock } = options;
  const { did, versionId, updatedAt, log } = current;
  const { cosigned: earlier, witnessProofs } = parseHistory(log);
  const fresh = await keyContent(keys);
  const previousSigning = keepPrevious ? previousAfter(fresh.signing, documentContent(did, earlier.at(-1)?.entry.state)) : [];
  const content: EntryContent = {
    versionId,
    versionTime: nextVersionTime(updatedAt, clock.now()),
    parameters: { ...keyParameters(keys), ...(witness && { witness: witnessParameter(witness) }) },
    state: hospitalDocument(did, { ...fresh, previousSigning, services }, cosigningCommitment(keys)),
  };
  return await writeVersion({ earlier, witnessProofs, content, keys, clock });
}

/** Completes an entry, and verifies the outcome as everybody else will. */
async function writeVersion(options: {
  readonly earlier: readonly CosignedEntry[];
  readonly witnessProofs: readonly WitnessProof[];
  readonly content: EntryContent;
  readonly keys: DidKeys;
  readonly clock: Clock;
}): Promise<UnwitnessedDid> {
  const { earlier, witnessProofs, content, keys, clock } = options;
  const cosigned = [...earlier, await sealEntry(content, earlier.length + 1, keys)];
  const history = formatHistory({ cosigned, witnessProofs });
  const did = content.state.id;
  const { versionId } = await resolveUnwitnessedDid(did, history, MEMBER_POLICY, clock.now());
  const rule = rulesOf(cosigned.map(({ entry }) => entry)).at(-1);
  return { did, versionId, history, needsWitnesses: rule !== undefined, signingKeyIds: signingKeyIds(did, keys.signing.number) };
}

function keyParameters({ update, nextUpdate }: DidKeys): { readonly updateKeys: string[]; readonly nextKeyHashes: string[] } {
  return { updateKeys: [ed25519Multikey(ed25519PublicKey(update))], nextKeyHashes: [keyHash(ed25519Multikey(ed25519PublicKey(nextUpdate)))] };
}

async function keyContent({ signing, recipient }: DidKeys): Promise<Pick<DocumentContent, 'signing' | 'recipient'>> {
  return {
    signing: { number: signing.number, publicKeys: hybridSigner(signing).publicKeys },
    recipient: { number: recipient.number, publicKey: await recipientPublicKey(recipient.seed) },
  };
}

/** The earlier pairs that stay listed when `fresh` takes its turn: it may be the same pair, if only other keys rotate. */
function previousAfter(fresh: NumberedSigning, { signing, previousSigning }: DocumentContent): readonly NumberedSigning[] {
  return [signing, ...previousSigning].filter(({ number }) => number !== fresh.number).slice(0, MAX_PREVIOUS_SIGNING_KEYS);
}

function witnessParameter({ threshold, witnesses }: WitnessRule): NonNullable<DidEntry['parameters']['witness']> {
  return threshold === 0 ? {} : { threshold, witnesses: witnesses.map((id) => ({ id })) };
}
