import { decodeWire, encodeWire, WireError } from '@carecord/core';
import type { Clock } from '@carecord/core';
import type { z } from 'zod';
import type { DidHistories } from '../did/did-histories.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { IdentityError } from '../identity-error.ts';
import type { LocalMember } from '../local-identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { MemberRole } from '../membership/membership-credential.ts';
import type { NetworkTrust } from '../network/network-trust.ts';
import type { HandshakeBinding, HandshakeChannel } from '../ports.ts';
import type { StatusBook } from '../status/status-book.ts';
import type { KnownEvidence } from './evidence.ts';
import { checkExpiry, checkHello, createHello } from './hello.ts';
import { helloSchema, MAX_HELLO_BYTES, MAX_PROOF_BYTES, proofSchema } from './messages.ts';
import type { Hello, Proof } from './messages.ts';
import { createProof, transcriptOf, verifyProof } from './proof.ts';

/** Whom we let in. */
export interface HandshakePolicy {
  readonly clock: Clock;
  /** Members by the credentials of these authorities, */
  readonly trust: NetworkTrust;
  /** that they still stand by, */
  readonly statuses: StatusBook;
  /** with a DID that does not go back behind what was seen of it. */
  readonly histories: Pick<DidHistories, 'accept' | 'verify'>;
  /** What was shown on earlier connections; without it everything is sent each time. */
  readonly evidence?: KnownEvidence;
}

/** A peer that has proven to be a member. */
export interface RemoteMember {
  readonly did: string;
  readonly name: string;
  readonly roles: readonly MemberRole[];
  readonly peerId: string;
  readonly resolved: ResolvedDid;
  readonly membershipValidUntil: Date;
  /** To ask `StatusBook.standing` again while the connection lasts. */
  readonly membership: Membership;
}

const EXPORTER_BYTES = 32;

/**
 * Proves both ends of one TLS connection to be members of the same network, before anything else runs on it.
 *
 * The messages, in the order that tells a stranger the least: initiator's hello, responder's hello, initiator's proof,
 * responder's proof. The initiator chose whom to dial, but anybody can dial a responder: so the responder stays silent until
 * a hello names its network, and gives its DID's history, its credentials and a signature to nobody but a proven member. Its
 * hello must come before that (both ends sign both DIDs), so who knows the network id can learn which DID answers at an address.
 *
 * What an end shows of itself is the same for hours, and most of the bytes: the hello names it by its hash, and an end that was
 * shown it before says so.
 *
 * @param channel whole messages over the TLS socket
 * @param binding the TLS exporter value and the PeerIds
 * @param local who we are now: `LocalIdentity.current()`
 * @returns the other end; when it rejects, the caller closes the connection
 * @throws IdentityError with a `HANDSHAKE_*` code, or whatever a store throws that does not answer
 */
export async function runMembershipHandshake(
  channel: HandshakeChannel,
  binding: HandshakeBinding,
  local: LocalMember,
  policy: HandshakePolicy,
): Promise<RemoteMember> {
  if (binding.exporter.length !== EXPORTER_BYTES) throw new IdentityError('HANDSHAKE_EXPORTER', 'The TLS connection gave no value to bind it with.');
  return binding.role === 'initiator' ? initiate(channel, binding, local, policy) : respond(channel, binding, local, policy);
}

async function initiate(channel: HandshakeChannel, binding: HandshakeBinding, local: LocalMember, policy: HandshakePolicy): Promise<RemoteMember> {
  const hello = ourHello(binding, local, policy, false);
  await send(channel, hello.encoded);
  const theirs = await receiveHello(channel);
  checkHello(theirs.content, hello.content, binding, policy.clock.now());
  const transcript = transcriptOf(hello.encoded, theirs.encoded, binding.exporter);
  const known = policy.evidence?.find(theirs.content.evidence);
  await sendProof(channel, binding, local, transcript, { toPeer: !theirs.content.knowsEvidence, isPeersKnown: known !== undefined });
  const proof = await receiveProof(channel, theirs.content, policy);
  return verifyProof(proof, known, theirs.content, transcript, binding, policy);
}

async function respond(channel: HandshakeChannel, binding: HandshakeBinding, local: LocalMember, policy: HandshakePolicy): Promise<RemoteMember> {
  const theirs = await receiveHello(channel);
  const known = policy.evidence?.find(theirs.content.evidence);
  const hello = ourHello(binding, local, policy, known !== undefined);
  checkHello(theirs.content, hello.content, binding, policy.clock.now());
  await send(channel, hello.encoded);
  const transcript = transcriptOf(theirs.encoded, hello.encoded, binding.exporter);
  const proof = await receiveProof(channel, theirs.content, policy);
  const member = await verifyProof(proof, known, theirs.content, transcript, binding, policy);
  await sendProof(channel, binding, local, transcript, { toPeer: !proof.knowsEvidence, isPeersKnown: known !== undefined });
  return member;
}

/** A hello and its bytes on the wire: the bytes are what is signed. */
interface EncodedHello {
  readonly content: Hello;
  readonly encoded: Uint8Array;
}

function ourHello(binding: HandshakeBinding, local: LocalMember, policy: HandshakePolicy, knowsEvidence: boolean): EncodedHello {
  const content = createHello(binding, local, policy.clock.now(), knowsEvidence);
  return { content, encoded: encodeWire(helloSchema, content) };
}

async function receiveHello(channel: HandshakeChannel): Promise<EncodedHello> {
  const encoded = await receive(channel, MAX_HELLO_BYTES);
  return { content: decode(helloSchema, encoded, MAX_HELLO_BYTES), encoded };
}

async function sendProof(
  channel: HandshakeChannel,
  binding: HandshakeBinding,
  local: LocalMember,
  transcript: Uint8Array,
  shown: { readonly toPeer: boolean; readonly isPeersKnown: boolean },
): Promise<void> {
  await send(channel, encodeWire(proofSchema, await createProof(binding, local, transcript, shown)));
}

async function receiveProof(channel: HandshakeChannel, theirs: Hello, policy: HandshakePolicy): Promise<Proof> {
  const proof = decode(proofSchema, await receive(channel, MAX_PROOF_BYTES), MAX_PROOF_BYTES);
  checkExpiry(theirs, policy.clock.now());
  return proof;
}

async function send(channel: HandshakeChannel, message: Uint8Array): Promise<void> {
  try {
    await channel.send(message);
  } catch (cause) {
    throw new IdentityError('HANDSHAKE_INTERRUPTED', 'The connection ended during the handshake.', { cause });
  }
}

async function receive(channel: HandshakeChannel, maxBytes: number): Promise<Uint8Array> {
  try {
    return await channel.receive(maxBytes);
  } catch (cause) {
    if (cause instanceof WireError) throw refusedMessage(cause);
    throw new IdentityError('HANDSHAKE_INTERRUPTED', 'The connection ended during the handshake.', { cause });
  }
}

function decode<Schema extends z.ZodType>(schema: Schema, encoded: Uint8Array, maxBytes: number): z.infer<Schema> {
  try {
    return decodeWire(schema, encoded, maxBytes);
  } catch (cause) {
    throw refusedMessage(cause);
  }
}

function refusedMessage(cause: unknown): IdentityError {
  return cause instanceof WireError && cause.code === 'WIRE_TOO_LARGE'
    ? new IdentityError('HANDSHAKE_TOO_LARGE', 'A handshake message is over its limit.', { cause })
    : new IdentityError('HANDSHAKE_MALFORMED', 'A handshake message does not have the expected shape.', { cause });
}
