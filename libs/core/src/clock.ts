/** Time as the libs see it: injected, so that tests decide what time it is. */
export interface Clock {
  /** The present instant. */
  now(): Date;
  /** Resolves at the given instant, at once if it has passed; rejects with the signal's reason when it is aborted. */
  sleepUntil(instant: Date, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleepUntil: (instant, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, Math.max(0, instant.getTime() - Date.now()));
      signal?.addEventListener('abort', abort, { once: true });
    }),
};

/** The instant `milliseconds` after `instant`. */
export function later(instant: Date, milliseconds: number): Date {
  return new Date(instant.getTime() + milliseconds);
}
