import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';

/** How {@link askEnough} goes about it. */
export interface HedgingOptions {
  readonly needed: number;
  /** How long one waits for those who were asked before one more is. */
  readonly pauseMilliseconds: number;
  readonly clock: Clock;
}

/** What came of it. */
export interface Collected<Candidate, Answer> {
  readonly answers: readonly { readonly candidate: Candidate; readonly answer: Answer }[];
  readonly failures: readonly { readonly candidate: Candidate; readonly error: unknown }[];
}

/**
 * Asks as many candidates as are needed, one more for each that fails, and one more after each pause in which too few have
 * answered; those that are not needed any more are told by the signal.
 * @param candidates the preferred ones first
 * @returns no more answers than are needed; fewer when all candidates have been asked
 */
export async function askEnough<Candidate, Answer>(
  candidates: readonly Candidate[],
  ask: (candidate: Candidate, signal: AbortSignal) => Promise<Answer>,
  { needed, pauseMilliseconds, clock }: HedgingOptions,
): Promise<Collected<Candidate, Answer>> {
  const answers: { candidate: Candidate; answer: Answer }[] = [];
  const failures: { candidate: Candidate; error: unknown }[] = [];
  const enough = new AbortController();
  let next = 0;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      if (answers.length >= needed || answers.length + failures.length === candidates.length) resolve();
    };
    const askNext = (): void => {
      if (next >= candidates.length) return;
      const candidate = candidates[next] as Candidate;
      next += 1;
      ask(candidate, enough.signal).then(
        (answer) => {
          if (answers.length < needed) answers.push({ candidate, answer });
          settle();
        },
        (error: unknown) => {
          failures.push({ candidate, error });
          askNext();
          settle();
        },
      );
    };
    const hedge = async (): Promise<void> => {
      while (next < candidates.length) {
        await clock.sleepUntil(later(clock.now(), pauseMilliseconds), enough.signal);
        askNext();
      }
    };
    for (let at = 0; at < needed; at += 1) askNext();
    settle();
    // It ends by the signal once there are enough.
    hedge().catch(() => undefined);
  });
  enough.abort(new Error('Enough guardians have answered.'));
  return { answers, failures: [...failures] };
}
