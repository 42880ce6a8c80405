/**
 * Aborts when the time has passed or another signal does, and is forgotten at its end. (The signal of `AbortSignal.timeout` lives on until
 * its time has passed, and then makes an error with a stack, for each of thousands of messages that were answered long before.)
 */
export class TimeLimit implements Disposable {
  /** Whether it was the time that passed. */
  isOver = false;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;

  /** @param outer aborts it as well, with its own reason */
  constructor(
    milliseconds: number,
    private readonly outer?: AbortSignal,
  ) {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.controller.abort(new Error('TIME_LIMIT'));
    }, milliseconds).unref();
    if (outer?.aborted === true) this.controller.abort(outer.reason);
    outer?.addEventListener('abort', this.passOn, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener('abort', this.passOn);
  }

  private readonly passOn = (): void => this.controller.abort(this.outer?.reason);
}
