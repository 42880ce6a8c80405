import { parseNetworkFile } from '@carecord/identity';
import type { GuardianSet } from '@carecord/identity';
import type { GuardianPlan } from '@carecord/locator';
import { parseGuardianPlan } from '../identity/guardians-file.ts';

/** What a person decides about the guardians of a network. */
export interface GuardianAppointment {
  /** The text of the guardians file so far, or of the network file; without one these are the first. */
  readonly previous?: string;
  /** DIDs of members. */
  readonly members: readonly string[];
  /** So many of them evaluate a look-up. @default more than half */
  readonly threshold?: number;
  /** Whether they make a key of their own, for a new epoch, rather than take over the present one. */
  readonly newKey?: boolean;
}

/**
 * Writes the guardians file that every authority is to have: its sequence rises, so that members follow it.
 * @throws NodeError `GUARDIANS_INVALID`; IdentityError `NETWORK_FILE_INVALID`
 */
export function appointGuardians({ previous, members, threshold, newKey }: GuardianAppointment): string {
  const before: GuardianPlan | undefined = previous === undefined ? undefined : planIn(previous);
  const guardians: GuardianSet = { members, threshold: threshold ?? majorityOf(members.length) };
  const plan: GuardianPlan = {
    // The network file has 0 or 1.
    sequence: (before?.sequence ?? 1) + 1,
    guardians,
    ...(before === undefined || before.guardians.members.length === 0 ? {} : { formerGuardians: before.guardians }),
    epoch: (before?.epoch ?? 1) + (before !== undefined && newKey === true ? 1 : 0),
  };
  const text = JSON.stringify(plan, undefined, 2);
  parseGuardianPlan(text);
  return `${text}\n`;
}

function planIn(text: string): GuardianPlan {
  return /"networkId"/.test(text) ? parseNetworkFile(text, { allowHttp: true }) : parseGuardianPlan(text);
}

/** More than half: fewer can neither evaluate nor keep others from it. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
