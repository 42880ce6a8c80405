import { setImmediate } from 'node:timers/promises';
import type { Counters, Observer } from '../health/ports.ts';
import type { DhtValueMeta } from '../ports.ts';
import { idOf } from './placement.ts';
import { MAX_GROUP_VALUES } from './read-protocol.ts';
import type { ReadQuestion, ReadResponse } from './read-protocol.ts';
import { isRefusal } from './refusal.ts';
import { UnjudgedValue } from './value-rules.ts';
import type { CheckedValue, ValueRules } from './value-rules.ts';

/** Values that are checked before others have their turn. */
const CHECKS_AT_A_STRETCH = 128;

/** A value that a member gave, and that passed the checks of its kind. */
export interface GivenValue extends CheckedValue {
  readonly meta: DhtValueMeta;
}

/** What {@link checkAnswer} works with. */
export interface AnswerCheckOptions {
  readonly rules: ValueRules;
  readonly observer: Observer;
  readonly counters: Pick<Counters, 'dropped'>;
}

/** A member's answer as far as it can be used. */
export interface CheckedAnswer {
  /** The good values of each question, in the order of the questions; `undefined` for one that was left for later. */
  readonly values: readonly (readonly GivenValue[] | undefined)[];
}

/**
 * Takes from an answer what was asked for and is valid. The rest is dropped, and held against the member unless it could not know.
 * @returns `undefined` when the answer does not belong to the questions
 */
export async function checkAnswer(
  from: string,
  questions: readonly ReadQuestion[],
  answer: ReadResponse,
  { rules, observer, counters }: AnswerCheckOptions,
): Promise<CheckedAnswer | undefined> {
  const values: (GivenValue[] | undefined)[] = questions.map(() => []);
  for (const place of answer.left) values[place] = undefined;
  const given = questions.map(() => 0);
  let isInvalid = false;
  for (const [at, { place, key, value, attachment }] of answer.values.entries()) {
    if (at % CHECKS_AT_A_STRETCH === CHECKS_AT_A_STRETCH - 1) await setImmediate();
    const question = questions[place];
    const bytes = attachment === undefined ? undefined : answer.attachments[attachment];
    given[place] = (given[place] ?? 0) + 1;
    const isMeant = question !== undefined && (attachment === undefined || bytes !== undefined) && given[place] <= mostOf(question) && isAskedFor(question, key, rules);
    if (!isMeant) {
      counters.dropped('RESPONSE_INVALID');
      observer.observe(from, { kind: 'malformed' });
      return undefined;
    }
    const checked = await check({ namespace: question.kind, key, value, ...(bytes && { attachment: bytes }) }, rules);
    if (checked === 'invalid') {
      isInvalid = true;
      counters.dropped('VALUE_REFUSED');
    } else if (checked !== 'unjudged') values[place]?.push(checked);
  }
  if (isInvalid) observer.observe(from, { kind: 'invalid-value' });
  return { values };
}

/** A value with what its kind says about it, or why it is not used. */
export async function check(value: CheckedValue, rules: ValueRules): Promise<GivenValue | 'invalid' | 'unjudged'> {
  try {
    return { ...value, meta: await rules.check(value) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error instanceof UnjudgedValue ? 'unjudged' : 'invalid';
  }
}

/** How many values a storer has for a place: it keeps one a key. More would have us check what nobody stores. */
function mostOf(question: ReadQuestion): number {
  return 'key' in question ? 1 : MAX_GROUP_VALUES;
}

function isAskedFor(question: ReadQuestion, key: Uint8Array, rules: ValueRules): boolean {
  if ('key' in question) return Buffer.compare(question.key, key) === 0;
  try {
    return idOf(rules.placement({ namespace: question.kind, key })) === idOf(question.placement);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}
