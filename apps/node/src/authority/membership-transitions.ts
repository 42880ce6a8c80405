import type { MembershipState } from '@carecord/storage';

/** What an authority can decide about a hospital. */
export const MEMBERSHIP_ACTIONS = ['admit', 'refuse', 'suspend', 'reinstate', 'revoke'] as const;

/** One of {@link MEMBERSHIP_ACTIONS}. */
export type MembershipAction = (typeof MEMBERSHIP_ACTIONS)[number];

/** The one table of what may follow what: a revoked hospital stays out, and comes back as another DID if at all. */
const TRANSITIONS: Readonly<Record<MembershipAction, { readonly from: readonly MembershipState[]; readonly to: Exclude<MembershipState, 'pending'> }>> = {
  admit: { from: ['pending'], to: 'admitted' },
  refuse: { from: ['pending'], to: 'refused' },
  suspend: { from: ['admitted'], to: 'suspended' },
  reinstate: { from: ['suspended'], to: 'admitted' },
  revoke: { from: ['admitted', 'suspended'], to: 'revoked' },
};

/** The state after an action, or undefined where it cannot be taken. */
export function stateAfter(state: MembershipState, action: MembershipAction): Exclude<MembershipState, 'pending'> | undefined {
  const { from, to } = TRANSITIONS[action];
  return from.includes(state) ? to : undefined;
}
