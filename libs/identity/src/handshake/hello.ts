import { later } from '@carecord/core';
import { constantTimeEqual, randomNonce } from '@carecord/crypto';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import type { LocalMember } from '../local-identity.ts';
import type { HandshakeBinding } from '../ports.ts';
import { ownEvidence } from './evidence.ts';
import { NONCE_BYTES, SUITE } from './messages.ts';
import type { Hello } from './messages.ts';

/** How long a hello is meant for: a handshake takes milliseconds, over a slow line a few seconds. */
const LIFETIME_MILLISECONDS = 30_000;

/** Our own hello, with a fresh nonce. */
export function createHello(binding: HandshakeBinding, local: LocalMember, now: Date, knowsEvidence: boolean): Hello {
  return {
    suite: SUITE,
    networkId: local.networkId,
    role: binding.role,
    peerId: binding.localPeerId,
    did: local.resolved.did,
    versionId: local.resolved.versionId,
    nonce: randomNonce(NONCE_BYTES),
    expiresAt: later(now, LIFETIME_MILLISECONDS).getTime(),
    evidence: ownEvidence(local).digest,
    knowsEvidence,
  };
}

/**
 * All that can be checked of the other's hello before it has proven anything.
 * @throws IdentityError `HANDSHAKE_REFLECTED`, `HANDSHAKE_ROLE`, `HANDSHAKE_WRONG_NETWORK`, `HANDSHAKE_EXPIRED`, `HANDSHAKE_PEER_ID`
 */
export function checkHello(theirs: Hello, ours: Hello, binding: HandshakeBinding, now: Date): void {
  checkNotReflected(theirs, ours);
  checkRole(theirs, ours);
  checkNetwork(theirs, ours);
  checkExpiry(theirs, now);
  checkPeerId(theirs, binding);
}

/** Checked again when the proof has come: it must not have been waited for beyond the time that was signed. */
export function checkExpiry(theirs: Hello, now: Date): void {
  const remaining = theirs.expiresAt - now.getTime();
  if (remaining <= -CLOCK_SKEW_MILLISECONDS || remaining > LIFETIME_MILLISECONDS + CLOCK_SKEW_MILLISECONDS) {
    throw new IdentityError('HANDSHAKE_EXPIRED', "The peer's handshake is not for now; compare the clocks of both hospitals.");
  }
}

/** Another peer of our own DID is welcome: the replicas of a hospital talk to each other. */
function checkNotReflected(theirs: Hello, ours: Hello): void {
  if (constantTimeEqual(theirs.nonce, ours.nonce) || theirs.peerId === ours.peerId) {
    throw new IdentityError('HANDSHAKE_REFLECTED', 'The peer gave back our own hello or PeerId.');
  }
}

function checkRole(theirs: Hello, ours: Hello): void {
  if (theirs.role === ours.role) throw new IdentityError('HANDSHAKE_ROLE', 'The peer claims the same role in the handshake as we have.');
}

function checkNetwork(theirs: Hello, ours: Hello): void {
  if (theirs.networkId !== ours.networkId) throw new IdentityError('HANDSHAKE_WRONG_NETWORK', 'The peer belongs to another network.');
}

function checkPeerId(theirs: Hello, binding: HandshakeBinding): void {
  if (binding.expectedRemotePeerId !== undefined && theirs.peerId !== binding.expectedRemotePeerId) {
    throw new IdentityError('HANDSHAKE_PEER_ID', 'Another peer answered than the one that was dialled.');
  }
}
