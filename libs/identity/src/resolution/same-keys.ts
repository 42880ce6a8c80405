import { canonicalJson } from '@carecord/core';
import type { DIDDocument, VerificationMethod } from 'did-resolver';

const RELATIONSHIPS = ['authentication', 'assertionMethod', 'keyAgreement', 'capabilityInvocation', 'capabilityDelegation'] as const;

/**
 * Whether two documents, each of its own DID, say the same keys under the same names for the same uses. Other DIDs' keys in them
 * count under their full names.
 */
export function sameKeys(one: DIDDocument, other: DIDDocument): boolean {
  return canonicalJson(keysOf(one)) === canonicalJson(keysOf(other));
}

function keysOf(document: DIDDocument): Record<string, string[]> {
  const relative = (id: string): string => (id.startsWith('#') ? id : id.startsWith(`${document.id}#`) ? id.slice(document.id.length) : id);
  const key = ({ id, controller, ...material }: VerificationMethod): string =>
    canonicalJson({ ...material, id: relative(id), controller: controller === document.id ? '' : controller });
  const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
  return Object.fromEntries([
    ['verificationMethod', sorted((document.verificationMethod ?? []).map(key))],
    ...RELATIONSHIPS.map((name) => [name, sorted((document[name] ?? []).map((entry) => (typeof entry === 'string' ? relative(entry) : key(entry))))] as const),
  ]);
}
