import { beforeEach, describe, expect, it } from '@jest/globals';
import { toBase64Url } from '@carecord/core';
import { staffFixture } from '../staff/staff.fixture.ts';
import type { StaffFixture } from '../staff/staff.fixture.ts';
import { ABSOLUTE_MILLISECONDS, ADDRESS_RATE, IDLE_MILLISECONDS } from './sessions.ts';
import type { StaffPrincipal } from './staff-principal.ts';

describe('Sessions', () => {
  let a: StaffFixture;
  let carla: StaffPrincipal;
  beforeEach(async () => {
    a = staffFixture();
    carla = await a.add('carla');
  });

  it('keeps only a hash of the token, which is no token', async () => {
    const signedIn = await a.sessions.open(carla, { method: 'passkey' });
    expect(Buffer.from(signedIn.token, 'base64url')).toHaveLength(32);
    expect(await a.sessions.authenticate(signedIn.token)).toEqual(carla);
    const stored = a.stores.sessions.rows()[0]?.tokenHash ?? new Uint8Array();
    expect(toBase64Url(stored)).not.toBe(signedIn.token);
    await expect(a.sessions.authenticate(toBase64Url(stored))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(a.entries).toEqual([{ type: 'sign-in', outcome: 'success', actor: { kind: 'staff', id: carla.staffId, role: 'clinician' }, detail: { method: 'passkey' } }]);
  });

  it('bounds the sign-ins from one address, and from no other', () => {
    for (let attempt = 0; attempt < ADDRESS_RATE.burst; attempt++) a.sessions.countFrom('192.0.2.1');
    expect(() => a.sessions.countFrom('192.0.2.1')).toThrow(expect.objectContaining({ code: 'SIGN_IN_LIMITED' }));
    expect(() => a.sessions.countFrom('192.0.2.2')).not.toThrow();
    a.clock.advance(1_000);
    expect(() => a.sessions.countFrom('192.0.2.1')).not.toThrow();
  });

  it('ends a session that nobody uses, and keeps one that is used', async () => {
    const { token } = await a.session('carla');
    a.clock.advance(IDLE_MILLISECONDS - 1);
    await expect(a.sessions.authenticate(token)).resolves.toBeDefined();
    a.clock.advance(IDLE_MILLISECONDS - 1);
    await expect(a.sessions.authenticate(token)).resolves.toBeDefined();
    a.clock.advance(IDLE_MILLISECONDS);
    await expect(a.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(a.stores.sessions.rows()).toEqual([]);
  });

  it('ends a session after the absolute limit although it is used', async () => {
    const { token, expiresAt } = await a.session('carla');
    const end = a.clock.now().getTime() + ABSOLUTE_MILLISECONDS;
    expect(expiresAt.getTime()).toBe(end);
    while (a.clock.now().getTime() + IDLE_MILLISECONDS / 2 < end) {
      a.clock.advance(IDLE_MILLISECONDS / 2);
      await a.sessions.authenticate(token);
    }
    a.clock.advance(end - a.clock.now().getTime());
    await expect(a.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends a session at its own end, which is never later than the limit', async () => {
    const end = new Date(a.clock.now().getTime() + 60_000);
    const { token, expiresAt } = await a.sessions.open(carla, { method: 'private-key-jwt', expiresAt: end });
    expect(expiresAt).toEqual(end);
    a.clock.advance(59_999);
    await expect(a.sessions.authenticate(token)).resolves.toBeDefined();
    a.clock.advance(1);
    await expect(a.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const long = await a.sessions.open(carla, { method: 'openid', expiresAt: new Date(a.clock.now().getTime() + 2 * ABSOLUTE_MILLISECONDS) });
    expect(long.expiresAt.getTime()).toBe(a.clock.now().getTime() + ABSOLUTE_MILLISECONDS);
  });

  it('ends a session on sign-out, and when its account is disabled', async () => {
    const first = await a.session('carla');
    await a.sessions.signOut(first.token, first.staff);
    await expect(a.sessions.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(a.entries.at(-1)).toMatchObject({ type: 'sign-out' });
    const second = await a.session('carla');
    await a.stores.transactions.run((transaction) => a.stores.staff.change(transaction, carla.staffId, { disabled: true }));
    await expect(a.sessions.authenticate(second.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it("refuses another hospital's token and what is no token", async () => {
    const b = staffFixture();
    await b.add('carla');
    const { token } = await b.session('carla');
    await expect(b.sessions.authenticate(token)).resolves.toBeDefined();
    for (const foreign of [token, '', 'x', `${token}=`, `${token}A`]) {
      await expect(a.sessions.authenticate(foreign)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('opens none for an account that is disabled, of another role, gone, or no longer as it was', async () => {
    await expect(a.sessions.open({ ...carla, role: 'administrator' }, { method: 'openid' })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await expect(a.sessions.open({ ...carla, staffId: 'nobody' }, { method: 'openid' })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await expect(a.sessions.open(carla, { method: 'openid', unless: () => true })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await a.stores.transactions.run((transaction) => a.stores.staff.change(transaction, carla.staffId, { disabled: true }));
    await expect(a.sessions.open(carla, { method: 'openid' })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    expect(a.stores.sessions.rows()).toEqual([]);
  });

  it('counts a fresh proof at the provider as step-up, and no other sign-in', async () => {
    const plain = await a.sessions.open(carla, { method: 'openid' });
    const fresh = await a.sessions.open(carla, { method: 'openid', steppedUp: true });
    expect(a.sessions.isSteppedUp(await a.sessions.authenticate(plain.token))).toBe(false);
    expect(a.sessions.isSteppedUp(await a.sessions.authenticate(fresh.token))).toBe(true);
  });

  it("lists a person's own sessions, marks the present one, and shows nothing of the tokens", async () => {
    const [first, second] = [await a.session('carla'), await a.session('carla')];
    await a.add('dora');
    await a.session('dora');
    const list = await a.sessions.list(carla, second.token);
    expect(list).toHaveLength(2);
    expect(list.filter(({ current }) => current)).toHaveLength(1);
    for (const { tokenHash } of a.stores.sessions.rows()) expect(JSON.stringify(list)).not.toContain(toBase64Url(tokenHash));
    a.clock.advance(IDLE_MILLISECONDS);
    expect(await a.sessions.list(carla, first.token)).toEqual([]);
  });

  it('ends one session of the person, or all others, and nobody else does', async () => {
    const [first, second, third] = [await a.session('carla'), await a.session('carla'), await a.session('carla')];
    const dora = await a.add('dora');
    const other = (await a.sessions.list(carla, second.token)).find(({ current }) => current);
    await expect(a.sessions.end(dora, other?.id ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await a.sessions.end(carla, other?.id ?? '');
    await expect(a.sessions.authenticate(second.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(a.sessions.authenticate(third.token)).resolves.toBeDefined();
    expect(await a.sessions.endOthers(carla, first.token)).toBe(1);
    await expect(a.sessions.authenticate(third.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(a.sessions.authenticate(first.token)).resolves.toBeDefined();
    expect(a.entries.at(-1)).toMatchObject({ type: 'sessions-ended', detail: { sessions: 1 } });
  });

  it('deletes sessions that are over', async () => {
    await a.session('carla');
    expect(await a.sessions.removeExpired()).toBe(0);
    a.clock.advance(IDLE_MILLISECONDS + 1);
    expect(await a.sessions.removeExpired()).toBe(1);
  });
});
