import { systemClock } from '@carecord/core';
import { hybridSigner } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import type { ResolvedDid } from './did-log.ts';
import { createHospitalDid } from './hospital-did.ts';
import { generateHospitalKeySeeds } from './key-seeds.ts';
import type { HospitalKeySeeds } from './key-seeds.ts';
import { issueMembershipCredential } from './membership-credential.ts';
import type { LocalMember } from './handshake/handshake.ts';

/** For the tests beside this file: a DID with all its keys. */
export interface Identity {
  readonly seeds: HospitalKeySeeds;
  readonly resolved: ResolvedDid;
  readonly signer: HybridSigner;
}

export const NETWORK_ID = 'test-network';
/** The credentials of these tests are valid from this instant for one day. */
export const START = new Date('2026-01-01T00:00:00.000Z');
export const END = new Date('2026-01-02T00:00:00.000Z');

/** A fresh identity at `<name>.hospital.example`; its history is dated by the machine's clock, which the library reads as well. */
export async function makeIdentity(name: string): Promise<Identity> {
  const seeds = generateHospitalKeySeeds();
  const resolved = await createHospitalDid({ domain: `${name}.hospital.example`, seeds, clock: systemClock });
  return { seeds, resolved, signer: hybridSigner(seeds.signing) };
}

/** Makes an identity a member, by a credential of the authority. */
export async function admit(identity: Identity, authority: Identity, networkId = NETWORK_ID): Promise<LocalMember> {
  const credential = await issueMembershipCredential({
    issuer: authority.resolved,
    signer: authority.signer,
    subject: identity.resolved.did,
    subjectName: 'A Hospital',
    networkId,
    roles: ['hospital'],
    validFrom: START,
    validUntil: END,
  });
  return { networkId, resolved: identity.resolved, credential, signer: identity.signer };
}
