import type { TransactionRunner } from '@carecord/core';
import { witnessDidVersion } from '@carecord/identity';
import type { WitnessProof } from '@carecord/identity';
import type { Clock } from '@carecord/core';
import type { MembershipStore, StoredMembership } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';

/** What a {@link WitnessOffice} needs from outside. */
export interface WitnessOfficeOptions {
  readonly witnessSeed: () => Uint8Array;
  readonly memberships: MembershipStore;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
}

/**
 * Witnesses the DID versions of members (did:webvh 1.0, "DID Witnesses"), so that a stolen update key alone cannot change a
 * hospital's keys. Of one version number, this authority signs one version and never another: with a threshold of more than half
 * of the witnesses, two histories of a DID take a witness that breaks this rule.
 */
export class WitnessOffice {
  constructor(private readonly options: WitnessOfficeOptions) {}

  /**
   * Signs the last version of a member's history.
   * @param history with all but the witnesses of its last version
   * @throws NodeError `NOT_A_MEMBER`, `HISTORY_FORKED`; IdentityError `DID_*`
   */
  async witness(did: string, history: string): Promise<WitnessProof> {
    const { memberships, transactions, witnessSeed, clock } = this.options;
    // Before the history, whose check costs time: nobody but the members may cause that.
    checkMember(await memberships.find(did));
    const proof = await witnessDidVersion({ did, history, witnessSeed: witnessSeed(), clock });
    await transactions.run(async (transaction) => {
      const standing = checkMember(await memberships.find(did, transaction));
      if (!continues(standing.history, history)) throw new NodeError('HISTORY_FORKED', 'The history does not continue the one that was witnessed before.');
      await memberships.saveHistory(transaction, did, history);
    });
    // Given out only now that it is written down: after a crash the same version is witnessed again, and no other.
    return proof;
  }
}

/** @throws NodeError `NOT_A_MEMBER` */
function checkMember(standing: StoredMembership | undefined): StoredMembership {
  if (standing?.state !== 'admitted') throw new NodeError('NOT_A_MEMBER', 'Only the DID of an admitted hospital is witnessed.');
  return standing;
}

/** Whether a history has every version of the one before, and perhaps more. */
function continues(before: string, after: string): boolean {
  const [known, shown] = [versionIds(before), versionIds(after)];
  return known.length <= shown.length && known.every((versionId, at) => versionId === shown[at]);
}

/** The versions of a history that was verified. */
function versionIds(history: string): string[] {
  return history
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const { versionId } = JSON.parse(line) as { readonly versionId?: string };
      return versionId === undefined ? [] : [versionId];
    });
}
