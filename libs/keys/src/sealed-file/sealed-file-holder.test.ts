import { describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, symlink, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { sealWithPassphrase } from '@carecord/crypto';
import { describeKeyHolder } from '../../../testkit/src/compliance/key-holder.ts';
import { openSealedFileHolder } from './sealed-file-holder.ts';

const PASSPHRASE = 'correct horse battery staple';
const BINDING = Uint8Array.of(1);
const SECRET = new Uint8Array(32).fill(5);
const refusal = (code: string): unknown => expect.objectContaining({ name: 'KeysError', code });

async function inDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'carecord-keys-'));
  try {
    await work(join(directory, 'root-keys.sealed'));
  } finally {
    await rm(directory, { recursive: true });
  }
}

function startMaker(path: string, count?: number): ChildProcess {
  const options = { execArgv: ['--conditions=source', '--import=./tools/swc.mjs'], silent: true };
  return fork(join(import.meta.dirname, 'sealed-file.fixture.ts'), [path, PASSPHRASE, ...(count === undefined ? [] : [String(count)])], options);
}

/** Waits until so many files were made, written or renamed: with one writer, in the middle of what it does. */
async function directoryEvents(directory: string, count: number): Promise<void> {
  const stop = new AbortController();
  const events = watch(directory, { signal: stop.signal })[Symbol.asyncIterator]();
  for (let seen = 0; seen < count; seen += 1) await events.next();
  stop.abort();
}

describeKeyHolder('sealed file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'carecord-keys-'));
  return {
    open: () => openSealedFileHolder({ path: join(directory, 'below', 'root-keys.sealed'), passphrase: PASSPHRASE }),
    remove: () => rm(directory, { recursive: true }),
  };
});

describe('the sealed file', () => {
  it('opens again with its passphrase, and with no other', () =>
    inDirectory(async (path) => {
      const first = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await first.createRootKey();
      const wrapped = await first.wrap(SECRET, 'x', BINDING);
      await first.close();
      const again = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      expect(await again.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
      await expect(openSealedFileHolder({ path, passphrase: `${PASSPHRASE} ` })).rejects.toEqual(refusal('KEY_FILE_INVALID'));
    }));

  it('is one file of its owner alone: no earlier state of it and nothing unfinished stays behind', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await writeFile(`${path}.0a1b2c3d4e5f.tmp`, 'what a process that was killed had begun to write');
      await holder.createRootKey();
      await holder.createRootKey();
      await holder.destroyRootKey('root-1');
      expect((await readdir(dirname(path))).sort()).toEqual(['root-keys.sealed', 'root-keys.sealed.lock']);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(`${path}.lock`)).size).toBe(0);
    }));

  it('is not opened when any of its bytes was changed, cut or added', () =>
    inDirectory(async (path) => {
      await (await openSealedFileHolder({ path, passphrase: PASSPHRASE })).createRootKey();
      const content = await readFile(path);
      const changed = [0, 5, 21, 22, 40, 60, content.length - 1].map((position) => {
        const other = Buffer.from(content);
        other[position] = (other[position] ?? 0) ^ 4;
        return other;
      });
      for (const other of [...changed, content.subarray(0, 30), content.subarray(0, -1), Buffer.concat([content, Buffer.of(0)]), Buffer.alloc(0), Buffer.alloc(70_000, content)]) {
        await writeFile(path, other);
        await expect(openSealedFileHolder({ path, passphrase: PASSPHRASE })).rejects.toEqual(refusal('KEY_FILE_INVALID'));
      }
    }));

  it('of the earlier format is named as such', () =>
    inDirectory(async (path) => {
      await writeFile(path, await sealWithPassphrase(PASSPHRASE, new Uint8Array(200)), { mode: 0o600 });
      await expect(openSealedFileHolder({ path, passphrase: PASSPHRASE })).rejects.toEqual(refusal('KEY_FILE_OLD'));
    }));

  it('is refused where others may read it, through a link, and where it is no file', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await holder.createRootKey();
      for (const mode of [0o640, 0o604, 0o620]) {
        await chmod(path, mode);
        await expect(holder.rootKeyIds()).rejects.toEqual(refusal('KEY_FILE_INVALID'));
      }
      await chmod(path, 0o600);
      expect(await holder.rootKeyIds()).toEqual(['root-1']);
      await rename(path, `${path}.elsewhere`);
      await symlink(`${path}.elsewhere`, path);
      await expect(holder.rootKeyIds()).rejects.toEqual(refusal('KEY_FILE_INVALID'));
      await expect(openSealedFileHolder({ path: dirname(path), passphrase: PASSPHRASE })).rejects.toEqual(refusal('KEY_FILE_INVALID'));
    }));

  it('that goes away stops the holder, and is not made anew', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await holder.createRootKey();
      await rename(path, `${path}.elsewhere`);
      await expect(holder.check()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
      await expect(holder.createRootKey()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
      await rename(`${path}.elsewhere`, path);
      await holder.check();
    }));

  it('that an older one replaces stops the holder: it makes no second root key of a number', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await holder.createRootKey();
      const older = await readFile(path);
      await holder.createRootKey();
      const [newest, wrapped] = [await readFile(path), await holder.wrap(SECRET, 'x', BINDING)];
      await writeFile(path, older);
      await expect(holder.createRootKey()).rejects.toEqual(refusal('KEY_FILE_INVALID'));
      await expect(holder.wrap(SECRET, 'x', BINDING)).rejects.toEqual(refusal('KEY_FILE_INVALID'));
      expect(await readFile(path)).toEqual(older);
      await writeFile(path, newest);
      expect(await holder.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
    }));

  it('stays whole and openable while processes that change it are killed in the middle of it', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await holder.createRootKey();
      for (const events of [1, 2, 3, 4]) {
        const maker = startMaker(path);
        await once(maker, 'message');
        await directoryEvents(dirname(path), events);
        const ended = once(maker, 'exit');
        maker.kill('SIGKILL');
        await ended;
        const before = await holder.rootKeyIds();
        await holder.createRootKey();
        expect((await holder.rootKeyIds()).length).toBe(before.length + 1);
        expect((await readdir(dirname(path))).sort()).toEqual(['root-keys.sealed', 'root-keys.sealed.lock']);
      }
    }));

  it('loses no key when several processes make some at once', () =>
    inDirectory(async (path) => {
      const holder = await openSealedFileHolder({ path, passphrase: PASSPHRASE });
      await holder.createRootKey();
      const makers = [startMaker(path, 2), startMaker(path, 2)];
      const codes = await Promise.all(makers.map(async (maker) => (await once(maker, 'exit'))[0] as number));
      expect(codes).toEqual([0, 0]);
      expect(await holder.rootKeyIds()).toHaveLength(5);
    }));
});
