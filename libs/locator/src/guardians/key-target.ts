import { canonicalJsonBytes, toHex } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import type { GuardianSet } from '@carecord/identity';
import { indexOf, inOrder, statementDigest, statementPayload } from './key-statement.ts';
import type { KeyStatement } from './key-statement.ts';
import type { GuardianPlan, KeyName } from './ports.ts';

/** A key that is to be made, or shared anew. */
export interface KeyTarget extends KeyName {
  /** Those who deal, in order: all guardians for a new key, those who have shares for one that is shared anew. */
  readonly dealers: readonly string[];
  /** So many of their dealings make the key: all for a new one, which each of them then has a part in. */
  readonly dealersNeeded: number;
  /** Those who get shares, in order. */
  readonly receivers: readonly string[];
  readonly threshold: number;
  /** The key as it is shared now; `undefined` when there is none yet. */
  readonly former: KeyStatement | undefined;
  /** Tells whether two guardians mean the same; 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * What is to be done so that the guardians of the plan have the key of each epoch that counts: a new key for an epoch without
 * one, a new sharing where others have it.
 * @param keys of the epochs that count now
 */
export function keyTargets(networkId: string, plan: GuardianPlan, keys: readonly KeyStatement[]): KeyTarget[] {
  const { guardians, epoch, sequence } = plan;
  if (guardians.members.length === 0) return [];
  const receivers = inOrder(guardians.members);
  const target = (of: number, former: KeyStatement | undefined): KeyTarget => {
    const source = former === undefined ? [] : [toHex(statementDigest(statementPayload(former)))];
    return {
      epoch: of,
      version: sequence,
      dealers: former?.guardians ?? receivers,
      dealersNeeded: former?.threshold ?? receivers.length,
      receivers,
      threshold: guardians.threshold,
      former,
      digest: hashWithContext('locator/guardian-target', canonicalJsonBytes([networkId, of, sequence, receivers, guardians.threshold, source])),
    };
  };
  const reshared = keys.filter((key) => key.version < sequence && !isSharedAmong(key, guardians)).map((key) => target(key.epoch, key));
  return keys.some((key) => key.epoch >= epoch) ? reshared : [...reshared, target(epoch, undefined)];
}

/** Whether a key is shared among exactly this set. */
export function isSharedAmong({ guardians, threshold }: Pick<KeyStatement, 'guardians' | 'threshold'>, set: GuardianSet): boolean {
  return threshold === set.threshold && guardians.length === set.members.length && guardians.every((did) => indexOf(set.members, did) > 0);
}

/** Who decides, in one attempt, whose dealings count: another one in the next. */
export function leaderOf({ receivers }: Pick<KeyTarget, 'receivers'>, attempt: number): string {
  return receivers[attempt % receivers.length] as string;
}
