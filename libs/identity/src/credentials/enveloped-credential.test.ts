import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { CompactSign } from 'jose';
import { DidResolution } from '../resolution/did-resolution.ts';
import { CREDENTIALS_V2 } from './contexts.ts';
import { envelopeOf, verifyEnvelopedCredential } from './enveloped-credential.ts';
import type { CredentialVerdict } from './enveloped-credential.ts';
import { vcJwtIssuer } from './vc-jwt.ts';

const clock = new ManualClock(new Date('2026-11-01T00:00:00Z'));
const did = 'did:web:university.example';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const method = { id: `${did}#key`, type: 'JsonWebKey', controller: did, publicKeyJwk: publicKey.export({ format: 'jwk' }) };

/** Verifies with a document of the university's that a test may change. */
function verify(jws: string, document: object = {}): Promise<CredentialVerdict> {
  const body = Buffer.from(JSON.stringify({ id: did, verificationMethod: [method], assertionMethod: ['#key'], ...document }));
  const resolution = new DidResolution({ fetcher: { get: () => Promise.resolve({ status: 200, body }) }, clock });
  return verifyEnvelopedCredential(envelopeOf(jws), { resolve: (asked) => resolution.resolve(asked), now: clock.now() });
}

const credential = { '@context': [CREDENTIALS_V2], type: ['VerifiableCredential'], issuer: did, credentialSubject: { claim: 1 } };
const sign = (content: unknown = credential, header: object = {}): Promise<string> =>
  new CompactSign(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))).setProtectedHeader({ alg: 'ES256', typ: 'vc+jwt', kid: `${did}#key`, ...header }).sign(privateKey);
const refusedAs = (name: string): object => ({ errors: [expect.objectContaining({ name })] });

describe('verifyEnvelopedCredential', () => {
  it('takes a credential signed by a P-256 key of a did:web', async () => {
    expect(await verify(await sign())).toEqual({ errors: [], authentic: true });
  });

  it('takes ours, of both algorithms', async () => {
    for (const algorithm of ['Ed25519', 'ML-DSA-65'] as const) {
      const issuer = vcJwtIssuer(algorithm, new Uint8Array(32).fill(3));
      expect(await verify(await issuer.sign({ ...credential, issuer: issuer.did }))).toEqual({ errors: [], authentic: true });
    }
  });

  it('refuses a key that its DID does not give for assertions, has of another, or has in an unknown form', async () => {
    const jws = await sign();
    for (const document of [{ assertionMethod: [] }, { assertionMethod: undefined, authentication: ['#key'] }, { verificationMethod: [] }, { verificationMethod: [{ ...method, controller: 'did:web:b.example' }] }, { verificationMethod: [{ ...method, publicKeyJwk: undefined }] }, { id: 'did:web:b.example' }]) {
      expect(await verify(jws, document)).toMatchObject(refusedAs('CRYPTOGRAPHIC_SECURITY_ERROR'));
    }
  });

  it('refuses an algorithm that the key is not for, and headers that must be understood', async () => {
    expect(await verify(await sign(credential, { crit: ['exp'], exp: 1 }).catch(() => 'unsignable'))).toMatchObject(refusedAs('CRYPTOGRAPHIC_SECURITY_ERROR'));
    const [, payload = '', signature = ''] = (await sign()).split('.');
    for (const alg of ['HS256', 'none', 'Ed25519', 'ML-DSA-65']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'vc+jwt', kid: `${did}#key` })).toString('base64url');
      expect(await verify(`${header}.${payload}.${signature}`)).toMatchObject(refusedAs('CRYPTOGRAPHIC_SECURITY_ERROR'));
    }
  });

  it('refuses what is authentic and no credential, by another issuer, or not for now', async () => {
    expect(await verify(await sign('no json'))).toMatchObject(refusedAs('CRYPTOGRAPHIC_SECURITY_ERROR'));
    expect(await verify(await sign({ ...credential, credentialSubject: {} }))).toMatchObject({ authentic: true, ...refusedAs('MALFORMED_VALUE_ERROR') });
    expect(await verify(await sign({ ...credential, issuer: 'did:web:b.example' }))).toMatchObject(refusedAs('CRYPTOGRAPHIC_SECURITY_ERROR'));
    expect(await verify(await sign({ ...credential, validUntil: '2026-10-31T23:59:59Z' }))).toMatchObject({ authentic: true, ...refusedAs('RANGE_ERROR') });
    expect(await verify(await sign({ ...credential, validUntil: '2026-11-01T00:00:00Z', validFrom: '2026-11-01T00:00:00Z' }))).toEqual({ errors: [], authentic: true });
    expect(await verify(await sign({ ...credential, validFrom: '2026-11-01T00:00:01Z' }))).toMatchObject(refusedAs('RANGE_ERROR'));
  });
});
