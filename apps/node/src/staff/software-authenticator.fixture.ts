import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import type { AssertionResponse, RegistrationResponse } from './passkey-response.ts';

/** WebAuthn, section 6.1: bits of the authenticator data. */
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED_CREDENTIAL = 0x40;

/** What an authenticator can do wrong. */
export interface Misbehaviour {
  readonly origin?: string;
  readonly relyingPartyId?: string;
  readonly userVerified?: boolean;
  readonly challenge?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  /** Another person's user handle; null: none. */
  readonly userHandle?: string | null;
  /** The count that it claims. */
  readonly signCount?: number;
}

/** A WebAuthn authenticator with one discoverable credential, and the browser before it. */
export class SoftwareAuthenticator {
  readonly credentialId = randomBytes(32);
  private readonly privateKey: KeyObject;
  private readonly coseKey: Map<number, number | Uint8Array>;
  private readonly algorithm: 'ES256' | 'EdDSA';
  private readonly counts: boolean;
  private userHandle = '';
  signCount = 0;

  constructor({ algorithm = 'ES256', counts = true }: { readonly algorithm?: 'ES256' | 'EdDSA'; readonly counts?: boolean } = {}) {
    this.algorithm = algorithm;
    this.counts = counts;
    const { privateKey, publicKey } = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.privateKey = privateKey;
    // RFC 9053: kty, alg, crv, x, y.
    const key: [number, number | Uint8Array][] =
      algorithm === 'ES256' ? [[1, 2], [3, -7], [-1, 1], [-2, bytesOf(x)], [-3, bytesOf(y)]] : [[1, 1], [3, -8], [-1, 6], [-2, bytesOf(x)]];
    this.coseKey = new Map(key);
  }

  /** `navigator.credentials.create()` on a page of `origin`. */
  create(options: PublicKeyCredentialCreationOptionsJSON, origin: string, misbehaviour: Misbehaviour & { readonly attestationFormat?: string } = {}): RegistrationResponse {
    this.userHandle = options.user.id;
    const idLength = Buffer.alloc(2);
    idLength.writeUInt16BE(this.credentialId.length);
    const attested = Buffer.concat([Buffer.alloc(16), idLength, this.credentialId, isoCBOR.encode(this.coseKey)]);
    const authData = Uint8Array.from(Buffer.concat([this.authenticatorData(options.rp.id ?? '', misbehaviour, ATTESTED_CREDENTIAL), attested]));
    const attestation = new Map<string, string | Map<string, string> | Uint8Array>([['fmt', misbehaviour.attestationFormat ?? 'none'], ['attStmt', new Map<string, string>()], ['authData', authData]]);
    return {
      ...this.credential(),
      response: {
        clientDataJSON: clientData('webauthn.create', options.challenge, origin, misbehaviour),
        attestationObject: Buffer.from(isoCBOR.encode(attestation)).toString('base64url'),
        transports: ['internal'],
      },
    };
  }

  /** `navigator.credentials.get()` on a page of `origin`. */
  get(options: PublicKeyCredentialRequestOptionsJSON, origin: string, misbehaviour: Misbehaviour = {}): AssertionResponse {
    if (this.counts) this.signCount += 1;
    const authenticatorData = this.authenticatorData(options.rpId ?? '', misbehaviour, 0);
    const clientDataJSON = clientData('webauthn.get', options.challenge, origin, misbehaviour);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()]);
    const signature = sign(this.algorithm === 'ES256' ? 'sha256' : undefined, signed, this.privateKey);
    const userHandle = misbehaviour.userHandle === undefined ? this.userHandle : misbehaviour.userHandle;
    return {
      ...this.credential(),
      response: { clientDataJSON, authenticatorData: authenticatorData.toString('base64url'), signature: signature.toString('base64url'), userHandle },
    };
  }

  private credential(): { readonly id: string; readonly rawId: string; readonly type: 'public-key' } {
    const id = this.credentialId.toString('base64url');
    return { id, rawId: id, type: 'public-key' };
  }

  private authenticatorData(relyingPartyId: string, { relyingPartyId: other = relyingPartyId, userVerified = true, signCount = this.signCount }: Misbehaviour, flags: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags | USER_PRESENT | (userVerified ? USER_VERIFIED : 0));
    rest.writeUInt32BE(signCount, 1);
    return Buffer.concat([createHash('sha256').update(other).digest(), rest]);
  }
}

function clientData(type: string, challenge: string, origin: string, misbehaviour: Misbehaviour): string {
  const collected = { type: misbehaviour.type ?? type, challenge: misbehaviour.challenge ?? challenge, origin: misbehaviour.origin ?? origin, crossOrigin: misbehaviour.crossOrigin ?? false };
  return Buffer.from(JSON.stringify(collected)).toString('base64url');
}

function bytesOf(base64Url: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64Url, 'base64url'));
}
