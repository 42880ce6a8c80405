import { createPublicKey } from 'node:crypto';
import { toBase64Url } from '@carecord/core';
import type { JWK } from 'jose';
import { P256_SPKI_PREFIX, readMultikey } from '../resolution/did-key.ts';

/** A Multikey that can verify signatures as JOSE has it; throws for any other. */
export function multikeyJwk(multikey: string): JWK {
  const { name, publicKey } = readMultikey(multikey) ?? {};
  if (publicKey === undefined) throw new Error('A Multikey of a kind that is not known here.');
  if (name === 'Ed25519') return { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) };
  if (name === 'ML-DSA-65') return { kty: 'AKP', alg: 'ML-DSA-65', pub: toBase64Url(publicKey) };
  if (name === 'P-256') return createPublicKey({ key: Buffer.concat([P256_SPKI_PREFIX, publicKey]), format: 'der', type: 'spki' }).export({ format: 'jwk' });
  throw new Error('A Multikey that does not verify signatures.');
}
