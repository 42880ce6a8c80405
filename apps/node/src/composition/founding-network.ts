import type { NetworkFile } from '@carecord/identity';

/** The first and so far only epoch of pointers: changing it makes every pointer anew. */
const POINTER_EPOCH = 1;
const STATUS_MAX_AGE_HOURS = 24;

/** What the network file of a network says whose only authority is this one. */
export function foundingNetwork(authority: {
  readonly networkId: string;
  readonly did: string;
  readonly url: string;
  readonly witness: string;
  readonly guardianPublicKey: Uint8Array;
}): NetworkFile {
  const { networkId, did, url, witness, guardianPublicKey } = authority;
  return {
    version: 1,
    networkId,
    threshold: 1,
    authorities: [{ did, url, witness }],
    guardian: did,
    guardianPublicKey,
    epoch: POINTER_EPOCH,
    statusMaxAgeHours: STATUS_MAX_AGE_HOURS,
    witnessThreshold: 1,
  };
}
