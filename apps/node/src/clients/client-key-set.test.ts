import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { clientKeySetSchema, keyOf } from './client-key-set.ts';

type Jwk = Record<string, unknown>;

const rsa = (modulusLength: number, publicExponent = 65_537): Jwk => ({ ...generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' }), kid: 'rsa' });
const ec = (namedCurve: string): Jwk => ({ ...generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' }), kid: 'ec' });
const P384 = ec('P-384');
const RSA2048 = rsa(2048);
const accepts = (...keys: readonly Jwk[]): boolean => clientKeySetSchema.safeParse({ keys }).success;

describe('the keys of a client', () => {
  it('takes RSA of 2048 bits and P-384, and finds them by name and algorithm', () => {
    const keySet = clientKeySetSchema.parse({ keys: [{ ...RSA2048, use: 'sig', alg: 'RS384' }, { ...P384, key_ops: ['verify'], alg: 'ES384' }] });
    expect(keyOf(keySet, 'rsa', 'RS384')?.asymmetricKeyType).toBe('rsa');
    expect(keyOf(keySet, 'ec', 'ES384')?.asymmetricKeyType).toBe('ec');
    expect(keyOf(keySet, 'rsa', 'ES384')).toBeUndefined();
    expect(keyOf(keySet, 'other', 'RS384')).toBeUndefined();
  });

  it('refuses keys that are too weak, or of another kind', () => {
    expect(accepts(rsa(1024))).toBe(false);
    expect(accepts(rsa(2048, 3))).toBe(false);
    expect(accepts(ec('P-256'))).toBe(false);
    expect(accepts({ kty: 'oct', kid: 'secret', k: 'c2VjcmV0' })).toBe(false);
    expect(accepts({ ...P384, alg: 'ES256' })).toBe(false);
    expect(accepts({ ...RSA2048, alg: 'RS256' })).toBe(false);
    expect(accepts({ ...RSA2048, use: 'enc' })).toBe(false);
  });

  it('refuses a private key, and a point that is not on the curve', () => {
    expect(accepts({ ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }), kid: 'ec' })).toBe(false);
    expect(accepts({ ...P384, x: ec('P-384')['x'] })).toBe(false);
    expect(accepts({ ...RSA2048, n: '' })).toBe(false);
  });

  it('refuses none, too many, nameless ones and two of one name', () => {
    expect(accepts()).toBe(false);
    expect(accepts(...Array.from({ length: 11 }, (_, index) => ({ ...P384, kid: `key-${index}` })))).toBe(false);
    expect(accepts({ ...P384, kid: undefined })).toBe(false);
    expect(accepts(P384, { ...RSA2048, kid: 'ec' })).toBe(false);
    expect(accepts(P384, RSA2048)).toBe(true);
  });
});
