import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { openStorage } from '@carecord/storage';
import type { Storage } from '@carecord/storage';
import { ManualClock } from '@carecord/testkit';
import { createTestDatabase } from '../../../../libs/testkit/src/database.ts';
import type { TestDatabase } from '../../../../libs/testkit/src/database.ts';
import { ROLES_OF_PEOPLE } from '../authorisation/roles.ts';
import { MAX_FAILURES } from '../sessions/sign-in-lock.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { addStaff } from './add-staff.ts';
import { SoftwareAuthenticator } from './software-authenticator.fixture.ts';
import { codeOf, ORIGIN, ownPassword, RELYING_PARTY_ID, secondFactor, signedIn } from './staff.fixture.ts';
import { staffServices } from './staff-services.ts';
import type { StaffServices } from './staff-services.ts';
import { codeAt } from './totp.fixture.ts';

const OWN_PASSWORD = 'a long one of their own';
const clock = new ManualClock();
let database: TestDatabase;
let storage: Storage;
let audit: AuditLog;
/** Two replicas of one node. */
let first: StaffServices;
let second: StaffServices;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = await openStorage({ databaseUrl: database.url, clock, logger: silentLogger });
  audit = new AuditLog(storage.audit, clock);
  const replica = (): StaffServices =>
    staffServices({
      storage,
      audit,
      clock,
      sealingKey: new Uint8Array(32).fill(7),
      webAuthn: { relyingPartyId: RELYING_PARTY_ID, origins: [ORIGIN] },
      name: 'Hospital A',
      roles: ROLES_OF_PEOPLE.hospital,
    });
  [first, second] = [replica(), replica()];
});
afterAll(async () => {
  await storage.close();
  await database.drop();
});

/** Adds a person as the command line does, who sets an own password at once. */
async function person(username: string, role: 'administrator' | 'clinician'): Promise<{ readonly staff: StaffPrincipal; readonly token: string }> {
  const stores = { staff: storage.staff, transactions: storage.transactions, audit };
  const { initialPassword } = await addStaff(stores, { username, role, roles: ROLES_OF_PEOPLE.hospital, actor: { kind: 'system', id: 'command-line' } });
  const { challenge } = ownPassword(await first.signIn.withPassword(username, initialPassword));
  return signedIn(await second.signIn.withOwnPassword(challenge, OWN_PASSWORD));
}

describe('staff in PostgreSQL, at two replicas', () => {
  it('begin a sign-in at one and go on at the other', async () => {
    const { staff, token } = await person('carla', 'clinician');
    expect(await first.sessions.authenticate(token)).toEqual(staff);
    await first.stepUp.prove(token, staff, { password: OWN_PASSWORD });
    expect(second.sessions.isSteppedUp(await second.sessions.authenticate(token))).toBe(true);

    const { secret } = await first.factors.beginTotp(staff);
    await second.factors.confirmTotp(staff, codeAt(secret, clock.now()));
    clock.advance(30_000);
    const code = codeAt(secret, clock.now());
    const [one, two] = [secondFactor(await first.signIn.withPassword('carla', OWN_PASSWORD)), secondFactor(await second.signIn.withPassword('carla', OWN_PASSWORD))];
    expect((await Promise.all([codeOf(first.signIn.withCode(one.challenge, code)), codeOf(second.signIn.withCode(two.challenge, code))])).sort()).toEqual(['DONE', 'SIGN_IN_REFUSED']);

    const authenticator = new SoftwareAuthenticator();
    await second.passkeys.finishRegistration(staff, authenticator.create(await first.passkeys.beginRegistration(staff), ORIGIN), 'Key');
    const response = authenticator.get(await first.signIn.beginPasskey(), ORIGIN);
    const answers = await Promise.all([codeOf(first.signIn.withPasskey(response)), codeOf(second.signIn.withPasskey(response))]);
    expect(answers.sort()).toEqual(['DONE', 'SIGN_IN_EXPIRED']);
  });

  it('count failures together, and lock also a user name that nobody has', async () => {
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, index) => codeOf((index % 2 === 0 ? first : second).signIn.withPassword('nobody', 'wrong'))));
    expect(guesses.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(MAX_FAILURES);
    const locks = (await audit.list({ types: ['sign-in-refused'], limit: 100 })).filter(({ reasonCode }) => reasonCode === 'SIGN_IN_LIMITED');
    expect(locks).toHaveLength(1);
  });

  it('keep one of two administrators who take the office from each other', async () => {
    const [maria, nora] = [await person('maria', 'administrator'), await person('nora', 'administrator')];
    const both = await Promise.all([
      codeOf(first.administration.setDisabled(maria.staff, nora.staff.staffId, true)),
      codeOf(second.administration.setDisabled(nora.staff, maria.staff.staffId, true)),
    ]);
    expect(both.sort()).toEqual(['DONE', 'LAST_ADMINISTRATOR']);
    const sessions = await Promise.all([codeOf(first.sessions.authenticate(maria.token)), codeOf(first.sessions.authenticate(nora.token))]);
    expect(sessions.sort()).toEqual(['DONE', 'UNAUTHENTICATED']);
  });

  it('leave a log that holds together and names nobody', async () => {
    await first.removeExpired();
    await expect(audit.verify()).resolves.toBeDefined();
    const text = JSON.stringify((await audit.list({ limit: 1_000 })).map(({ detail, actor, reasonCode }) => ({ detail, actor, reasonCode })));
    for (const name of ['carla', 'maria', 'nora', 'nobody']) expect(text).not.toContain(name);
  });
});
