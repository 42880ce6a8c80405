import { beforeAll, describe, expect, it } from '@jest/globals';
import { generalVerify, importJWK } from 'jose';
import { importEd25519PublicKey } from './ed25519.ts';
import { generateSigningSeeds, hybridSigner } from './hybrid-signature.ts';
import { signJws, verifyJws } from './jws.ts';
import type { GeneralJws } from './jws.ts';

const payload = new TextEncoder().encode('{"a":1}');
const keyIds = { ed25519: 'did:example:a#ed25519', mlDsa65: 'did:example:a#ml-dsa-65' };
const signer = hybridSigner(generateSigningSeeds());
const encode = (text: string): string => Buffer.from(text).toString('base64url');

/** A JWS over headers of the test's choice, truly signed by both keys. */
async function signWithHeaders(first: string, second: string): Promise<GeneralJws> {
  const headers = [encode(first), encode(second)] as const;
  const [ed25519, mlDsa65] = headers.map((header) => Buffer.from(`${header}.${encode('{"a":1}')}`)) as [Buffer, Buffer];
  const signature = await signer.signEach({ ed25519, mlDsa65 });
  return {
    payload: encode('{"a":1}'),
    signatures: [
      { protected: headers[0], signature: Buffer.from(signature.ed25519).toString('base64url') },
      { protected: headers[1], signature: Buffer.from(signature.mlDsa65).toString('base64url') },
    ],
  };
}

describe('General JWS with two signatures', () => {
  let jws: GeneralJws;
  beforeAll(async () => {
    jws = await signJws(signer, 'test+jws', keyIds, payload);
  });

  const refused = async (value: unknown, type = 'test+jws', publicKeys = signer.publicKeys): Promise<void> => {
    await expect(verifyJws(value, type, publicKeys)).rejects.toMatchObject({ code: 'JWS_INVALID' });
  };

  it('gives its payload back, also after JSON', async () => {
    expect(await verifyJws(JSON.parse(JSON.stringify(jws)), 'test+jws', signer.publicKeys)).toEqual(payload);
  });

  it('is an ordinary JWS to other software (RFC 7515)', async () => {
    const verified = await generalVerify({ payload: jws.payload, signatures: [...jws.signatures] }, importEd25519PublicKey(signer.publicKeys.ed25519));
    expect(verified.protectedHeader).toEqual({ alg: 'Ed25519', typ: 'test+jws', kid: keyIds.ed25519 });
    const mlDsa65 = { kty: 'AKP', alg: 'ML-DSA-65', pub: Buffer.from(signer.publicKeys.mlDsa65).toString('base64url') };
    const { protectedHeader } = await generalVerify({ payload: jws.payload, signatures: [...jws.signatures] }, await importJWK(mlDsa65));
    expect(protectedHeader).toEqual({ alg: 'ML-DSA-65', typ: 'test+jws', kid: keyIds.mlDsa65 });
  });

  it('is refused with a signature missing, doubled or added', async () => {
    const [first, second] = jws.signatures;
    await refused({ ...jws, signatures: [first] });
    await refused({ ...jws, signatures: [second] });
    await refused({ ...jws, signatures: [first, first] });
    await refused({ ...jws, signatures: [second, second] });
    await refused({ ...jws, signatures: [first, second, second] });
    await refused({ ...jws, signatures: [] });
  });

  it('is refused with the signatures swapped, as entries or as values', async () => {
    const [first, second] = jws.signatures;
    await refused({ ...jws, signatures: [second, first] });
    await refused({
      ...jws,
      signatures: [
        { ...first, signature: second?.signature },
        { ...second, signature: first?.signature },
      ],
    });
  });

  it('is refused for another type, payload or key', async () => {
    const other = hybridSigner(generateSigningSeeds()).publicKeys;
    await refused(jws, 'other+jws');
    await refused({ ...jws, payload: encode('{"a":2}') });
    await refused(jws, 'test+jws', { ...signer.publicKeys, ed25519: other.ed25519 });
    await refused(jws, 'test+jws', { ...signer.publicKeys, mlDsa65: other.mlDsa65 });
  });

  it('is refused with a header of another shape, though truly signed', async () => {
    const good = (alg: string): string => `{"alg":"${alg}","typ":"test+jws","kid":"x"}`;
    expect(await verifyJws(await signWithHeaders(good('Ed25519'), good('ML-DSA-65')), 'test+jws', signer.publicKeys)).toEqual(payload);
    await refused(await signWithHeaders('{"alg":"none","alg":"Ed25519","typ":"test+jws","kid":"x"}', good('ML-DSA-65')));
    await refused(await signWithHeaders('{"alg":"none","typ":"test+jws","kid":"x"}', good('ML-DSA-65')));
    await refused(await signWithHeaders(good('Ed25519'), good('Ed25519')));
    await refused(await signWithHeaders('{"alg":"Ed25519","typ":"test+jws","kid":"x","crit":["b64"],"b64":false}', good('ML-DSA-65')));
    await refused(await signWithHeaders('{"alg":"Ed25519","kid":"x"}', good('ML-DSA-65')));
    await refused(await signWithHeaders('not json', good('ML-DSA-65')));
  });

  it('is refused when it is something else altogether', async () => {
    for (const value of [undefined, null, 'a.b.c', 7, [], {}, { ...jws, header: {} }, { ...jws, payload: 'a b' }]) await refused(value);
  });
});
