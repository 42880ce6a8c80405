import type { Clock } from '@carecord/core';
import { proveWithEd25519 } from './data-integrity.ts';
import type { DidHistory, WitnessProof } from './did-entries.ts';
import { resolveUnwitnessedDid } from './did-history.ts';
import { MEMBER_POLICY } from './did-policy.ts';
import { versionTimeOf } from './did-time.ts';

/**
 * Witnesses the last version of a hospital's DID (did:webvh 1.0, "DID Witnesses"), after verifying everything but its witnesses.
 * A witness is worth something only if it approves one history of each DID: the caller compares with what it approved before.
 * @param options.witnessSeed Ed25519, 32 bytes
 * @throws IdentityError as `resolveDidHistory` does
 */
export async function witnessDidVersion(options: {
  readonly did: string;
  readonly history: DidHistory;
  readonly witnessSeed: Uint8Array;
  readonly clock: Clock;
}): Promise<WitnessProof> {
  const now = options.clock.now();
  const { versionId } = await resolveUnwitnessedDid(options.did, options.history, MEMBER_POLICY, now);
  return { versionId, proof: [proveWithEd25519({ versionId }, options.witnessSeed, versionTimeOf(now))] };
}
