import { canonicalJsonBytes } from '@carecord/core';
import { generalJwsSchema, open, seal } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { decodeJsonPayload } from './encoding.ts';

const REASON_CONTEXT = 'exchange/access-reason';
const GRANT_CONTEXT = 'exchange/received-grant';

/** Seals what the exchange keeps at rest, each value bound to its request. */
export class SealedValues {
  /** @param key the hospital's key for this, 32 bytes */
  constructor(private readonly key: Uint8Array) {}

  sealReason(requestId: string, reason: string): Uint8Array {
    return seal(this.key, new TextEncoder().encode(reason), REASON_CONTEXT, bound(requestId));
  }

  openReason(requestId: string, sealed: Uint8Array): string {
    return new TextDecoder().decode(open(this.key, sealed, REASON_CONTEXT, bound(requestId)));
  }

  sealGrant(requestId: string, grant: GeneralJws): Uint8Array {
    return seal(this.key, canonicalJsonBytes(grant), GRANT_CONTEXT, bound(requestId));
  }

  openGrant(requestId: string, sealed: Uint8Array): GeneralJws {
    return generalJwsSchema.parse(decodeJsonPayload(open(this.key, sealed, GRANT_CONTEXT, bound(requestId))));
  }
}

function bound(requestId: string): Uint8Array {
  return new TextEncoder().encode(requestId);
}
