import { deriveKey, keyedToken, open, seal } from '@carecord/crypto';

const REASON_CONTEXT = 'carecord/v1/access-reason';
const GRANT_CONTEXT = 'carecord/v1/received-grant';
const PSEUDONYM_CONTEXT = 'carecord/v1/staff-pseudonym';

/** Seals what the exchange keeps at rest, each value bound to its request, and makes pseudonyms. */
export class SealedValues {
  private readonly pseudonymKey: Uint8Array;

  /** @param key the hospital's key for this, 32 bytes */
  constructor(private readonly key: Uint8Array) {
    this.pseudonymKey = deriveKey(key, PSEUDONYM_CONTEXT);
  }

  sealReason(requestId: string, reason: string): Uint8Array {
    return seal(this.key, new TextEncoder().encode(reason), REASON_CONTEXT, bound(requestId));
  }

  openReason(requestId: string, sealed: Uint8Array): string {
    return new TextDecoder().decode(open(this.key, sealed, REASON_CONTEXT, bound(requestId)));
  }

  sealGrant(requestId: string, payload: Uint8Array): Uint8Array {
    return seal(this.key, payload, GRANT_CONTEXT, bound(requestId));
  }

  openGrant(requestId: string, sealed: Uint8Array): Uint8Array {
    return open(this.key, sealed, GRANT_CONTEXT, bound(requestId));
  }

  /** Stands for a staff member towards one other hospital: the same each time, and another one for another hospital. */
  pseudonym(staffId: string, holder: string): string {
    return Buffer.from(keyedToken(this.pseudonymKey, PSEUDONYM_CONTEXT, staffId, holder)).toString('hex');
  }
}

function bound(requestId: string): Uint8Array {
  return new TextEncoder().encode(requestId);
}
