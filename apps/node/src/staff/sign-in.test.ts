import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hashPassword } from '@carecord/crypto';
import { LOCK_MILLISECONDS, MAX_FAILURES } from '../sessions/sign-in-lock.ts';
import { CHALLENGE_MILLISECONDS } from '../sessions/sign-in-challenges.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { codeOf, ownPassword, PASSWORD, secondFactor, signedIn, staffFixture } from './staff.fixture.ts';
import type { StaffFixture } from './staff.fixture.ts';
import { codeAt, enrolTotp } from './totp.fixture.ts';
import { TOTP_PERIOD_SECONDS } from './totp.ts';

const PERIOD = TOTP_PERIOD_SECONDS * 1000;

describe('signing in with a password', () => {
  let a: StaffFixture;
  let carla: StaffPrincipal;
  beforeEach(async () => {
    a = staffFixture();
    carla = await a.add('carla');
  });

  it('opens a session for the right one', async () => {
    const { staff, token } = signedIn(await a.signIn.withPassword('carla', PASSWORD));
    expect(staff).toEqual(carla);
    expect(await a.sessions.authenticate(token)).toEqual(carla);
    expect(a.entries).toEqual([{ type: 'sign-in', outcome: 'success', actor: { kind: 'staff', id: carla.staffId, role: 'clinician' }, detail: { method: 'password' } }]);
  });

  it('answers an unknown user, a disabled account, one without password, one of an unknown role and a wrong password alike', async () => {
    await a.add('dora', 'clinician', { disabled: true });
    await a.add('olga', 'clinician', { passwordHash: undefined });
    await a.add('king', 'clinician', { role: 'king' });
    const attempts = [['nobody', PASSWORD], ['dora', PASSWORD], ['olga', PASSWORD], ['olga', ''], ['king', PASSWORD], ['carla', 'wrong']] as const;
    const failures: unknown[] = [];
    for (const [username, password] of attempts) failures.push(await a.signIn.withPassword(username, password).catch((error: unknown) => error));
    for (const failure of failures) expect(failure).toMatchObject({ code: 'SIGN_IN_REFUSED', message: (failures[0] as Error).message });
    expect(a.stores.sessions.rows()).toEqual([]);
    expect(a.entries.map(({ type }) => type)).toEqual(attempts.map(() => 'sign-in-refused'));
    for (const name of ['nobody', 'dora', 'olga', 'carla']) expect(JSON.stringify(a.entries)).not.toContain(name);
  });

  it.each(['carla', 'nobody'])('locks %s after too many failures, and no longer', async (username) => {
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) expect(await codeOf(a.signIn.withPassword(username, 'wrong'))).toBe('SIGN_IN_REFUSED');
    expect(await codeOf(a.signIn.withPassword(username, PASSWORD))).toBe('SIGN_IN_LIMITED');
    a.clock.advance(LOCK_MILLISECONDS - 1);
    expect(await codeOf(a.signIn.withPassword(username, PASSWORD))).toBe('SIGN_IN_LIMITED');
    a.clock.advance(1);
    expect(await codeOf(a.signIn.withPassword(username, PASSWORD))).toBe(username === 'carla' ? 'DONE' : 'SIGN_IN_REFUSED');
  });

  it('writes a lock into the audit log once, and keeps no user name', async () => {
    for (let attempt = 0; attempt < MAX_FAILURES + 20; attempt++) await codeOf(a.signIn.withPassword('carla', 'wrong'));
    const reasons = a.entries.map(({ reasonCode }) => reasonCode);
    expect(reasons.filter((code) => code === 'SIGN_IN_LIMITED')).toHaveLength(1);
    expect(reasons).toHaveLength(MAX_FAILURES + 1);
    for (const subject of a.stores.signInFailures.subjects()) expect(Buffer.from(subject, 'hex').includes('carla')).toBe(false);
  });

  it.each(['car\0la', 'car\ud800la', 'c'.repeat(101)])('refuses a username that cannot be one, like any other', async (username) => {
    expect(await codeOf(a.signIn.withPassword(username, PASSWORD))).toBe('SIGN_IN_REFUSED');
  });

  it('forgets failures after a success, and does not lock another user', async () => {
    for (let attempt = 0; attempt < MAX_FAILURES - 1; attempt++) await codeOf(a.signIn.withPassword('carla', 'wrong'));
    await a.signIn.withPassword('carla', PASSWORD);
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) await codeOf(a.signIn.withPassword('nobody', 'wrong'));
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('DONE');
  });

  it('lets no more guesses through when they come at the same time', async () => {
    const guesses = await Promise.all(Array.from({ length: 12 }, () => codeOf(a.signIn.withPassword('carla', 'wrong'))));
    expect(guesses.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(MAX_FAILURES);
  });

  it('still lets a person in by a passkey whose password somebody else has locked', async () => {
    const authenticator = await a.passkeyOf(carla);
    for (let attempt = 0; attempt <= MAX_FAILURES; attempt++) await codeOf(a.signIn.withPassword('carla', 'wrong'));
    const response = authenticator.get(await a.signIn.beginPasskey(), 'https://records.a.hospital.example');
    expect(await codeOf(a.signIn.withPasskey(response))).toBe('DONE');
  });

  it('opens no session when the password was changed while it was checked', async () => {
    // Between the check of the password and the account's lock.
    a.stores.staff.lock = async (transaction, staffId) => await a.stores.staff.change(transaction, staffId, { passwordHash: 'another' });
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_REFUSED');
    expect(a.stores.sessions.rows()).toEqual([]);
  });

  describe('and a second factor', () => {
    let secret: string;
    let recoveryCodes: readonly string[];
    beforeEach(async () => {
      ({ secret, recoveryCodes } = await enrolTotp(a, carla));
      // The code that confirmed is used up.
      a.clock.advance(PERIOD);
    });
    const begin = async (): Promise<string> => secondFactor(await a.signIn.withPassword('carla', PASSWORD)).challenge;
    const present = (): string => codeAt(secret, a.clock.now());
    const wrong = (): string => String((Number(present()) + 1) % 1_000_000).padStart(6, '0');

    it('asks for a code, and opens the session with it', async () => {
      const step = secondFactor(await a.signIn.withPassword('carla', PASSWORD));
      expect(step).toMatchObject({ methods: ['totp', 'recovery-code'], passkeyOptions: undefined });
      expect(a.stores.sessions.rows()).toEqual([]);
      expect(signedIn(await a.signIn.withCode(step.challenge, present())).staff).toEqual(carla);
      expect(a.stores.sessions.rows()[0]?.method).toBe('password+totp');
    });

    it('gives no session for the challenge itself', async () => {
      const challenge = await begin();
      expect(await codeOf(a.sessions.authenticate(challenge))).toBe('UNAUTHENTICATED');
    });

    it('takes no code twice, and none that is older than one that was taken', async () => {
      const older = present();
      a.clock.advance(PERIOD);
      const code = present();
      signedIn(await a.signIn.withCode(await begin(), code));
      expect(await codeOf(a.signIn.withCode(await begin(), code))).toBe('SIGN_IN_REFUSED');
      expect(await codeOf(a.signIn.withCode(await begin(), older))).toBe('SIGN_IN_REFUSED');
      a.clock.advance(LOCK_MILLISECONDS);
      expect(await codeOf(a.signIn.withCode(await begin(), present()))).toBe('DONE');
    });

    it('takes one code for one session when it is shown at the same time', async () => {
      const [one, two] = [await begin(), await begin()];
      const code = present();
      expect((await Promise.all([codeOf(a.signIn.withCode(one, code)), codeOf(a.signIn.withCode(two, code))])).sort()).toEqual(['DONE', 'SIGN_IN_REFUSED']);
    });

    it('lets a mistyped code be typed again, in time', async () => {
      const challenge = await begin();
      expect(await codeOf(a.signIn.withCode(challenge, wrong()))).toBe('SIGN_IN_REFUSED');
      expect(await codeOf(a.signIn.withCode(challenge, present()))).toBe('DONE');
      expect(await codeOf(a.signIn.withCode(challenge, present()))).toBe('SIGN_IN_EXPIRED');
      const late = await begin();
      a.clock.advance(CHALLENGE_MILLISECONDS);
      expect(await codeOf(a.signIn.withCode(late, present()))).toBe('SIGN_IN_EXPIRED');
    });

    it('locks the account of who guesses codes, with all challenges there are', async () => {
      const challenges = [await begin(), await begin(), await begin()];
      const guesses: string[] = [];
      for (const challenge of [...challenges, ...challenges]) guesses.push(await codeOf(a.signIn.withCode(challenge, wrong())));
      expect(guesses.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(MAX_FAILURES - challenges.length);
      expect(guesses).toEqual(expect.arrayContaining(['SIGN_IN_LIMITED']));
      for (const challenge of challenges) expect(await codeOf(a.signIn.withCode(challenge, present()))).toMatch(/^SIGN_IN_(LIMITED|EXPIRED)$/);
      expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_LIMITED');
      a.clock.advance(LOCK_MILLISECONDS);
      expect(await codeOf(a.signIn.withCode(await begin(), present()))).toBe('DONE');
    });

    it('takes each recovery code once, of this person alone', async () => {
      const [code = ''] = recoveryCodes;
      const dora = await a.add('dora');
      await enrolTotp(a, dora);
      const doras = secondFactor(await a.signIn.withPassword('dora', PASSWORD)).challenge;
      expect(await codeOf(a.signIn.withCode(doras, code))).toBe('SIGN_IN_REFUSED');
      signedIn(await a.signIn.withCode(await begin(), code.toLowerCase()));
      expect(a.stores.sessions.rows()[0]?.method).toBe('password+recovery-code');
      expect(await codeOf(a.signIn.withCode(await begin(), code))).toBe('SIGN_IN_REFUSED');
      expect((await a.factors.ofOwner(carla)).recoveryCodesLeft).toBe(9);
    });

    it('goes no further when the account was changed in between', async () => {
      const challenge = await begin();
      await a.stores.transactions.run(async (transaction) => a.stores.staff.change(transaction, carla.staffId, { passwordHash: await hashPassword('another long one') }));
      expect(await codeOf(a.signIn.withCode(challenge, present()))).toBe('SIGN_IN_EXPIRED');
    });

    it('is not asked for once it was taken away, and recovery codes go with the last factor', async () => {
      await a.factors.removeTotp(carla);
      expect(signedIn(await a.signIn.withPassword('carla', PASSWORD)).staff).toEqual(carla);
      expect((await a.factors.ofOwner(carla)).recoveryCodesLeft).toBe(0);
      expect(await codeOf(a.factors.removeTotp(carla))).toBe('SECOND_FACTOR_STATE');
    });
  });

  describe('that somebody else has set', () => {
    let challenge: string;
    beforeEach(async () => {
      await a.stores.transactions.run((transaction) => a.stores.staff.change(transaction, carla.staffId, { passwordExpired: true }));
      challenge = ownPassword(await a.signIn.withPassword('carla', PASSWORD)).challenge;
    });

    it('serves to set an own one alone', async () => {
      expect(a.stores.sessions.rows()).toEqual([]);
      expect(await codeOf(a.sessions.authenticate(challenge))).toBe('UNAUTHENTICATED');
      expect(signedIn(await a.signIn.withOwnPassword(challenge, 'an own long one')).staff).toEqual(carla);
      expect(await codeOf(a.signIn.withOwnPassword(challenge, 'yet another one'))).toBe('SIGN_IN_EXPIRED');
      expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_REFUSED');
      expect((await a.session('carla', 'an own long one')).staff).toEqual(carla);
    });

    it('lets another one follow one that is not acceptable', async () => {
      expect(await codeOf(a.signIn.withOwnPassword(challenge, 'short'))).toBe('PASSWORD_UNACCEPTABLE');
      expect(await codeOf(a.signIn.withOwnPassword(challenge, PASSWORD))).toBe('PASSWORD_UNACCEPTABLE');
      expect(await codeOf(a.signIn.withOwnPassword(challenge, 'an own long one'))).toBe('DONE');
    });

    it('serves no more once it was set anew, nor after its time', async () => {
      await a.stores.transactions.run((transaction) => a.stores.staff.change(transaction, carla.staffId, { passwordHash: 'another' }));
      expect(await codeOf(a.signIn.withOwnPassword(challenge, 'an own long one'))).toBe('SIGN_IN_EXPIRED');
    });

    it('opens nothing for who had the old one when an administrator sets it anew in the same moment', async () => {
      const admin = await a.add('admin', 'administrator');
      const run = a.stores.transactions.run.bind(a.stores.transactions);
      const during = jest.spyOn(a.stores.transactions, 'run').mockImplementation(async (work) => {
        const result = await run(work);
        if ((await a.account(carla)).passwordExpired) return result;
        during.mockRestore();
        await a.administration.resetPassword(admin, carla.staffId);
        return result;
      });
      expect(await codeOf(a.signIn.withOwnPassword(challenge, 'an own long one'))).toBe('SIGN_IN_REFUSED');
      expect(a.stores.sessions.rows()).toEqual([]);
      expect(await codeOf(a.signIn.withPassword('carla', 'an own long one'))).toBe('SIGN_IN_REFUSED');
    });

    it('comes after the second factor', async () => {
      const { secret } = await enrolTotp(a, carla);
      a.clock.advance(PERIOD);
      const step = secondFactor(await a.signIn.withPassword('carla', PASSWORD));
      const next = ownPassword(await a.signIn.withCode(step.challenge, codeAt(secret, a.clock.now())));
      signedIn(await a.signIn.withOwnPassword(next.challenge, 'an own long one'));
      expect(a.stores.sessions.rows()[0]?.method).toBe('password+totp');
    });
  });
});
