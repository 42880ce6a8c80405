import type { ResolvedDid } from '../did/did-history.ts';

/** How old a status list may be unless the network says otherwise: after that nobody can tell who was removed. */
export const DEFAULT_STATUS_MAX_AGE_MILLISECONDS = 24 * 60 * 60_000;

/** Whom we believe about membership. */
export interface NetworkTrust {
  readonly networkId: string;
  /** So many distinct authorities must admit a member, and stand by it. */
  readonly threshold: number;
  /** As they are now: authorities rotate their keys, so this is asked anew each time. */
  authorities(): readonly ResolvedDid[];
  /** A status list that is older says nothing any more. */
  readonly statusMaxAgeMilliseconds: number;
}

/** Trust that never changes: for tests and tools. */
export function fixedTrust(
  networkId: string,
  authorities: readonly ResolvedDid[],
  threshold = 1,
  statusMaxAgeMilliseconds = DEFAULT_STATUS_MAX_AGE_MILLISECONDS,
): NetworkTrust {
  return { networkId, threshold, authorities: () => authorities, statusMaxAgeMilliseconds };
}

/** The trusted authority of this DID, as it is now. */
export function findAuthority(trust: NetworkTrust, did: string): ResolvedDid | undefined {
  return trust.authorities().find((authority) => authority.did === did);
}
