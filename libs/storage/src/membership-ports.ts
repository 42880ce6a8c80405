/** What an authority keeps about the members of its network. Its user is `apps/node`, so the interface stands here. */
import type { Transaction } from '@carecord/core';

/** Where a hospital stands with one authority. Only these changes happen: see {@link MembershipStore.decide}. */
export const MEMBERSHIP_STATES = ['pending', 'refused', 'admitted', 'suspended', 'revoked'] as const;

/** One of {@link MEMBERSHIP_STATES}. */
export type MembershipState = (typeof MEMBERSHIP_STATES)[number];

/** A hospital that applied. */
export interface StoredMembership {
  readonly did: string;
  readonly name: string;
  readonly state: MembershipState;
  /** Its place in the authority's status list, from the admission on and for ever. */
  readonly statusIndex: number | undefined;
  /** The newest history of its DID that this authority has accepted. */
  readonly history: string;
  readonly reasonCode: string | undefined;
  readonly appliedAt: Date;
  readonly decidedAt: Date | undefined;
  /** Id of the staff member who decided; absent where a ticket did. */
  readonly decidedBy: string | undefined;
}

/** What is decided about a hospital. */
export interface MembershipDecision {
  readonly state: Exclude<MembershipState, 'pending'>;
  readonly decidedAt: Date;
  readonly decidedBy?: string;
  readonly reasonCode?: string;
}

/** An authority's register of hospitals. */
export interface MembershipStore {
  /** One hospital; locked until the transaction ends if one is given. */
  find(did: string, transaction?: Transaction): Promise<StoredMembership | undefined>;
  /** Hospitals by the time of their application, oldest first, at most `limit` after `offset`. */
  list(filter: { readonly states?: readonly MembershipState[]; readonly offset: number; readonly limit: number }): Promise<StoredMembership[]>;
  /** How many are in a state. */
  count(state: MembershipState): Promise<number>;
  /**
   * Writes an application down as pending. One of this DID that stands already is locked and given back as it is.
   * @returns what stands now
   */
  apply(transaction: Transaction, application: Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'>): Promise<StoredMembership>;
  /** Makes a refused application pending again, with what the new one says. */
  applyAgain(transaction: Transaction, application: Pick<StoredMembership, 'did' | 'name' | 'history' | 'appliedAt'>): Promise<void>;
  /**
   * Writes a decision. The first admission gives the hospital the next place in the status list, which no other one ever
   * gets. The caller has locked the row and judged whether the change may happen.
   * @returns the hospital as it stands now
   */
  decide(transaction: Transaction, did: string, decision: MembershipDecision): Promise<StoredMembership>;
  /** Replaces the accepted history; the caller has locked the row. */
  saveHistory(transaction: Transaction, did: string, history: string): Promise<void>;
  /** All places in the status list that are taken, with whether they count against the member. */
  statuses(): Promise<{ readonly index: number; readonly revoked: boolean; readonly suspended: boolean }[]>;
}
