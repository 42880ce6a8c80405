import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { addStaff, usernameSchema } from './add-staff.ts';
import { codeOf, ORIGIN, ownPassword, PASSWORD, secondFactor, signedIn, staffFixture } from './staff.fixture.ts';
import type { StaffFixture } from './staff.fixture.ts';
import { codeAt, enrolTotp } from './totp.fixture.ts';

let a: StaffFixture;
let admin: StaffPrincipal;
let carla: StaffPrincipal;
beforeEach(async () => {
  a = staffFixture();
  admin = await a.add('admin', 'administrator');
  carla = await a.add('carla');
});

describe('administering staff', () => {
  it('adds a person with a password that serves once', async () => {
    const { account, initialPassword } = await a.administration.create(admin, { username: 'dora', role: 'front-desk' });
    expect(account).toMatchObject({ username: 'dora', role: 'front-desk', passwordExpired: true });
    expect(account.passwordHash).not.toContain(initialPassword);
    const { challenge } = ownPassword(await a.signIn.withPassword('dora', initialPassword));
    expect(signedIn(await a.signIn.withOwnPassword(challenge, 'a long one of dora')).staff).toMatchObject({ username: 'dora', role: 'front-desk' });
    expect(await codeOf(a.signIn.withPassword('dora', initialPassword))).toBe('SIGN_IN_REFUSED');
    expect(a.entries[0]).toEqual({
      type: 'staff-created',
      outcome: 'success',
      actor: { kind: 'staff', id: admin.staffId, role: 'administrator' },
      detail: { staff: account.id, role: 'front-desk' },
    });
    expect(JSON.stringify(a.entries)).not.toContain('dora');
  });

  it('adds nobody twice, and nobody with a role that is not for people or not of this node', async () => {
    expect(await codeOf(a.administration.create(admin, { username: 'carla', role: 'clinician' }))).toBe('USERNAME_TAKEN');
    expect(await codeOf(a.administration.create(admin, { username: 'robot', role: 'integration-client' }))).toBe('ROLE_UNAVAILABLE');
    expect(await codeOf(a.administration.create(admin, { username: 'reg', role: 'registrar' }))).toBe('ROLE_UNAVAILABLE');
    expect(await codeOf(a.administration.setRole(admin, carla.staffId, 'registrar'))).toBe('ROLE_UNAVAILABLE');
    expect(await codeOf(a.administration.setRole(admin, 'nobody', 'clinician'))).toBe('NOT_FOUND');
  });

  it.each<[string, (staffId: string) => Promise<unknown>]>([
    ['another role', (staffId) => a.administration.setRole(admin, staffId, 'privacy-officer')],
    ['disabling', (staffId) => a.administration.setDisabled(admin, staffId, true)],
    ['a new initial password', (staffId) => a.administration.resetPassword(admin, staffId)],
    ['taking the second factor away', (staffId) => a.administration.resetSecondFactor(admin, staffId)],
    ['ending the sessions', (staffId) => a.administration.endSessions(admin, staffId)],
  ])("%s ends the person's sessions, and nobody else's", async (_case, change) => {
    const [carlas, admins] = [await a.session('carla'), await a.session('admin')];
    await change(carla.staffId);
    expect(await codeOf(a.sessions.authenticate(carlas.token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(a.sessions.authenticate(admins.token))).toBe('DONE');
    expect(a.entries.at(-1)).toMatchObject({ actor: { id: admin.staffId }, detail: { staff: carla.staffId } });
    expect(await codeOf(change('nobody'))).toBe('NOT_FOUND');
  });

  it.each<[string, (staffId: string) => Promise<unknown>]>([
    ['another role', (staffId) => a.administration.setRole(admin, staffId, 'front-desk')],
    ['ending the sessions', (staffId) => a.administration.endSessions(admin, staffId)],
  ])('%s ends a sign-in that is under way', async (_case, change) => {
    const { secret } = await enrolTotp(a, carla);
    a.clock.advance(30_000);
    const { challenge } = secondFactor(await a.signIn.withPassword('carla', PASSWORD));
    await change(carla.staffId);
    expect(await codeOf(a.signIn.withCode(challenge, codeAt(secret, a.clock.now())))).toBe('SIGN_IN_EXPIRED');
  });

  it('disables and enables', async () => {
    await a.administration.setDisabled(admin, carla.staffId, true);
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_REFUSED');
    await a.administration.setDisabled(admin, carla.staffId, false);
    expect((await a.session('carla')).staff).toEqual(carla);
  });

  it('gives who forgot the password a new one that serves once', async () => {
    const { initialPassword } = await a.administration.resetPassword(admin, carla.staffId);
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_REFUSED');
    ownPassword(await a.signIn.withPassword('carla', initialPassword));
  });

  it('takes codes, passkeys and recovery codes away from who has lost them', async () => {
    const authenticator = await a.passkeyOf(carla);
    await enrolTotp(a, carla);
    await a.administration.resetSecondFactor(admin, carla.staffId);
    expect(await a.factors.ofOwner(carla)).toEqual({ totpSince: undefined, passkeys: [], recoveryCodesLeft: 0 });
    expect((await a.session('carla')).staff).toEqual(carla);
    expect(await codeOf(a.signIn.withPasskey(authenticator.get(await a.signIn.beginPasskey(), ORIGIN)))).toBe('SIGN_IN_REFUSED');
  });

  it('lets no last administrator go, also when two take the office from each other', async () => {
    expect(await codeOf(a.administration.setRole(admin, admin.staffId, 'clinician'))).toBe('LAST_ADMINISTRATOR');
    expect(await codeOf(a.administration.setDisabled(admin, admin.staffId, true))).toBe('LAST_ADMINISTRATOR');
    const second = await a.add('second', 'administrator');
    await a.add('away', 'administrator', { disabled: true });
    const both = await Promise.all([
      codeOf(a.administration.setDisabled(admin, second.staffId, true)),
      codeOf(a.administration.setDisabled(second, admin.staffId, true)),
    ]);
    expect(both.sort()).toEqual(['DONE', 'LAST_ADMINISTRATOR']);
    expect(await codeOf(a.administration.setRole(admin, carla.staffId, 'administrator'))).toBe('DONE');
    expect(await codeOf(a.administration.setRole(carla, admin.staffId, 'clinician'))).toBe('DONE');
  });

  it('leaves a program what it is', async () => {
    const robot = await a.add('robot', 'integration-client', { passwordHash: undefined });
    expect(await codeOf(a.administration.setRole(admin, robot.staffId, 'clinician'))).toBe('ROLE_UNAVAILABLE');
    expect(await codeOf(a.administration.resetPassword(admin, robot.staffId))).toBe('ROLE_UNAVAILABLE');
    expect(await codeOf(a.administration.setDisabled(admin, robot.staffId, true))).toBe('DONE');
  });

  it('lists people by user name with what they sign in by', async () => {
    await enrolTotp(a, carla);
    await a.passkeyOf(carla);
    const list = await a.administration.list({ limit: 10 });
    expect(list.map(({ account, hasTotp, passkeys }) => [account.username, hasTotp, passkeys])).toEqual([['admin', false, 0], ['carla', true, 1]]);
    expect(await a.administration.list({ after: 'admin', limit: 1 })).toHaveLength(1);
  });
});

describe('adding the first administrator from the command line', () => {
  it('makes an account as an administrator would', async () => {
    const actor = { kind: 'system', id: 'command-line' } as const;
    const audit = { append: () => Promise.resolve() };
    const { initialPassword } = await addStaff({ staff: a.stores.staff, transactions: a.stores.transactions, audit }, { username: 'first', role: 'administrator', roles: ['administrator'], actor });
    ownPassword(await a.signIn.withPassword('first', initialPassword));
  });

  it.each([['carla', true], ['c.m-2@ward', true], ['c', false], ['Carla', false], ['car la', false], ['-carla', false], ['çarla', false], ['c'.repeat(65), false]])(
    'takes "%s" as a user name: %s',
    (username, allowed) => {
      expect(usernameSchema.safeParse(username).success).toBe(allowed);
    },
  );
});
