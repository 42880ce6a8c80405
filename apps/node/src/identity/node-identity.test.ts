import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, MemorySettingStore } from '@carecord/testkit';
import { keyFilePath } from './key-file.ts';
import { loadOrCreateIdentity } from './node-identity.ts';
import type { NodeIdentity } from './node-identity.ts';

const PASSPHRASE = 'correct horse battery staple';
const root = mkdtempSync(join(tmpdir(), 'carecord-identity-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('loadOrCreateIdentity', () => {
  let directory: string;
  let settings: MemorySettingStore;
  const start = (change: { passphrase?: string; domain?: string } = {}): Promise<NodeIdentity> =>
    loadOrCreateIdentity({ dataDirectory: directory, passphrase: PASSPHRASE, domain: 'a.hospital.example', settings, clock: new ManualClock(), ...change });

  beforeEach(() => {
    directory = mkdtempSync(join(root, 'node-'));
    settings = new MemorySettingStore();
  });

  it('makes keys and a DID at the first start and finds them at the next', async () => {
    const first = await start();
    const second = await start();
    expect(first.resolved.did).toMatch(/^did:webvh:[^:]+:a\.hospital\.example$/);
    expect(second.resolved.did).toBe(first.resolved.did);
    expect(second.seeds).toEqual(first.seeds);
  });

  it('writes a sealed file that its owner alone may read, and leaves no other', async () => {
    const { seeds } = await start();
    const path = keyFilePath(directory);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['keys.sealed']);
    const content = readFileSync(path);
    for (const secret of [seeds.root, seeds.recipient, seeds.signing.ed25519]) expect(content.includes(Buffer.from(secret))).toBe(false);
  });

  it('puts nothing secret into the settings', async () => {
    const { seeds } = await start();
    const stored = [...settings.values.values()].join();
    for (const secret of [seeds.root, seeds.update, seeds.peer]) {
      expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
      expect(stored).not.toContain(Buffer.from(secret).toString('base64url'));
    }
  });

  it('refuses another passphrase, a damaged file and one that others may read', async () => {
    await start();
    const path = keyFilePath(directory);
    await expect(start({ passphrase: 'another passphrase, as long' })).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
    chmodSync(path, 0o640);
    await expect(start()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', message: expect.stringContaining('600') });
    const content = readFileSync(path);
    content[content.length - 1] = (content.at(-1) ?? 0) ^ 1;
    chmodSync(path, 0o600);
    writeFileSync(path, content);
    await expect(start()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('refuses a link in place of the key file', async () => {
    await start();
    const path = keyFilePath(directory);
    writeFileSync(join(directory, 'elsewhere'), readFileSync(path), { mode: 0o600 });
    rmSync(path);
    symlinkSync(join(directory, 'elsewhere'), path);
    await expect(start()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
  });

  it('does not make new keys for a database that belongs to lost ones', async () => {
    await start();
    rmSync(keyFilePath(directory));
    await expect(start()).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', message: expect.stringContaining('backup') });
    expect(readdirSync(directory)).toEqual([]);
  });

  it("refuses another hospital's database and another domain", async () => {
    await start();
    await expect(start({ domain: 'b.hospital.example' })).rejects.toMatchObject({ code: 'DATABASE_MISMATCH' });
    directory = mkdtempSync(join(root, 'other-'));
    const own = settings;
    settings = new MemorySettingStore();
    await start();
    settings = own;
    await expect(start()).rejects.toMatchObject({ code: 'DATABASE_MISMATCH' });
  });

  it.each(['', 'no json', '{}', '{"did":1,"log":""}'])('starts with no new DID when the stored one is damaged: %j', async (damaged) => {
    await start();
    settings.values.set('identity.did', damaged);
    await expect(start()).rejects.toMatchObject({ code: 'DATABASE_MISMATCH', message: expect.stringContaining('backup') });
    expect(settings.values.get('identity.did')).toBe(damaged);
  });
});
