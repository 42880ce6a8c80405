import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { generalJwsSchema, hashWithContext, open, seal } from '@carecord/crypto';
import { z } from 'zod';
import { SCALAR_BYTES } from './group.ts';
import { keyRoundResponseSchema } from './key-round-protocol.ts';
import { signedKeySchema } from './key-statement.ts';
import { MAX_GUARDIANS } from './limits.ts';
import type { KeyName, StoredCeremony, StoredShare } from './ports.ts';

const SHARE_CONTEXT = 'locator/guardian-share';
const CEREMONY_CONTEXT = 'locator/guardian-ceremony';
/** Sixteen coefficients, an echo of 16 KiB and a signature of 4.6 KiB. */
const MAX_CONTENT_BYTES = 60 * 1024;

/** What a guardian keeps of a key that is being made. */
const contentSchema = z.strictObject({
  /** The coefficients; none where this guardian deals nothing. */
  polynomial: z.array(bytes({ exactly: SCALAR_BYTES })).max(MAX_GUARDIANS),
  /** When the attempt began, and before when nothing is done; milliseconds since 1970. */
  startedAt: z.int(),
  notBefore: z.int(),
  /** Of the leader alone. */
  proposal: keyRoundResponseSchema.shape.proposal,
  /** From the phase `echoed` on. */
  received: z.strictObject({ share: bytes({ exactly: SCALAR_BYTES }), payload: signedKeySchema.shape.payload, echo: generalJwsSchema }).optional(),
  /** From the phase `complete` on. */
  signature: signedKeySchema.shape.signatures.element.optional(),
});
export type CeremonyContent = z.infer<typeof contentSchema>;

/** A ceremony, opened. */
export interface Ceremony extends Omit<StoredCeremony, 'sealed'> {
  readonly content: CeremonyContent;
}

/** Seals what guardians keep under a key of the node: a copy of the database alone gives nobody a share. */
export class GuardianSeal {
  /** @param key 32 bytes, secret */
  constructor(private readonly key: Uint8Array) {}

  sealShare(name: KeyName, share: Uint8Array): StoredShare {
    return { ...nameOf(name), sealed: seal(this.key, share, SHARE_CONTEXT, belongsTo(name)) };
  }

  /** The secret share: the caller overwrites it as soon as it has been used. */
  openShare(stored: StoredShare): Uint8Array {
    return open(this.key, stored.sealed, SHARE_CONTEXT, belongsTo(stored));
  }

  sealCeremony({ content, ...ceremony }: Ceremony): StoredCeremony {
    const encoded = encodeWire(contentSchema, content);
    try {
      return { ...ceremony, sealed: seal(this.key, encoded, CEREMONY_CONTEXT, belongsTo(ceremony, ceremony.attempt, ceremony.phase)) };
    } finally {
      encoded.fill(0);
    }
  }

  openCeremony({ sealed, ...ceremony }: StoredCeremony): Ceremony {
    const encoded = open(this.key, sealed, CEREMONY_CONTEXT, belongsTo(ceremony, ceremony.attempt, ceremony.phase));
    return { ...ceremony, content: decodeWire(contentSchema, encoded, MAX_CONTENT_BYTES) };
  }
}

/** Overwrites the secrets of a ceremony in memory. */
export function forgetSecrets({ content }: Ceremony): void {
  for (const coefficient of content.polynomial) coefficient.fill(0);
  content.received?.share.fill(0);
}

function nameOf({ epoch, version }: KeyName): KeyName {
  return { epoch, version };
}

function belongsTo({ epoch, version }: KeyName, ...others: readonly (number | string)[]): Uint8Array {
  return hashWithContext('locator/guardian-place', ...[epoch, version, ...others].map(String));
}
