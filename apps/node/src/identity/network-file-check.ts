import { canonicalJson } from '@carecord/core';
import type { Logger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { IdentityError, verifyNetworkDescription } from '@carecord/identity';
import type { NetworkDescription, NetworkFile, NetworkTrust } from '@carecord/identity';

/**
 * Tells the operator when as many authorities as the network demands describe it otherwise than the mounted file does: then
 * the file is to be replaced. It stays in force: nobody changes from outside whom this node trusts.
 * @returns whether the file is what the authorities say; undefined where too few of them said the same
 */
export async function checkNetworkFile(file: NetworkFile, statements: readonly GeneralJws[], trust: NetworkTrust, logger: Logger): Promise<boolean | undefined> {
  try {
    const described = await verifyNetworkDescription(statements, trust);
    const same = comparable(described) === comparable(file);
    if (!same) logger.warn('network-file-outdated', { sequence: described.sequence, fileSequence: file.sequence });
    return same;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    logger.warn('network-description-not-verified', { code: error.code });
    return undefined;
  }
}

/** Where an authority is reached is the operator's affair: a proxy or an internal name may stand in the file. Who guards is followed, not compared. */
function comparable({ networkId, threshold, authorities, statusMaxAgeHours, witnessThreshold }: NetworkDescription): string {
  const named = authorities.map(({ did, witness }) => ({ did, witness })).sort((one, other) => (one.did < other.did ? -1 : 1));
  return canonicalJson({ networkId, threshold, statusMaxAgeHours, witnessThreshold, authorities: named });
}
