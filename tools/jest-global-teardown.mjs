/** After a jest run: stops the run's PostgreSQL, if it was started, and removes it. */
import { rmSync } from 'node:fs';

export default async function tearDown() {
  const { directory, server, child } = globalThis.carecordTestRun;
  await new Promise((resolve) => server.close(resolve));
  if (child !== undefined && child.exitCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}
