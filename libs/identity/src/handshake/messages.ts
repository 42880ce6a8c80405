import { bytes } from '@carecord/core';
import { generalJwsSchema, hybridSignatureSchema } from '@carecord/crypto';
import { z } from 'zod';
import { MAX_DID_LOG_BYTES, MAX_PEER_ID_CHARACTERS, MAX_VERSION_ID_CHARACTERS } from '../limits.ts';
import { didSchema, networkIdSchema } from '../schemas.ts';

/** A hello holds two DID-sized texts and some small ones. */
export const MAX_HELLO_BYTES = 1536;

/** A proof holds a DID history, a credential (about 7 KiB) and the signatures (about 3.5 KiB). */
export const MAX_PROOF_BYTES = MAX_DID_LOG_BYTES + 32 * 1024;

export const NONCE_BYTES = 32;

/** Who one is, for what network, in what role, and until when this is meant: all that both ends sign. */
export const helloSchema = z.strictObject({
  /** Names the algorithms and the message flow, so that both can change without a flag day. */
  suite: z.literal('carecord-handshake-1'),
  networkId: networkIdSchema,
  role: z.enum(['initiator', 'responder']),
  peerId: z.string().min(1).max(MAX_PEER_ID_CHARACTERS),
  did: didSchema,
  versionId: z.string().min(1).max(MAX_VERSION_ID_CHARACTERS),
  nonce: bytes({ exactly: NONCE_BYTES }),
  /** Milliseconds since 1970. */
  expiresAt: z.int().positive(),
});

/** That one is it: the DID's history, the membership, and the signatures over both hellos and the TLS exporter. */
export const proofSchema = z.strictObject({
  didLog: z.string().max(MAX_DID_LOG_BYTES),
  /** Absent at a peer that has none, which is refused with a code of its own. */
  credential: generalJwsSchema.optional(),
  signature: hybridSignatureSchema,
  peerSignature: bytes({ atMost: 512 }),
});

export type Hello = z.infer<typeof helloSchema>;
export type Proof = z.infer<typeof proofSchema>;
