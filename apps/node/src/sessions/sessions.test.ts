import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditEntry } from '@carecord/audit';
import type { Transaction } from '@carecord/core';
import { hashPassword } from '@carecord/crypto';
import type { StaffAccount } from '@carecord/storage';
import { ManualClock, MemorySessionStore, MemoryStaffStore } from '@carecord/testkit';
import { ABSOLUTE_MILLISECONDS, ADDRESS_RATE, IDLE_MILLISECONDS, Sessions } from './sessions.ts';
import { LOCK_MILLISECONDS, MAX_FAILURES } from './sign-in-limiter.ts';

const PASSWORD = 'correct horse';
const carla: StaffAccount = { id: 'staff-1', username: 'carla', passwordHash: await hashPassword(PASSWORD), role: 'clinician', disabled: false };

async function hospital(): Promise<{ clock: ManualClock; stored: MemorySessionStore; staff: MemoryStaffStore; entries: AuditEntry[]; sessions: Sessions }> {
  const clock = new ManualClock();
  const staff = new MemoryStaffStore();
  const stored = new MemorySessionStore(staff);
  await staff.save(carla);
  await staff.save({ ...carla, id: 'staff-2', username: 'dora', disabled: true });
  const entries: AuditEntry[] = [];
  const sessions = new Sessions({
    clock,
    sessions: stored,
    staff,
    transactions: { run: (work) => work(undefined as unknown as Transaction) },
    audit: { append: (_transaction, entry) => Promise.resolve(entries.push(entry)) },
  });
  return { clock, stored, staff, entries, sessions };
}

describe('Sessions', () => {
  let a: Awaited<ReturnType<typeof hospital>>;
  beforeEach(async () => {
    a = await hospital();
  });

  it('signs in with the right password and keeps only a hash of the token', async () => {
    const signedIn = await a.sessions.signIn('carla', PASSWORD);
    expect(signedIn.staff).toEqual({ staffId: 'staff-1', username: 'carla', role: 'clinician' });
    expect(Buffer.from(signedIn.token, 'base64url')).toHaveLength(32);
    expect(Buffer.from(a.stored.rows()[0]?.tokenHash ?? []).toString('base64url')).not.toBe(signedIn.token);
    expect(await a.sessions.authenticate(signedIn.token)).toEqual(signedIn.staff);
    expect(a.entries).toEqual([{ type: 'sign-in', outcome: 'success', actor: { kind: 'staff', id: 'staff-1', role: 'clinician' } }]);
  });

  it('answers an unknown user, a disabled account and a wrong password alike', async () => {
    const failures = await Promise.all([
      a.sessions.signIn('nobody', PASSWORD).catch((error: unknown) => error),
      a.sessions.signIn('dora', PASSWORD).catch((error: unknown) => error),
      a.sessions.signIn('carla', 'wrong').catch((error: unknown) => error),
    ]);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'SIGN_IN_REFUSED', message: (failures[0] as Error).message });
    expect(a.stored.rows()).toEqual([]);
    expect(a.entries.map((entry) => entry.type)).toEqual(['sign-in-refused', 'sign-in-refused', 'sign-in-refused']);
    expect(JSON.stringify(a.entries)).not.toContain('nobody');
  });

  it.each(['carla', 'nobody'])('locks %s after too many failures, and no longer', async (username) => {
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) {
      await expect(a.sessions.signIn(username, 'wrong')).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    }
    await expect(a.sessions.signIn(username, PASSWORD)).rejects.toMatchObject({ code: 'SIGN_IN_LIMITED' });
    a.clock.advance(LOCK_MILLISECONDS - 1);
    await expect(a.sessions.signIn(username, PASSWORD)).rejects.toMatchObject({ code: 'SIGN_IN_LIMITED' });
    a.clock.advance(1);
    if (username === 'carla') await expect(a.sessions.signIn(username, PASSWORD)).resolves.toBeDefined();
    else await expect(a.sessions.signIn(username, PASSWORD)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it('bounds the sign-ins from one address, and from no other', () => {
    for (let attempt = 0; attempt < ADDRESS_RATE.burst; attempt++) a.sessions.countFrom('192.0.2.1');
    expect(() => a.sessions.countFrom('192.0.2.1')).toThrow(expect.objectContaining({ code: 'SIGN_IN_LIMITED' }));
    expect(() => a.sessions.countFrom('192.0.2.2')).not.toThrow();
    a.clock.advance(1_000);
    expect(() => a.sessions.countFrom('192.0.2.1')).not.toThrow();
  });

  it('writes a lock into the audit log once, however often it is met', async () => {
    for (let attempt = 0; attempt < MAX_FAILURES + 20; attempt++) await a.sessions.signIn('carla', 'wrong').catch(() => undefined);
    const reasons = a.entries.map((entry) => entry.reasonCode);
    expect(reasons.filter((code) => code === 'SIGN_IN_LIMITED')).toHaveLength(1);
    expect(reasons).toHaveLength(MAX_FAILURES + 1);
  });

  it.each(['car\0la', 'car\ud800la', 'c'.repeat(101)])('refuses a username that cannot be one, like any other', async (username) => {
    await expect(a.sessions.signIn(username, PASSWORD)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it('forgets failures after a success, and does not lock another user', async () => {
    for (let attempt = 0; attempt < MAX_FAILURES - 1; attempt++) await a.sessions.signIn('carla', 'wrong').catch(() => undefined);
    await a.sessions.signIn('carla', PASSWORD);
    for (let attempt = 0; attempt < MAX_FAILURES; attempt++) await a.sessions.signIn('nobody', 'wrong').catch(() => undefined);
    await expect(a.sessions.signIn('carla', PASSWORD)).resolves.toBeDefined();
  });

  it('lets no more guesses through when they come at the same time', async () => {
    const guesses = await Promise.all(Array.from({ length: 12 }, () => a.sessions.signIn('carla', 'wrong').catch((error: unknown) => (error as { code: string }).code)));
    expect(guesses.filter((code) => code === 'SIGN_IN_REFUSED')).toHaveLength(MAX_FAILURES);
  });

  it('ends a session that nobody uses, and keeps one that is used', async () => {
    const { token } = await a.sessions.signIn('carla', PASSWORD);
    a.clock.advance(IDLE_MILLISECONDS - 1);
    await expect(a.sessions.authenticate(token)).resolves.toBeDefined();
    a.clock.advance(IDLE_MILLISECONDS - 1);
    await expect(a.sessions.authenticate(token)).resolves.toBeDefined();
    a.clock.advance(IDLE_MILLISECONDS);
    await expect(a.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(a.stored.rows()).toEqual([]);
  });

  it('ends a session after the absolute limit although it is used', async () => {
    const { token, expiresAt } = await a.sessions.signIn('carla', PASSWORD);
    const end = a.clock.now().getTime() + ABSOLUTE_MILLISECONDS;
    expect(expiresAt.getTime()).toBe(end);
    while (a.clock.now().getTime() + IDLE_MILLISECONDS / 2 < end) {
      a.clock.advance(IDLE_MILLISECONDS / 2);
      await a.sessions.authenticate(token);
    }
    a.clock.advance(end - a.clock.now().getTime());
    await expect(a.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('ends a session on sign-out, and when its account is disabled', async () => {
    const first = await a.sessions.signIn('carla', PASSWORD);
    await a.sessions.signOut(first.token, first.staff);
    await expect(a.sessions.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(a.entries.at(-1)).toMatchObject({ type: 'sign-out' });
    const second = await a.sessions.signIn('carla', PASSWORD);
    await a.staff.save({ ...carla, disabled: true });
    await expect(a.sessions.authenticate(second.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it("refuses another hospital's token and what is no token", async () => {
    const b = await hospital();
    const { token } = await b.sessions.signIn('carla', PASSWORD);
    for (const foreign of [token, '', 'x', `${token}=`, `${token}A`]) {
      await expect(a.sessions.authenticate(foreign)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('refuses an account with a role that this version does not know', async () => {
    await a.staff.save({ ...carla, role: 'king' });
    await expect(a.sessions.signIn('carla', PASSWORD)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it('deletes sessions that are over', async () => {
    await a.sessions.signIn('carla', PASSWORD);
    expect(await a.sessions.removeExpired()).toBe(0);
    a.clock.advance(IDLE_MILLISECONDS + 1);
    expect(await a.sessions.removeExpired()).toBe(1);
  });
});
