import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARE_ENV, Worker } from 'node:worker_threads';

/** Where Debian and its kin, and Fedora, put SoftHSM2. */
const PLACES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'];

/** A token of SoftHSM2 in a directory of its own. */
export interface SoftToken {
  readonly modulePath: string;
  readonly tokenLabel: string;
  readonly pin: string;
  /** Where its objects lie. */
  readonly directory: string;
  remove(): Promise<void>;
}

/** Why the tests with a token cannot run here; undefined when they can. */
export function whyNoToken(): string | undefined {
  if (!PLACES.some(existsSync)) return 'SoftHSM2 is not installed (Debian: apt-get install softhsm2)';
  try {
    createRequire(import.meta.url).resolve('pkcs11js/build/Release/pkcs11.node');
    return undefined;
  } catch {
    return 'the addon for PKCS#11 is not built (node tools/pkcs11.mjs)';
  }
}

/** Makes a token, and points this process to it: SoftHSM2 looks when it is initialised. */
export async function makeSoftToken(): Promise<SoftToken> {
  const directory = await mkdtemp(join(tmpdir(), 'carecord-token-'));
  const configuration = join(directory, 'softhsm2.conf');
  const objects = join(directory, 'tokens');
  await mkdir(objects);
  await writeFile(configuration, `directories.tokendir = ${objects}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const [tokenLabel, pin] = ['carecord-test', '4711-0815'];
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', tokenLabel, '--pin', pin, '--so-pin', '0123456789'], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', SOFTHSM2_CONF: configuration },
    stdio: 'ignore',
  });
  await setRealVariable('SOFTHSM2_CONF', configuration);
  return { modulePath: PLACES.find(existsSync) ?? '', tokenLabel, pin, directory: objects, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** Under jest `process.env` is a copy, which a shared library does not see; a worker can share the real one. */
async function setRealVariable(name: string, value: string): Promise<void> {
  const setter = new Worker(`process.env[${JSON.stringify(name)}] = ${JSON.stringify(value)}`, { eval: true, env: SHARE_ENV });
  await once(setter, 'exit');
}
