import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { SessionStore, StaffAccount, StaffChange, StaffStore, StoredSession } from '@carecord/storage';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const HOUR = 3_600_000;

/** Staff accounts and their sessions. */
export interface StaffStores {
  readonly staff: StaffStore;
  readonly sessions: SessionStore;
  readonly transactions: TransactionRunner;
}

/**
 * What every {@link StaffStore} and {@link SessionStore} does.
 * @param makeStores empty stores and the runner of their transactions, fresh for every test
 */
export function describeStaffStores(name: string, makeStores: () => Promise<StaffStores>): void {
  // Around its own beforeEach, which must not run for the other suites of a file.
  describe(`what is kept of staff: ${name}`, () => {
    let stores: StaffStores;
    beforeEach(async () => {
      stores = await makeStores();
    });
    const insert = (account: StaffAccount): Promise<'inserted' | 'taken'> => stores.transactions.run((transaction) => stores.staff.insert(transaction, account));
    const change = (staffId: string, values: StaffChange): Promise<StaffAccount | undefined> =>
      stores.transactions.run((transaction) => stores.staff.change(transaction, staffId, values));

    describe('StaffStore', () => {
      it('finds an account by user name and by id, and nobody else', async () => {
        const account = anAccount('alice');
        expect(await insert(account)).toBe('inserted');
        expect(await stores.staff.findByUsername('alice')).toEqual(account);
        expect(await stores.staff.findById(account.id)).toEqual(account);
        expect(await stores.staff.findByUsername('Alice')).toBeUndefined();
        expect(await stores.staff.findById(newId())).toBeUndefined();
        expect(await stores.staff.findById('not-a-uuid')).toBeUndefined();
      });

      it('keeps an account without a password, and finds it by its token at the provider', async () => {
        const { passwordHash: _, ...others } = anAccount('olga');
        const account = { ...others, providerToken: filled(32, 7), sealedTotp: Uint8Array.of(1, 2, 3), totpConfirmedAt: NOW };
        await insert(account);
        expect(await stores.staff.findByProviderToken(filled(32, 7))).toEqual(account);
        expect(await stores.staff.findByProviderToken(filled(32, 8))).toBeUndefined();
      });

      it('takes a user name, an id and a provider token once', async () => {
        const account = { ...anAccount('alice'), providerToken: filled(32, 7) };
        await insert(account);
        expect(await insert(anAccount('alice'))).toBe('taken');
        expect(await insert({ ...anAccount('bob'), id: account.id })).toBe('taken');
        expect(await insert({ ...anAccount('bob'), providerToken: filled(32, 7) })).toBe('taken');
        expect(await insert(anAccount('bob'))).toBe('inserted');
        expect(await insert(anAccount('carol'))).toBe('inserted');
      });

      it('lists accounts by user name, page by page', async () => {
        for (const username of ['carol', 'alice', 'bob']) await insert(anAccount(username));
        const names = async (page: { readonly after?: string; readonly limit: number }): Promise<string[]> => (await stores.staff.list(page)).map(({ username }) => username);
        expect(await names({ limit: 2 })).toEqual(['alice', 'bob']);
        expect(await names({ after: 'bob', limit: 2 })).toEqual(['carol']);
        expect(await names({ after: 'carol', limit: 2 })).toEqual([]);
      });

      it('changes what is named, takes null away, and leaves the rest', async () => {
        const account = anAccount('alice');
        await insert(account);
        const disabled = { ...account, role: 'registrar', disabled: true };
        expect(await change(account.id, { role: 'registrar', disabled: true })).toEqual(disabled);
        const withTotp = { ...disabled, sealedTotp: Uint8Array.of(1), totpConfirmedAt: NOW, providerToken: filled(32, 7) };
        expect(await change(account.id, { sealedTotp: Uint8Array.of(1), totpConfirmedAt: NOW, providerToken: filled(32, 7) })).toEqual(withTotp);
        expect(await change(account.id, { sealedTotp: null, totpConfirmedAt: null, providerToken: null })).toEqual(disabled);
        const { passwordHash: _, ...passwordless } = disabled;
        expect(await change(account.id, { passwordHash: null })).toEqual(passwordless);
        expect(await stores.staff.findById(account.id)).toEqual(passwordless);
        expect(await change(newId(), { disabled: true })).toBeUndefined();
        expect(await change('not-a-uuid', { disabled: true })).toBeUndefined();
      });

      it('changes nothing when the transaction fails', async () => {
        const account = anAccount('alice');
        await insert(account);
        const failing = stores.transactions.run(async (transaction) => {
          await stores.staff.change(transaction, account.id, { disabled: true });
          await stores.staff.insert(transaction, anAccount('bob'));
          throw new Error('failed on purpose');
        });
        await expect(failing).rejects.toThrow('failed on purpose');
        expect(await stores.staff.findById(account.id)).toEqual(account);
        expect(await stores.staff.findByUsername('bob')).toBeUndefined();
      });

      it('locks accounts, one by one and by role: the second sees what the first did', async () => {
        const [alice, bob] = [anAccount('alice', 'administrator'), anAccount('bob', 'administrator')];
        await insert(alice);
        await insert(bob);
        const remaining = (own: StaffAccount): Promise<number> =>
          stores.transactions.run(async (transaction) => {
            const administrators = await stores.staff.lockRole(transaction, 'administrator');
            expect(await stores.staff.lock(transaction, own.id)).toBeDefined();
            await stores.staff.change(transaction, own.id, { role: 'clinician' });
            return administrators.length;
          });
        expect((await Promise.all([remaining(alice), remaining(bob)])).sort()).toEqual([1, 2]);
        await stores.transactions.run(async (transaction) => {
          expect(await stores.staff.lockRole(transaction, 'administrator')).toEqual([]);
          expect(await stores.staff.lock(transaction, newId())).toBeUndefined();
          expect(await stores.staff.lock(transaction, 'not-a-uuid')).toBeUndefined();
        });
      });

      it('replaces password, role and state of a user name, which keeps its id', async () => {
        const account = await stores.staff.save(anAccount('alice'));
        await change(account.id, { sealedTotp: Uint8Array.of(1) });
        const changed = { ...anAccount('alice'), passwordHash: 'other', role: 'records', disabled: true };
        const expected = { ...changed, id: account.id, sealedTotp: Uint8Array.of(1) };
        expect(await stores.staff.save(changed)).toEqual(expected);
        expect(await stores.staff.findById(account.id)).toEqual(expected);
        expect(await stores.staff.findById(changed.id)).toBeUndefined();
      });

      it('takes the code of a time step once, and none of an older one', async () => {
        const { id } = await stores.staff.save(anAccount('alice'));
        expect(await stores.staff.takeTotpStep(id, 100)).toBe(true);
        expect(await stores.staff.takeTotpStep(id, 100)).toBe(false);
        expect(await stores.staff.takeTotpStep(id, 99)).toBe(false);
        expect((await Promise.all([stores.staff.takeTotpStep(id, 101), stores.staff.takeTotpStep(id, 101)])).sort()).toEqual([false, true]);
        expect(await stores.staff.takeTotpStep(newId(), 101)).toBe(false);
        expect(await stores.staff.takeTotpStep('not-a-uuid', 101)).toBe(false);
      });

      it('forgets which codes were taken when the secret changes, and with nothing else', async () => {
        const { id } = await stores.staff.save(anAccount('alice'));
        await stores.staff.takeTotpStep(id, 100);
        await change(id, { totpConfirmedAt: NOW });
        expect(await stores.staff.takeTotpStep(id, 100)).toBe(false);
        await change(id, { sealedTotp: Uint8Array.of(2) });
        expect(await stores.staff.takeTotpStep(id, 100)).toBe(true);
      });
    });

    describe('SessionStore', () => {
      const open = (session: StoredSession): Promise<void> => stores.transactions.run((transaction) => stores.sessions.insert(transaction, session));
      const begin = async (seed: number, values: Partial<StoredSession> = {}): Promise<StoredSession> => {
        const { id } = await stores.staff.save(anAccount(`staff-${seed}`));
        const session = { tokenHash: filled(32, seed), staffId: id, method: 'password', createdAt: NOW, lastUsedAt: values.createdAt ?? NOW, ...values };
        await open(session);
        return session;
      };
      const endAll = (staffId: string, keep?: Uint8Array): Promise<number> => stores.transactions.run((transaction) => stores.sessions.removeOfStaff(transaction, staffId, keep));

      it('finds a session by the hash of its token until it is removed', async () => {
        const session = await begin(1);
        expect(await stores.sessions.find(filled(32, 1))).toEqual(session);
        expect(await stores.sessions.find(filled(32, 2))).toBeUndefined();
        await stores.sessions.remove(filled(32, 1));
        expect(await stores.sessions.find(filled(32, 1))).toBeUndefined();
      });

      it('keeps how it was opened, and its own end', async () => {
        const session = await begin(1, { method: 'passkey', stepUpAt: NOW, expiresAt: new Date(NOW.getTime() + HOUR) });
        expect(await stores.sessions.find(filled(32, 1))).toEqual(session);
      });

      it('notes when a session was used, and does not bring back a removed one', async () => {
        await begin(1);
        const later = new Date(NOW.getTime() + HOUR);
        await stores.sessions.touch(filled(32, 1), later);
        expect(await stores.sessions.find(filled(32, 1))).toMatchObject({ createdAt: NOW, lastUsedAt: later });
        await stores.sessions.remove(filled(32, 1));
        await stores.sessions.touch(filled(32, 1), later);
        expect(await stores.sessions.find(filled(32, 1))).toBeUndefined();
      });

      it('notes a step-up of one session alone', async () => {
        const session = await begin(1);
        await open({ ...session, tokenHash: filled(32, 9) });
        const stepUp = (tokenHash: Uint8Array): Promise<boolean> => stores.transactions.run((transaction) => stores.sessions.stepUp(transaction, tokenHash, NOW));
        expect(await stepUp(filled(32, 1))).toBe(true);
        expect(await stepUp(filled(32, 2))).toBe(false);
        expect((await stores.sessions.find(filled(32, 1)))?.stepUpAt).toEqual(NOW);
        expect(await stores.sessions.find(filled(32, 9))).not.toHaveProperty('stepUpAt');
      });

      it("lists a staff member's sessions, newest first", async () => {
        const session = await begin(1);
        await open({ ...session, tokenHash: filled(32, 9), createdAt: new Date(NOW.getTime() + HOUR) });
        await begin(2);
        expect((await stores.sessions.listOfStaff(session.staffId)).map(({ tokenHash }) => tokenHash)).toEqual([filled(32, 9), filled(32, 1)]);
        expect(await stores.sessions.listOfStaff('not-a-uuid')).toEqual([]);
      });

      it('removes what is too old, was not used for too long, or has reached its own end', async () => {
        const ago = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR);
        await begin(1, { createdAt: ago(13), lastUsedAt: ago(0) });
        await begin(2, { createdAt: ago(2), lastUsedAt: ago(1) });
        await begin(3, { createdAt: ago(2), lastUsedAt: ago(0), expiresAt: new Date(NOW.getTime() + 1) });
        await begin(4, { createdAt: ago(2), lastUsedAt: ago(0), expiresAt: NOW });
        const limits = { createdBefore: ago(12), lastUsedBefore: new Date(ago(1).getTime() + 1), now: NOW };
        expect(await stores.sessions.removeExpired(limits)).toBe(3);
        expect(await stores.sessions.find(filled(32, 3))).toBeDefined();
      });

      it('keeps what was created and used at the limits', async () => {
        await begin(1);
        expect(await stores.sessions.removeExpired({ createdBefore: NOW, lastUsedBefore: NOW, now: NOW })).toBe(0);
      });

      it("ends one staff member's sessions alone, all or all but one", async () => {
        const session = await begin(1);
        await open({ ...session, tokenHash: filled(32, 9) });
        await begin(2);
        expect(await endAll(session.staffId, filled(32, 9))).toBe(1);
        expect(await stores.sessions.find(filled(32, 9))).toBeDefined();
        expect(await endAll(session.staffId)).toBe(1);
        expect(await endAll('not-a-uuid')).toBe(0);
        expect(await stores.sessions.find(filled(32, 9))).toBeUndefined();
        expect(await stores.sessions.find(filled(32, 2))).toBeDefined();
      });

      it('keeps no session of an account that is not there', async () => {
        await expect(open({ tokenHash: filled(32, 1), staffId: newId(), method: 'password', createdAt: NOW, lastUsedAt: NOW })).rejects.toThrow();
        expect(await stores.sessions.find(filled(32, 1))).toBeUndefined();
      });
    });
  });
}

function anAccount(username: string, role = 'clinician'): StaffAccount {
  return { id: newId(), username, passwordHash: '$argon2id$…', passwordExpired: false, role, disabled: false };
}
