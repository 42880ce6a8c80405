import { base32 } from 'multiformats/bases/base32';
import { valueRefused } from '../network-error.ts';
import type { NetworkError } from '../network-error.ts';

/** Keeps our namespaces apart from those that Kademlia implementations bring along (`pk`, `ipns`). */
const PREFIX = 'carecord-';
const DHT_KEY = /^\/carecord-([a-z0-9-]{1,32})\/(b[a-z2-7]{1,200})$/;
const NAMESPACE = /^[a-z0-9-]{1,32}$/;

/** A DHT key taken apart. */
export interface ValueKey {
  readonly namespace: string;
  readonly key: Uint8Array;
}

/** The first segment of the DHT keys of a kind: what kad-dht calls the namespace. */
export function validatorName(namespace: string): string {
  if (!NAMESPACE.test(namespace)) throw valueRefused('A value kind needs a namespace of lower case letters, digits and hyphens.');
  return PREFIX + namespace;
}

/** `/carecord-<namespace>/<base32 of the key>`: the key under which a value stands in the DHT. */
export function encodeValueKey(namespace: string, key: Uint8Array): Uint8Array {
  return new TextEncoder().encode(`/${validatorName(namespace)}/${base32.encode(key)}`);
}

/**
 * The reverse of {@link encodeValueKey}; only the one spelling is accepted.
 * @throws NetworkError `VALUE_REFUSED`
 */
export function decodeValueKey(dhtKey: Uint8Array): ValueKey {
  const text = Buffer.from(dhtKey).toString('latin1');
  const [, namespace, encoded] = DHT_KEY.exec(text) ?? [];
  if (namespace === undefined || encoded === undefined) throw malformed();
  const key = decodeBase32(encoded);
  // Base32 leaves bits over: two spellings of one key would be two places in the DHT.
  if (base32.encode(key) !== encoded) throw malformed();
  return { namespace, key };
}

function decodeBase32(encoded: string): Uint8Array {
  try {
    return base32.decode(encoded);
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause?: unknown): NetworkError {
  return valueRefused('A DHT key is not of the form that values have.', cause);
}
