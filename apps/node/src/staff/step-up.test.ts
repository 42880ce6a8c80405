import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_FAILURES } from '../sessions/sign-in-lock.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { codeOf, ORIGIN, PASSWORD, signedIn, staffFixture } from './staff.fixture.ts';
import type { StaffFixture } from './staff.fixture.ts';
import { codeAt, enrolTotp } from './totp.fixture.ts';
import { RECOVERY_CODES } from './second-factors.ts';

let a: StaffFixture;
let carla: StaffPrincipal;
let token: string;
beforeEach(async () => {
  a = staffFixture();
  carla = await a.add('carla');
  ({ token } = await a.session('carla'));
});
const steppedUp = async (): Promise<boolean> => a.sessions.isSteppedUp(await a.sessions.authenticate(token));

describe('proving once more who one is', () => {
  it('works by the password where there is nothing else', async () => {
    expect(await a.stepUp.begin(carla)).toEqual({ methods: ['password'], passkeyOptions: undefined });
    expect(await codeOf(a.stepUp.prove(token, carla, { password: 'wrong' }))).toBe('PROOF_REFUSED');
    expect(await steppedUp()).toBe(false);
    expect(await a.stepUp.prove(token, carla, { password: PASSWORD })).toEqual(new Date(a.clock.now().getTime() + 5 * 60_000));
    expect(await steppedUp()).toBe(true);
    expect(a.entries.map(({ type }) => type).slice(-2)).toEqual(['step-up-refused', 'step-up']);
  });

  it('does not work by the password where there is a second factor, but by a code', async () => {
    const { secret, recoveryCodes } = await enrolTotp(a, carla);
    expect((await a.stepUp.begin(carla)).methods).toEqual(['totp', 'recovery-code']);
    expect(await codeOf(a.stepUp.prove(token, carla, { password: PASSWORD }))).toBe('PROOF_REFUSED');
    const used = codeAt(secret, a.clock.now());
    expect(await codeOf(a.stepUp.prove(token, carla, { code: used }))).toBe('PROOF_REFUSED');
    a.clock.advance(30_000);
    expect(await codeOf(a.stepUp.prove(token, carla, { code: codeAt(secret, a.clock.now()) }))).toBe('DONE');
    expect(await codeOf(a.stepUp.prove(token, carla, { code: recoveryCodes[0] ?? '' }))).toBe('DONE');
    expect(await steppedUp()).toBe(true);
  });

  it('works by an own passkey, for a challenge of its own that is answered once', async () => {
    const authenticator = await a.passkeyOf(carla);
    const { passkeyOptions } = await a.stepUp.begin(carla);
    const passkey = authenticator.get(passkeyOptions ?? { challenge: '' }, ORIGIN);
    expect(await codeOf(a.signIn.withPasskey(passkey))).toBe('SIGN_IN_EXPIRED');
    expect(await codeOf(a.stepUp.prove(token, carla, { passkey }))).toBe('DONE');
    expect(await codeOf(a.stepUp.prove(token, carla, { passkey }))).toBe('PROOF_REFUSED');
    const forSignIn = authenticator.get(await a.signIn.beginPasskey(), ORIGIN);
    expect(await codeOf(a.stepUp.prove(token, carla, { passkey: forSignIn }))).toBe('PROOF_REFUSED');
  });

  it("does not work by another person's passkey", async () => {
    await a.passkeyOf(carla);
    const dora = await a.add('dora');
    const doras = await a.passkeyOf(dora);
    const passkey = doras.get((await a.stepUp.begin(carla)).passkeyOptions ?? { challenge: '' }, ORIGIN);
    expect(await codeOf(a.stepUp.prove(token, carla, { passkey }))).toBe('PROOF_REFUSED');
    const { passkeyOptions } = await a.stepUp.begin(dora);
    expect(await codeOf(a.stepUp.prove(token, carla, { passkey: doras.get(passkeyOptions ?? { challenge: '' }, ORIGIN) }))).toBe('PROOF_REFUSED');
    expect(await steppedUp()).toBe(false);
  });

  it('locks after too many guesses, which a sign-in of the person elsewhere does not forgive', async () => {
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) expect(await codeOf(a.stepUp.prove(token, carla, { password: 'wrong' }))).toBe('PROOF_REFUSED');
    expect((await a.session('carla')).staff).toEqual(carla);
    expect(await codeOf(a.stepUp.prove(token, carla, { password: PASSWORD }))).toBe('SIGN_IN_LIMITED');
    expect(await codeOf(a.stepUp.changePassword(token, carla, { present: PASSWORD, next: 'another long one' }))).toBe('SIGN_IN_LIMITED');
    expect(a.entries.filter(({ reasonCode }) => reasonCode === 'SIGN_IN_LIMITED')).toMatchObject([{ type: 'step-up-refused', actor: { id: carla.staffId } }]);
  });

  it('is not kept from a signed-in person by strangers who guess at the sign-in', async () => {
    for (let attempt = 0; attempt <= MAX_FAILURES; attempt++) await codeOf(a.signIn.withPassword('carla', 'wrong'));
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_LIMITED');
    expect(await codeOf(a.stepUp.prove(token, carla, { password: PASSWORD }))).toBe('DONE');
    const authenticator = await a.passkeyOf(carla);
    const alone = signedIn(await a.signIn.withPasskey(authenticator.get(await a.signIn.beginPasskey(), ORIGIN)));
    const passkey = authenticator.get((await a.stepUp.begin(carla)).passkeyOptions ?? { challenge: '' }, ORIGIN);
    expect(await codeOf(a.stepUp.prove(alone.token, carla, { passkey }))).toBe('DONE');
  });

  it('is worth nothing for a session that has ended', async () => {
    await a.sessions.signOut(token, carla);
    expect(await codeOf(a.stepUp.prove(token, carla, { password: PASSWORD }))).toBe('UNAUTHENTICATED');
  });
});

describe('changing the own password', () => {
  it('ends the other sessions and keeps this one', async () => {
    const other = await a.session('carla');
    await a.stepUp.changePassword(token, carla, { present: PASSWORD, next: 'another long one' });
    expect(await codeOf(a.sessions.authenticate(token))).toBe('DONE');
    expect(await codeOf(a.sessions.authenticate(other.token))).toBe('UNAUTHENTICATED');
    expect(await codeOf(a.signIn.withPassword('carla', PASSWORD))).toBe('SIGN_IN_REFUSED');
    expect((await a.session('carla', 'another long one')).staff).toEqual(carla);
    expect(a.entries.map(({ type }) => type)).toContain('password-changed');
  });

  it('needs the present one, and a good one', async () => {
    expect(await codeOf(a.stepUp.changePassword(token, carla, { present: 'wrong', next: 'another long one' }))).toBe('PROOF_REFUSED');
    expect(await codeOf(a.stepUp.changePassword(token, carla, { present: PASSWORD, next: 'carla' }))).toBe('PASSWORD_UNACCEPTABLE');
    expect(await codeOf(a.stepUp.changePassword(token, carla, { present: PASSWORD, next: PASSWORD }))).toBe('PASSWORD_UNACCEPTABLE');
    expect((await a.session('carla')).staff).toEqual(carla);
  });
});

describe('setting one-time codes up', () => {
  it('asks for nothing until a code has confirmed them', async () => {
    const { secret } = await a.factors.beginTotp(carla);
    expect((await a.session('carla')).staff).toEqual(carla);
    expect(await codeOf(a.factors.confirmTotp(carla, '000000'))).toBe('PROOF_REFUSED');
    const codes = await a.factors.confirmTotp(carla, codeAt(secret, a.clock.now()));
    expect(new Set(codes).size).toBe(RECOVERY_CODES);
    expect(await a.factors.ofOwner(carla)).toEqual({ totpSince: a.clock.now(), passkeys: [], recoveryCodesLeft: RECOVERY_CODES });
    expect(a.entries.at(-1)).toMatchObject({ type: 'second-factor-added', detail: { factor: 'totp' } });
  });

  it('is done once, and begins anew with another secret', async () => {
    expect(await codeOf(a.factors.confirmTotp(carla, '000000'))).toBe('SECOND_FACTOR_STATE');
    const first = await a.factors.beginTotp(carla);
    const second = await a.factors.beginTotp(carla);
    expect(await codeOf(a.factors.confirmTotp(carla, codeAt(first.secret, a.clock.now())))).toBe('PROOF_REFUSED');
    await a.factors.confirmTotp(carla, codeAt(second.secret, a.clock.now()));
    expect(await codeOf(a.factors.beginTotp(carla))).toBe('SECOND_FACTOR_STATE');
    expect(await codeOf(a.factors.confirmTotp(carla, codeAt(second.secret, a.clock.now())))).toBe('SECOND_FACTOR_STATE');
  });

  it('keeps the secret and the recovery codes sealed or hashed', async () => {
    const { secret, recoveryCodes } = await enrolTotp(a, carla);
    const kept = JSON.stringify([await a.account(carla), a.entries]);
    for (const shown of [secret, ...recoveryCodes]) expect(kept).not.toContain(shown);
  });

  it('gives fresh recovery codes in the place of the old ones, to who has a second factor', async () => {
    expect(await codeOf(a.factors.newRecoveryCodes(carla))).toBe('SECOND_FACTOR_STATE');
    const { recoveryCodes } = await enrolTotp(a, carla);
    const fresh = await a.factors.newRecoveryCodes(carla);
    expect(await codeOf(a.stepUp.prove(token, carla, { code: recoveryCodes[0] ?? '' }))).toBe('PROOF_REFUSED');
    expect(await codeOf(a.stepUp.prove(token, carla, { code: fresh[0] ?? '' }))).toBe('DONE');
  });
});
