import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger, systemClock } from '@carecord/core';
import { verifyPassword } from '@carecord/crypto';
import { openStorage } from '@carecord/storage';
import { createTestDatabase } from '../../../../libs/testkit/src/database.ts';
import type { TestDatabase } from '../../../../libs/testkit/src/database.ts';
import { addStaffAccount } from './add-staff-account.ts';

const directory = mkdtempSync(join(tmpdir(), 'carecord-add-staff-'));
let database: TestDatabase;
let environment: Record<string, string>;
beforeAll(async () => {
  database = await createTestDatabase();
  const passphrase = join(directory, 'passphrase');
  writeFileSync(passphrase, 'correct horse battery staple\n');
  environment = {
    CARECORD_ROLE: 'authority',
    CARECORD_NAME: 'Authority',
    CARECORD_DOMAIN: 'authority.example',
    DATABASE_URL: database.url,
    CARECORD_DATA_DIRECTORY: directory,
    CARECORD_KEY_PASSPHRASE_FILE: passphrase,
    CARECORD_HTTP_PORT: '0',
    CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0',
    CARECORD_NETWORK_ID: 'carecord-demo',
    CARECORD_DEMO: '1',
    CARECORD_LOG_LEVEL: 'silent',
  };
});
afterAll(async () => {
  await database.drop();
  rmSync(directory, { recursive: true, force: true });
});

describe('adding an account from the command line', () => {
  it("writes it to the node's database, with a password that serves once, and an event without the user name", async () => {
    const { staffId, initialPassword } = await addStaffAccount(environment, { username: 'maria', role: 'administrator' });
    const storage = await openStorage({ databaseUrl: database.url, clock: systemClock, logger: silentLogger });
    try {
      const account = await storage.staff.findByUsername('maria');
      expect(account).toMatchObject({ id: staffId, role: 'administrator', passwordExpired: true, disabled: false });
      expect(await verifyPassword(initialPassword, account?.passwordHash ?? '')).toBe(true);
      const events = await storage.audit.list({ limit: 10 });
      expect(events).toMatchObject([{ type: 'staff-created', actor: { kind: 'system', id: 'command-line' }, detail: { staff: staffId, role: 'administrator' } }]);
    } finally {
      await storage.close();
    }
    await expect(addStaffAccount(environment, { username: 'maria', role: 'registrar' })).rejects.toMatchObject({ code: 'USERNAME_TAKEN' });
  });

  it.each([
    ['Maria', 'administrator', 'USERNAME_INVALID'],
    ['nora', 'king', 'ROLE_UNAVAILABLE'],
    ['nora', 'integration-client', 'ROLE_UNAVAILABLE'],
    ['nora', 'clinician', 'ROLE_UNAVAILABLE'],
  ])('refuses %s as %s at an authority: %s', async (username, role, code) => {
    await expect(addStaffAccount(environment, { username, role })).rejects.toMatchObject({ code });
  });
});
