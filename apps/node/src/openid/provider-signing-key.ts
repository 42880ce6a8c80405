import { webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

type ImportParameters = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams;

/** The algorithms in which a key of each kind signs, the best first (RFC 7518, section 3.1). */
const RSA: readonly (readonly [string, ImportParameters])[] = [
  ['PS256', { name: 'RSA-PSS', hash: 'SHA-256' }],
  ['RS256', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
];
const EC: Readonly<Record<string, readonly [string, ImportParameters]>> = {
  prime256v1: ['ES256', { name: 'ECDSA', namedCurve: 'P-256' }],
  secp384r1: ['ES384', { name: 'ECDSA', namedCurve: 'P-384' }],
};

/**
 * The node's private key at the provider, for the first algorithm that both can.
 * @param supported what the provider says that it takes; unless it says so, the most usual one of the key is used
 * @throws Error when there is none
 */
export async function signingKeyFor(key: KeyObject, supported: readonly string[] | undefined): Promise<webcrypto.CryptoKey> {
  const possible = candidatesOf(key);
  const chosen = supported === undefined ? possible.at(-1) : possible.find(([algorithm]) => supported.includes(algorithm));
  if (chosen === undefined) throw new Error('The key of the client and the provider have no algorithm in common.');
  return await webcrypto.subtle.importKey('pkcs8', key.export({ format: 'der', type: 'pkcs8' }), chosen[1], false, ['sign']);
}

/** Whether the key is of a kind with which the node can prove itself: RSA, EC P-256 or EC P-384. */
export function canSign(key: KeyObject): boolean {
  return candidatesOf(key).length > 0;
}

function candidatesOf(key: KeyObject): readonly (readonly [string, ImportParameters])[] {
  if (key.asymmetricKeyType === 'rsa') return RSA;
  const curve = key.asymmetricKeyType === 'ec' ? EC[key.asymmetricKeyDetails?.namedCurve ?? ''] : undefined;
  return curve === undefined ? [] : [curve];
}
