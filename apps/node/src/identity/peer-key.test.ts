import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { MemoryKeyHolder } from '@carecord/testkit';
import { ensurePeerSeed } from './peer-key.ts';

const root = mkdtempSync(join(tmpdir(), 'carecord-peer-key-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
let path: string;
let holder: MemoryKeyHolder;
let warnings: string[];
const logger: Logger = { ...silentLogger, warn: (event) => void warnings.push(event) };
const ensure = (of = holder): Promise<Uint8Array> => ensurePeerSeed(directory, of, logger);
const stored = (): { rootKeyId: string; wrapped: string } => JSON.parse(readFileSync(path, 'utf8')) as never;

beforeEach(() => {
  directory = mkdtempSync(join(root, 'node-'));
  path = join(directory, 'peer-key.json');
  holder = new MemoryKeyHolder();
  warnings = [];
});

describe('ensurePeerSeed', () => {
  it('makes a seed that is found again, in a file for its owner alone, wrapped', async () => {
    const seed = await ensure();
    expect(seed).toHaveLength(32);
    expect(await ensure()).toEqual(seed);
    expect([readdirSync(directory), statSync(path).mode & 0o777]).toEqual([['peer-key.json'], 0o600]);
    const content = readFileSync(path);
    for (const text of [Buffer.from(seed).toString('hex'), Buffer.from(seed).toString('base64url')]) expect(content.toString('utf8')).not.toContain(text);
  });

  it('is another one for each replica', async () => {
    const seed = await ensure();
    directory = mkdtempSync(join(root, 'node-'));
    expect(await ensure()).not.toEqual(seed);
  });

  it('is wrapped anew under a newer root key, and survives the end of the old one', async () => {
    const seed = await ensure();
    await holder.createRootKey();
    expect(await ensure()).toEqual(seed);
    expect(stored().rootKeyId).toBe('root-2');
    await holder.destroyRootKey('root-1');
    const before = stored();
    expect([await ensure(), stored(), warnings]).toEqual([seed, before, []]);
  });

  it('is replaced, and that is said, when its root key was destroyed meanwhile', async () => {
    const seed = await ensure();
    await holder.createRootKey();
    await holder.destroyRootKey('root-1');
    const replaced = await ensure();
    expect(replaced).not.toEqual(seed);
    expect(warnings).toEqual(['peer-key-replaced']);
    expect(await ensure()).toEqual(replaced);
  });

  it.each(['', 'no json', '{}', '{"rootKeyId":"root-1","wrapped":"?"}', '{"rootKeyId":"root-1","wrapped":"AAAA","more":1}'])('refuses a damaged file, which stays: %j', async (damaged) => {
    writeFileSync(path, damaged);
    await expect(ensure()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', message: expect.stringContaining('remove it') });
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });

  it('refuses a seed that does not open: changed, or of another holder', async () => {
    await ensure();
    await expect(ensure(new MemoryKeyHolder())).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
    const { wrapped } = stored();
    writeFileSync(path, JSON.stringify({ rootKeyId: 'root-1', wrapped: `${wrapped.slice(0, -4)}AAAA` }));
    await expect(ensure()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('makes no new one while the key holder is away', async () => {
    await ensure();
    const before = stored();
    holder.setReachable(false);
    await expect(ensure()).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
    expect(stored()).toEqual(before);
  });

  it('says so when it cannot write, and leaves nothing behind', async () => {
    directory = join(directory, 'absent');
    await expect(ensure()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', message: expect.stringContaining('cannot be written') });
  });

  it('does not read a file that it may not read as none', async () => {
    if (process.getuid?.() === 0) return;
    await ensure();
    chmodSync(path, 0o000);
    await expect(ensure()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });
});
