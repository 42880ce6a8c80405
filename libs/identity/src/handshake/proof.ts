import { hashWithContext, signWithContext, verifyWithContext } from '@carecord/crypto';
import { resolveDidLog } from '../did-log.ts';
import type { ResolvedDid } from '../did-log.ts';
import { IdentityError } from '../identity-error.ts';
import { verifyMembershipCredential } from '../membership-credential.ts';
import type { Membership } from '../membership-credential.ts';
import type { HandshakeBinding } from '../ports.ts';
import type { HandshakePolicy, LocalMember, RemoteMember } from './handshake.ts';
import type { Hello, Proof } from './messages.ts';

type Role = Hello['role'];

/** Both hellos as they went over the wire, and the TLS exporter value: 32 bytes that no other connection has. */
export function transcriptOf(initiatorHello: Uint8Array, responderHello: Uint8Array, exporter: Uint8Array): Uint8Array {
  return hashWithContext('identity/handshake/transcript', initiatorHello, responderHello, exporter);
}

/** Signs the transcript once with each key: Ed25519 and ML-DSA-65 of the DID, and the PeerId's. */
export async function createProof(binding: HandshakeBinding, local: LocalMember, transcript: Uint8Array): Promise<Proof> {
  const [signature, peerSignature] = await Promise.all([
    signWithContext(local.signer, didContext(binding.role), transcript),
    binding.signWithPeerKey(peerMessage(binding.role, transcript)),
  ]);
  return { didLog: local.resolved.log, credential: local.credential, signature, peerSignature };
}

/**
 * Verifies the other's proof. The authority's signature on the credential comes first: until then everything is a
 * stranger's, and this check reads the least of it.
 * @throws IdentityError with a `HANDSHAKE_*` code
 */
export async function verifyProof(
  proof: Proof,
  theirs: Hello,
  transcript: Uint8Array,
  binding: HandshakeBinding,
  policy: HandshakePolicy,
): Promise<RemoteMember> {
  const membership = await verifyCredential(proof, theirs, policy);
  const resolved = await verifyDid(proof, theirs);
  verifySignature(proof, theirs, transcript, resolved);
  await verifyPeer(proof, theirs, transcript, binding);
  return {
    did: membership.did,
    name: membership.name,
    roles: membership.roles,
    peerId: theirs.peerId,
    resolved,
    membershipValidUntil: membership.validUntil,
  };
}

async function verifyCredential(proof: Proof, theirs: Hello, policy: HandshakePolicy): Promise<Membership> {
  if (proof.credential === undefined) throw new IdentityError('HANDSHAKE_NO_CREDENTIAL', 'The peer shows no membership credential.');
  try {
    return await verifyMembershipCredential(proof.credential, {
      authority: policy.authority,
      networkId: theirs.networkId,
      subject: theirs.did,
      now: policy.clock.now(),
    });
  } catch (cause) {
    if (cause instanceof IdentityError && cause.code === 'CREDENTIAL_EXPIRED') {
      throw new IdentityError('HANDSHAKE_CREDENTIAL_EXPIRED', "The peer's membership has expired.", { cause });
    }
    throw new IdentityError('HANDSHAKE_CREDENTIAL', "The peer's membership credential is not valid for it.", { cause });
  }
}

async function verifyDid(proof: Proof, theirs: Hello): Promise<ResolvedDid> {
  try {
    const resolved = await resolveDidLog(theirs.did, proof.didLog);
    if (resolved.versionId !== theirs.versionId) throw new Error('The history ends at another version.');
    return resolved;
  } catch (cause) {
    throw new IdentityError('HANDSHAKE_DID', "The history of the peer's DID does not verify.", { cause });
  }
}

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
