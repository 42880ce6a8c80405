import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, issueMembershipCredential } from '@carecord/identity';
import type { LocalIdentity, MemberRole } from '@carecord/identity';
import type { StoredMembership } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';

/** A quarter of a year: members renew theirs by themselves long before, and who does not any more is out by then. */
export const CREDENTIAL_MILLISECONDS = 90 * 24 * 60 * 60_000;

/** What a {@link CredentialIssuer} needs to know. */
export interface CredentialIssuerOptions {
  readonly identity: Pick<LocalIdentity, 'did' | 'networkId'> & { signing(): Pick<ReturnType<LocalIdentity['current']>, 'resolved' | 'signer'> };
  readonly statusListUrl: string;
  readonly authorities: readonly string[];
  readonly clock: Clock;
}

/** Signs what the register says. */
export class CredentialIssuer {
  constructor(private readonly options: CredentialIssuerOptions) {}

  /**
   * A fresh credential of a member.
   * @throws NodeError `WRONG_STATE` for anybody who is none
   */
  async credentialFor({ did, name, state, statusIndex }: StoredMembership): Promise<GeneralJws> {
    if (state !== 'admitted' || statusIndex === undefined) throw new NodeError('WRONG_STATE', 'Only an admitted hospital has a credential.');
    const { identity, statusListUrl, clock } = this.options;
    const { resolved, signer } = identity.signing();
    const now = clock.now();
    return await issueMembershipCredential({
      issuer: resolved,
      signer,
      subject: did,
      subjectName: name,
      networkId: identity.networkId,
      roles: this.rolesOf(did),
      validFrom: later(now, -CLOCK_SKEW_MILLISECONDS),
      validUntil: later(now, CREDENTIAL_MILLISECONDS),
      status: { listUrl: statusListUrl, index: statusIndex },
    });
  }

  /** The network file alone says who is more than a hospital. */
  private rolesOf(did: string): MemberRole[] {
    return this.options.authorities.includes(did) ? ['authority'] : ['hospital'];
  }
}
