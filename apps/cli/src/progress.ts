/** Tells a person what takes time, while it takes it. */
export interface Progress {
  /** Shows a title while the work runs, then how long it took. */
  during<Result>(title: string, work: (update: (text: string) => void) => Promise<Result>): Promise<Result>;
}

/** How often a running step shows how long it has been running. */
const TICK_MILLISECONDS = 1_000;

/**
 * Progress on a stream: on a terminal one line that is rewritten each second, elsewhere one line a step.
 * @param stream stderr with `--json`, stdout otherwise
 */
export function streamProgress(stream: NodeJS.WriteStream): Progress {
  return {
    async during(title, work) {
      const started = Date.now();
      let detail = '';
      const draw = (): void => {
        if (stream.isTTY) stream.write(`\r\u001b[K  ${title}${detail} ... ${Math.round((Date.now() - started) / 1000)} s`);
      };
      draw();
      const timer = setInterval(draw, TICK_MILLISECONDS);
      try {
        const result = await work((text) => {
          detail = `: ${text}`;
          draw();
        });
        stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}  ${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
        return result;
      } catch (failure) {
        stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}  ${title}: failed\n`);
        throw failure;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
