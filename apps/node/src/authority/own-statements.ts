import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { issueNetworkDescription } from '@carecord/identity';
import type { NetworkDescription } from '@carecord/identity';
import type { HospitalMembership } from '../identity/membership.ts';
import type { NodeIdentity } from '../identity/node-identity.ts';
import { CREDENTIAL_MILLISECONDS } from './credential-issuer.ts';
import type { CredentialIssuer } from './credential-issuer.ts';
import type { MembershipOffice } from './membership-office.ts';
import type { StatusListIssuer } from './status-list-issuer.ts';

/** As members do, when a third of the time is left. */
const RENEW_AFTER_MILLISECONDS = (CREDENTIAL_MILLISECONDS * 2) / 3;

/** What {@link OwnStatements} are made of. */
export interface OwnStatementsOptions {
  readonly identity: Pick<NodeIdentity, 'did' | 'signing'>;
  readonly name: string;
  /** The network as it is to be described now. */
  readonly describe: () => NetworkDescription;
  readonly office: Pick<MembershipOffice, 'admitItself'>;
  readonly issuer: Pick<CredentialIssuer, 'credentialFor'>;
  readonly membership: Pick<HospitalMembership, 'keep' | 'useStored'>;
  readonly statusLists: Pick<StatusListIssuer, 'issue'>;
  readonly clock: Clock;
}

/**
 * What an authority says by itself: that it is a member, how its members stand, and what its network is. After an urgent rotation
 * nobody believes what the keys before have signed, so all of it is signed anew; the credential also before it runs out.
 */
export class OwnStatements {
  private signed: { readonly versionId: string; readonly sequence: number; readonly renewAt: Date; readonly description: GeneralJws } | undefined;

  constructor(private readonly options: OwnStatementsOptions) {}

  /** The signed description of the network. */
  description(): GeneralJws {
    if (this.signed === undefined) throw new Error('Nothing was signed yet.');
    return this.signed.description;
  }

  /** Signs what is due. Repeating it is harmless. */
  async refresh(): Promise<void> {
    const { identity, name, describe, office, issuer, membership, statusLists, clock } = this.options;
    const { resolved, signer } = identity.signing();
    const network = describe();
    if (this.signed?.versionId === resolved.versionId && this.signed.sequence === network.sequence && clock.now() < this.signed.renewAt) return;
    const own = await office.admitItself(name, resolved.log);
    // One that its own staff has suspended or ended says nothing for itself any more; its lists and its network still stand.
    if (own.state === 'admitted') await membership.keep(identity.did, { credential: await issuer.credentialFor(own) });
    await statusLists.issue();
    const description = await issueNetworkDescription({ issuer: resolved, signer, description: network });
    this.signed = { versionId: resolved.versionId, sequence: network.sequence, renewAt: later(clock.now(), RENEW_AFTER_MILLISECONDS), description };
    await membership.useStored();
  }
}
