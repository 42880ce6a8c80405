import { generateKeyPairSync } from 'node:crypto';
import { KEM_MLKEM768_X25519 } from 'hpke';
import type { KEMFactory } from 'hpke';
import { nobleRecipientKem } from './recipient-kem-noble.ts';

/** HPKE's own KEM over Web Crypto where this Node has ML-KEM (OpenSSL 3.5: Node 24), or undefined. */
export function nativeRecipientKem(): KEMFactory | undefined {
  try {
    generateKeyPairSync('ml-kem-768');
    return KEM_MLKEM768_X25519;
  } catch {
    return undefined;
  }
}

/** The native KEM, or where there is none noble's, which gives the same bytes and is some ten times slower. */
export function chooseRecipientKem(native: KEMFactory | undefined): KEMFactory {
  return native ?? nobleRecipientKem;
}
