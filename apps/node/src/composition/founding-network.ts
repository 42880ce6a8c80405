import type { NetworkFile } from '@carecord/identity';

/** The first epoch of the guardians' keys. */
const FIRST_EPOCH = 1;
const STATUS_MAX_AGE_HOURS = 24;

/** What the network file of a network says whose only authority is this one. */
export function foundingNetwork(authority: {
  readonly networkId: string;
  readonly did: string;
  readonly url: string;
  readonly witness: string;
}): NetworkFile {
  const { networkId, did, url, witness } = authority;
  return {
    version: 2,
    // Any file that is written later holds instead.
    sequence: 0,
    networkId,
    threshold: 1,
    authorities: [{ did, url, witness }],
    // Nobody yet: whoever founds a network appoints them once their members are there.
    guardians: { members: [], threshold: 1 },
    epoch: FIRST_EPOCH,
    statusMaxAgeHours: STATUS_MAX_AGE_HOURS,
    witnessThreshold: 1,
  };
}
