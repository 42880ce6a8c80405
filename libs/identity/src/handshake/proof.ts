import { hashWithContext, signWithContext, verifyWithContext } from '@carecord/crypto';
import type { ResolvedDid } from '../did/did-history.ts';
import { IdentityError } from '../identity-error.ts';
import type { HandshakeErrorCode } from '../identity-error.ts';
import type { LocalMember } from '../local-identity.ts';
import { verifyEncodedMembership } from '../membership/membership.ts';
import type { Membership } from '../membership/membership.ts';
import type { HandshakeBinding } from '../ports.ts';
import type { MemberStatus } from '../status/status-book.ts';
import { ownEvidence, readEvidence } from './evidence.ts';
import type { ShownEvidence } from './evidence.ts';
import type { HandshakePolicy, RemoteMember } from './handshake.ts';
import type { Evidence, Hello, Proof } from './messages.ts';

type Role = Hello['role'];

/** Both hellos as they went over the wire, and the TLS exporter value: 32 bytes that no other connection has. */
export function transcriptOf(initiatorHello: Uint8Array, responderHello: Uint8Array, exporter: Uint8Array): Uint8Array {
  return hashWithContext('identity/handshake/transcript', initiatorHello, responderHello, exporter);
}

/**
 * Signs the transcript once with each key: Ed25519 and ML-DSA-65 of the DID, and the PeerId's.
 * @param shown `toPeer`: whether the other end needs our evidence; `isPeersKnown`: whether we know the other's
 */
export async function createProof(
  binding: HandshakeBinding,
  local: LocalMember,
  transcript: Uint8Array,
  shown: { readonly toPeer: boolean; readonly isPeersKnown: boolean },
): Promise<Proof> {
  const [signature, peerSignature] = await Promise.all([
    signWithContext(local.signer, didContext(binding.role), transcript),
    binding.signWithPeerKey(peerMessage(binding.role, transcript)),
  ]);
  return { ...(shown.toPeer ? { evidence: ownEvidence(local).encoded } : {}), knowsEvidence: shown.isPeersKnown, signature, peerSignature };
}

/**
 * Verifies the other's proof, what costs least first: until its membership stands everything is a stranger's. The credentials
 * and the stapled lists are mostly known already; the DID's history is looked at, and remembered, for a member alone.
 * @param known the other's evidence, if it was shown before
 * @throws IdentityError with a `HANDSHAKE_*` code, or whatever a store throws that does not answer
 */
export async function verifyProof(
  proof: Proof,
  known: ShownEvidence | undefined,
  theirs: Hello,
  transcript: Uint8Array,
  binding: HandshakeBinding,
  policy: HandshakePolicy,
): Promise<RemoteMember> {
  const shown = evidenceOf(proof, known, theirs);
  const { evidence, history } = shown;
  const membership = await verifyCredentials(evidence, theirs, policy);
  await policy.statuses.offerStapled(evidence.statusLists);
  checkStatus(policy.statuses.standing(membership, policy.clock.now()));
  verifySignature(proof, theirs, transcript, await verifyDid(theirs, async () => shown.resolved ?? policy.histories.verify(theirs.did, history)));
  await verifyPeer(proof, theirs, transcript, binding);
  // Only now: credentials and history are known to every member, and whoever copied them would choose what is remembered of another.
  const resolved = await verifyDid(theirs, () => policy.histories.accept(theirs.did, history));
  policy.evidence?.keep(theirs.evidence, { evidence, history, resolved });
  return {
    did: membership.did,
    name: membership.name,
    roles: membership.roles,
    peerId: theirs.peerId,
    resolved,
    membershipValidUntil: membership.validUntil,
    membership,
  };
}

/** What the other end shows: sent now, or sent before and known here. */
function evidenceOf({ evidence }: Proof, known: ShownEvidence | undefined, theirs: Hello): ShownEvidence {
  if (evidence === undefined && known !== undefined) return known;
  try {
    if (evidence === undefined) throw new Error('Nothing is shown.');
    return readEvidence(evidence, theirs.evidence);
  } catch (cause) {
    throw new IdentityError('HANDSHAKE_MALFORMED', "The peer's evidence is missing or not what it announced.", { cause });
  }
}

async function verifyCredentials({ credentials }: Evidence, theirs: Hello, policy: HandshakePolicy): Promise<Membership> {
  if (credentials.length === 0) throw new IdentityError('HANDSHAKE_NO_CREDENTIAL', 'The peer shows no membership credential.');
  try {
    return await verifyEncodedMembership(credentials, { trust: policy.trust, subject: theirs.did, now: policy.clock.now() });
  } catch (cause) {
    if (cause instanceof IdentityError && cause.code === 'CREDENTIAL_EXPIRED') throw new IdentityError('HANDSHAKE_CREDENTIAL_EXPIRED', "The peer's membership has expired.", { cause });
    throw new IdentityError('HANDSHAKE_CREDENTIAL', "The peer's membership credentials are not valid for it.", { cause });
  }
}

const STATUS_REFUSALS: Readonly<Record<Exclude<MemberStatus, 'standing'>, readonly [HandshakeErrorCode, string]>> = {
  revoked: ['HANDSHAKE_REVOKED', "The peer's membership was revoked."],
  suspended: ['HANDSHAKE_SUSPENDED', "The peer's membership is suspended."],
  expired: ['HANDSHAKE_CREDENTIAL_EXPIRED', "The peer's membership has expired."],
  'status-stale': ['HANDSHAKE_STATUS_STALE', "No recent status list says that the peer's membership still stands."],
};

function checkStatus(status: MemberStatus): void {
  if (status === 'standing') return;
  const [code, message] = STATUS_REFUSALS[status];
  throw new IdentityError(code, message);
}

async function verifyDid(theirs: Hello, verify: () => Promise<ResolvedDid>): Promise<ResolvedDid> {
  const resolved = await verify().catch((cause: unknown) => {
    throw cause instanceof IdentityError ? didRefused(cause) : cause;
  });
  if (resolved.versionId !== theirs.versionId) throw new IdentityError('HANDSHAKE_DID', "The history of the peer's DID ends at another version.");
  return resolved;
}

function didRefused(cause: IdentityError): IdentityError {
  if (cause.code === 'DID_VERSION_OLDER') return new IdentityError('HANDSHAKE_DID_OLD', "A newer version of the peer's DID was seen before.", { cause });
  if (cause.code === 'DID_VERSION_FORKED') return new IdentityError('HANDSHAKE_DID_FORKED', "Another history of the peer's DID was seen before.", { cause });
  return new IdentityError('HANDSHAKE_DID', "The history of the peer's DID does not verify.", { cause });
}

/** With the DID's present keys alone: a key that was replaced makes no new connection. */
function verifySignature(proof: Proof, theirs: Hello, transcript: Uint8Array, resolved: ResolvedDid): void {
  try {
    verifyWithContext(resolved.signing, didContext(theirs.role), transcript, proof.signature);
  } catch (cause) {
    throw new IdentityError('HANDSHAKE_SIGNATURE', "The peer's DID did not sign this connection.", { cause });
  }
}

async function verifyPeer(proof: Proof, theirs: Hello, transcript: Uint8Array, binding: HandshakeBinding): Promise<void> {
  const verified = await binding.verifyPeerSignature(theirs.peerId, peerMessage(theirs.role, transcript), proof.peerSignature).catch(() => false);
  if (!verified) throw new IdentityError('HANDSHAKE_PEER_SIGNATURE', "The peer's PeerId did not sign this connection.");
}

/** The signer's role is in the context, so neither end's signature can be given back as the other's. */
function didContext(role: Role): string {
  return `identity/handshake/did/${role}`;
}

/** The PeerId's key signs other things for libp2p: the text in front keeps this apart from all of them. */
function peerMessage(role: Role, transcript: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from(`carecord/v1/identity/handshake/peer/${role}:`, 'utf8'), transcript]));
}
