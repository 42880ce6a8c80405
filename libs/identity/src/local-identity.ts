import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import type { ResolvedDid } from './did/did-history.ts';

/** Who we are at one instant: a snapshot for one piece of work. */
export interface LocalMember {
  readonly networkId: string;
  readonly resolved: ResolvedDid;
  /** One of each authority that admitted us. */
  readonly credentials: readonly GeneralJws[];
  /** The newest status list that we have of each authority, to be stapled to our proof. */
  readonly statusLists: readonly GeneralJws[];
  readonly signer: HybridSigner;
}

/** Who we are: keys rotate and credentials are renewed, so ask anew for each piece of work and keep the snapshot for that piece alone. */
export interface LocalIdentity {
  readonly did: string;
  readonly networkId: string;
  current(): LocalMember;
}

/** An identity that never changes: for tests and tools. */
export function fixedIdentity(member: LocalMember): LocalIdentity {
  return { did: member.resolved.did, networkId: member.networkId, current: () => member };
}
