import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CryptoError } from './crypto-error.ts';
import { plain } from './framing.ts';
import { ML_DSA_65_PUBLIC_KEY_BYTES, ML_DSA_65_SEED_BYTES, ML_DSA_65_SIGNATURE_BYTES } from './ml-dsa-port.ts';
import type { MlDsa65 } from './ml-dsa-port.ts';
import { PublicKeyCache } from './public-key-cache.ts';

/** RFC 9881: what stands before the seed in the DER of a private key (PKCS #8, seed form), before the key in a public one (SPKI). */
const PKCS8_SEED_PREFIX = Buffer.from('3034020100300b060960864801650304031204228020', 'hex');
const SPKI_PREFIX = Buffer.from('308207b2300b0609608648016503040312038207a100', 'hex');

const publicKeys = new PublicKeyCache((publicKey) => createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' }));

const implementation: MlDsa65 = {
  name: 'native',
  signer: (seed) => {
    if (seed.length !== ML_DSA_65_SEED_BYTES) throw new CryptoError('KEY_INVALID', 'An ML-DSA-65 seed has 32 bytes.');
    const privateKey = importSeed(seed);
    return {
      publicKey: plain(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)),
      sign: (message) => signOffThread(privateKey, message),
    };
  },
  verify: (publicKey, message, signature) => {
    if (publicKey.length !== ML_DSA_65_PUBLIC_KEY_BYTES || signature.length !== ML_DSA_65_SIGNATURE_BYTES) return false;
    try {
      return verify(null, message, publicKeys.get(publicKey), signature);
    } catch {
      return false;
    }
  },
};

/** ML-DSA-65 of `node:crypto`, or undefined where this Node has none. */
export function nativeMlDsa65(): MlDsa65 | undefined {
  try {
    importSeed(new Uint8Array(ML_DSA_65_SEED_BYTES));
    return implementation;
  } catch {
    return undefined;
  }
}

function importSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' });
}

/** Off the main thread: signing takes about a millisecond. */
function signOffThread(privateKey: KeyObject, message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    sign(null, message, privateKey, (error, signature) => {
      if (error) reject(error);
      else resolve(plain(signature));
    });
  });
}
