import { NetworkError } from '@carecord/network';
import type { DhtValueKind, NetworkHost } from '@carecord/network';
import type { CheckedValue, ValueRules } from '../../../libs/network/src/values/value-rules.ts';
import type { Outcome, Target } from './fuzz.ts';

/** What our host's type hides. */
interface WithRules {
  readonly parts: { readonly rules: ValueRules };
}
interface WithKinds {
  readonly kinds: ReadonlyMap<string, DhtValueKind>;
}

/** The names of all kinds that a host takes. */
export function kindsOf(host: NetworkHost): string[] {
  return [...(rulesOf(host) as unknown as WithKinds).kinds.keys()].sort();
}

/**
 * The value, the key and the attachment of a good value, each changed while the others stay. Whatever differs from the good value must be
 * refused: every kind binds all three by signatures or hashes.
 * @param isSame whether a changed part means the same, where a kind permits that
 */
export function valueTargets(host: NetworkHost, good: CheckedValue, isSame: (changed: CheckedValue) => boolean = () => false): Target[] {
  const feed = (change: (frame: Uint8Array) => CheckedValue) => (frame: Uint8Array): Promise<Outcome> => take(rulesOf(host), good, change(frame), isSame);
  const { namespace, key, value, attachment } = good;
  return [
    { name: `${namespace}: the value`, good: [value], feed: feed((frame) => ({ ...good, value: frame })) },
    { name: `${namespace}: the key`, good: [key], feed: feed((frame) => ({ ...good, key: frame })) },
    ...(attachment === undefined ? [] : [{ name: `${namespace}: the attachment`, good: [attachment], feed: feed((frame) => ({ ...good, attachment: frame })) }]),
  ];
}

async function take(rules: ValueRules, good: CheckedValue, changed: CheckedValue, isSame: (changed: CheckedValue) => boolean): Promise<Outcome> {
  try {
    rules.placement(changed);
    await rules.check(changed);
  } catch (error) {
    if (error instanceof NetworkError) return error.code;
    throw error;
  }
  const isGood = equal(good.key, changed.key) && equal(good.value, changed.value) && equal(good.attachment, changed.attachment);
  if (!isGood && !isSame(changed)) throw new Error('A value was taken although it was changed.');
  return 'taken';
}

function equal(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return Buffer.compare(one ?? Buffer.alloc(0), other ?? Buffer.alloc(0)) === 0;
}

function rulesOf(host: NetworkHost): ValueRules {
  return (host as unknown as WithRules).parts.rules;
}
