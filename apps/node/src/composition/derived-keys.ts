import { deriveKey } from '@carecord/crypto';
import type { HospitalKeySeeds } from '@carecord/identity';

/** Keys for one use each, derived from the root of the key hierarchy: nothing more has to be kept. */
export function derivedKeys({ root }: Pick<HospitalKeySeeds, 'root'>): { readonly locatorIndex: Uint8Array; readonly exchangeSealing: Uint8Array; readonly guardianOprf: Uint8Array } {
  return {
    locatorIndex: deriveKey(root, 'node/locator-index'),
    exchangeSealing: deriveKey(root, 'node/exchange-sealing'),
    guardianOprf: deriveKey(root, 'node/guardian-oprf'),
  };
}
