import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { CryptoError } from './crypto-error.ts';
import { ML_DSA_65_PUBLIC_KEY_BYTES, ML_DSA_65_SEED_BYTES, ML_DSA_65_SIGNATURE_BYTES } from './ml-dsa-port.ts';
import type { MlDsa65 } from './ml-dsa-port.ts';

/** ML-DSA-65 in JavaScript, for a Node whose OpenSSL has none. It signs on the calling thread. */
export const nobleMlDsa65: MlDsa65 = {
  name: 'noble',
  signer: (seed) => {
    if (seed.length !== ML_DSA_65_SEED_BYTES) throw new CryptoError('KEY_INVALID', 'An ML-DSA-65 seed has 32 bytes.');
    const { publicKey, secretKey } = ml_dsa65.keygen(Uint8Array.from(seed));
    return { publicKey, sign: (message) => Promise.resolve(ml_dsa65.sign(message, secretKey)) };
  },
  verify: (publicKey, message, signature) => {
    if (publicKey.length !== ML_DSA_65_PUBLIC_KEY_BYTES || signature.length !== ML_DSA_65_SIGNATURE_BYTES) return false;
    try {
      return ml_dsa65.verify(signature, message, publicKey);
    } catch {
      return false;
    }
  },
};
