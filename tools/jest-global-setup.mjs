/**
 * Before a jest run: offers the run's PostgreSQL without starting it. The first test that asks on the socket starts the
 * server; a run without such a test pays nothing.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export default async function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'carecord-jest-'));
  const run = { directory, server: undefined, child: undefined };
  let address;
  run.server = createServer((socket) => {
    socket.on('error', () => undefined);
    address ??= startDatabaseServer(run);
    address.then((url) => socket.end(url), (error) => socket.destroy(error));
  });
  const path = join(directory, 'socket');
  await new Promise((resolve, reject) => run.server.once('error', reject).listen(path, resolve));
  run.server.unref();
  process.env.CARECORD_TEST_DATABASE_SOCKET = path;
  globalThis.carecordTestRun = run;
}

/** @returns the address of the server's administrator */
function startDatabaseServer(run) {
  run.child = spawn(process.execPath, ['--conditions=source', join(root, 'tools/test-database-server.mjs')], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    createInterface({ input: run.child.stdout }).once('line', resolve);
    run.child.once('exit', (code) => reject(new Error(`The database server of the tests ended with ${code}.`)));
  });
}
