import { later, systemClock } from '@carecord/core';
import { hybridSigner, randomKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { createHospitalDid, newDidKeys } from '@carecord/identity';
import type { LocalMember, ResolvedDid } from '@carecord/identity';
import { resolveUnwitnessedDid } from '../../../libs/identity/src/did/did-history.ts';
import type { TestAuthority } from '../../../libs/testkit/src/network-identities.ts';
import { TEST_NETWORK_ID } from '../../../libs/testkit/src/network-identities.ts';

const MINUTE_MILLISECONDS = 60_000;

/** A hospital that nobody has met: its history and its credentials are in no cache of this process. */
export interface UnknownHospital {
  readonly did: string;
  readonly name: string;
  readonly peerSeed: Uint8Array;
  readonly resolved: ResolvedDid;
  readonly signer: HybridSigner;
}

export async function makeUnknownHospital(name: string): Promise<UnknownHospital> {
  const keys = newDidKeys();
  const now = later(systemClock.now(), -MINUTE_MILLISECONDS);
  const { did, history } = await createHospitalDid({ domain: `${name}.hospital.example`, keys, clock: { ...systemClock, now: () => now } });
  return { did, name, peerSeed: randomKey(), resolved: await resolveUnwitnessedDid(did, history), signer: hybridSigner(keys.signing) };
}

/** The hospital as a member, with a credential and the present status list of each authority. */
export async function admitUnknown(hospital: UnknownHospital, authorities: readonly TestAuthority[], statusLists: LocalMember['statusLists']): Promise<LocalMember> {
  const credentials = await Promise.all(authorities.map((authority) => authority.admit(hospital)));
  return { networkId: TEST_NETWORK_ID, resolved: hospital.resolved, credentials, statusLists, signer: hospital.signer };
}
