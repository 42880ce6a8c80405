import { bytes } from '@carecord/core';
import { hybridSignatureSchema } from '@carecord/crypto';
import { z } from 'zod';
import { MAX_DID_HISTORY_BYTES, MAX_PEER_ID_CHARACTERS, MAX_VERSION_ID_CHARACTERS } from '../limits.ts';
import { MAX_CREDENTIALS } from '../membership/membership.ts';
import { MAX_CREDENTIAL_BYTES } from '../membership/membership-credential.ts';
import { MAX_AUTHORITIES } from '../network/network-shape.ts';
import { didSchema, networkIdSchema } from '../schemas.ts';

/** Names the algorithms and the message flow, so that both can change without a flag day. */
export const SUITE = 'carecord-handshake-2';

/** A hello holds two DID-sized texts and some small ones. */
export const MAX_HELLO_BYTES = 1536;

/** All stapled status lists together: a list of a few thousand members has about 8 KiB. Longer ones are fetched instead. */
export const MAX_STAPLED_BYTES = 256 * 1024;

/** A DID history, credentials and status lists. */
export const MAX_EVIDENCE_BYTES = MAX_DID_HISTORY_BYTES + MAX_CREDENTIALS * MAX_CREDENTIAL_BYTES + MAX_STAPLED_BYTES + 8 * 1024;

/** A proof holds the evidence and the signatures (about 3.5 KiB). */
export const MAX_PROOF_BYTES = MAX_EVIDENCE_BYTES + 8 * 1024;

export const NONCE_BYTES = 32;
const DIGEST_BYTES = 32;

/** Who one is, for what network, in what role, and until when this is meant: all that both ends sign. */
export const helloSchema = z.strictObject({
  suite: z.literal(SUITE),
  networkId: networkIdSchema,
  role: z.enum(['initiator', 'responder']),
  peerId: z.string().min(1).max(MAX_PEER_ID_CHARACTERS),
  did: didSchema,
  versionId: z.string().min(1).max(MAX_VERSION_ID_CHARACTERS),
  nonce: bytes({ exactly: NONCE_BYTES }),
  /** Milliseconds since 1970. */
  expiresAt: z.int().positive(),
  /** SHA-256 of the evidence that this end shows. */
  evidence: bytes({ exactly: DIGEST_BYTES }),
  /** Of the responder: that it knows the initiator's evidence, which then is not sent. */
  knowsEvidence: z.boolean(),
});

/** What a member shows of itself on every connection: the DID's history, the membership and its status. */
export const evidenceSchema = z.strictObject({
  /** In UTF-8, as bytes: writing and reading a long text costs more than the signatures. */
  didHistory: bytes({ atMost: MAX_DID_HISTORY_BYTES }),
  /** Each a General JWS in JSON, so that one that is known is not read again. None at a peer that has none, which is refused with a code of its own. */
  credentials: z.array(bytes({ atMost: MAX_CREDENTIAL_BYTES })).max(MAX_CREDENTIALS),
  /** The newest that the peer has of each authority, in the same form. */
  statusLists: z.array(bytes({ atMost: MAX_STAPLED_BYTES })).max(MAX_AUTHORITIES),
});

/** That one is it: the evidence, and the signatures over both hellos and the TLS exporter. */
export const proofSchema = z.strictObject({
  /** Encoded; absent when the other end has said that it knows it. */
  evidence: bytes({ atMost: MAX_EVIDENCE_BYTES }).optional(),
  /** Of the initiator: that it knows the responder's evidence, which then is not sent. */
  knowsEvidence: z.boolean(),
  signature: hybridSignatureSchema,
  peerSignature: bytes({ atMost: 512 }),
});

export type Hello = z.infer<typeof helloSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type Proof = z.infer<typeof proofSchema>;
