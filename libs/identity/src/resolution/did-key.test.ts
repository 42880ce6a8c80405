import { describe, expect, it } from '@jest/globals';
import { ed25519PublicKey, mlDsa65Signer } from '@carecord/crypto';
import { base58, didKeyOf } from '../did/multikey.ts';
import { didKeyDocument } from './did-key.ts';

const refusal = expect.objectContaining({ code: 'invalidDid' });

describe('did:key', () => {
  // Examples of the method's specification and of Controlled Identifiers 1.0.
  it.each([
    ['Ed25519', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', ['authentication', 'assertionMethod', 'capabilityInvocation', 'capabilityDelegation']],
    ['X25519', 'did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F', ['keyAgreement']],
    ['P-256', 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169', ['authentication', 'assertionMethod', 'capabilityInvocation', 'capabilityDelegation', 'keyAgreement']],
    ['ML-DSA-65', `did:key:u${Buffer.concat([Buffer.of(0x91, 0x24), mlDsa65Signer(new Uint8Array(32)).publicKey]).toString('base64url')}`, ['authentication', 'assertionMethod', 'capabilityInvocation', 'capabilityDelegation']],
  ])('of %s is its own document', (_kind, did, relationships) => {
    const multikey = did.slice('did:key:'.length);
    const id = `${did}#${multikey}`;
    expect(didKeyDocument(did)).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: [{ id, type: 'Multikey', controller: did, publicKeyMultibase: multikey }],
      ...Object.fromEntries(relationships.map((name) => [name, [id]])),
    });
  });

  it('of a key that we make is read', () => {
    expect(didKeyDocument(didKeyOf(ed25519PublicKey(new Uint8Array(32).fill(1)))).verificationMethod).toHaveLength(1);
  });

  const ed25519 = (bytes: Uint8Array): string => `did:key:${base58(Buffer.concat([Buffer.of(0xed, 0x01), bytes]))}`;
  it.each([
    ['nothing', 'did:key:'],
    ['no multibase', 'did:key:6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'],
    ['a letter that base58 has not', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doI0'],
    ['a key that is too short', ed25519(new Uint8Array(31))],
    ['a key that is too long', ed25519(new Uint8Array(33))],
    ['another kind of key', `did:key:${base58(Buffer.concat([Buffer.of(0xe7, 0x01), new Uint8Array(33)]))}`],
    ['a point that is not on P-256', `did:key:${base58(Buffer.concat([Buffer.of(0x80, 0x24, 0x05), new Uint8Array(32).fill(1)]))}`],
    ['an Ed25519 key in base64url', `did:key:u${Buffer.concat([Buffer.of(0xed, 0x01), new Uint8Array(32)]).toString('base64url')}`],
    ['ML-DSA-65 in another spelling', `did:key:u${Buffer.concat([Buffer.of(0x91, 0x24), new Uint8Array(1952)]).toString('base64url')}=`],
    ['far too much', `did:key:z${'1'.repeat(2_000)}`],
  ])('with %s is refused', (_what, did) => {
    expect(() => didKeyDocument(did)).toThrow(refusal);
  });
});
