import { setTimeout as pause } from 'node:timers/promises';

const POLL_MILLISECONDS = 100;

/**
 * Looks again and again until a state of another process is as expected.
 * @throws Error with the last state seen when it takes longer
 */
export async function until<State>(what: string, look: () => Promise<State>, isReached: (state: State) => boolean, withinMilliseconds: number): Promise<State> {
  const deadline = Date.now() + withinMilliseconds;
  for (;;) {
    const state = await look();
    if (isReached(state)) return state;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${withinMilliseconds / 1000} s; the last state was ${JSON.stringify(state)}.`);
    await pause(POLL_MILLISECONDS);
  }
}
