import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { TransactionRunner } from '@carecord/core';
import type { PasskeyStore, RecoveryCodeStore, SignInChallengeStore, SignInFailureStore, StaffStore, StoredPasskey, StoredSignInChallenge } from '@carecord/storage';
import { filled } from './filled.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

/** What is kept of second factors and of sign-ins under way. */
export interface SignInStores {
  readonly staff: Pick<StaffStore, 'save'>;
  readonly passkeys: PasskeyStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly signInChallenges: SignInChallengeStore;
  readonly signInFailures: SignInFailureStore;
  readonly transactions: TransactionRunner;
}

/**
 * What every {@link PasskeyStore}, {@link RecoveryCodeStore}, {@link SignInChallengeStore} and {@link SignInFailureStore} does.
 * @param makeStores empty stores and the runner of their transactions, fresh for every test
 */
export function describeSignInStores(name: string, makeStores: () => Promise<SignInStores>): void {
  // Around its own beforeEach, which must not run for the other suites of a file.
  describe(`what is kept of sign-ins: ${name}`, () => {
    let stores: SignInStores;
    let alice: string;
    let bob: string;
    beforeEach(async () => {
      stores = await makeStores();
      alice = (await stores.staff.save({ id: newId(), username: 'alice', passwordExpired: false, role: 'clinician', disabled: false })).id;
      bob = (await stores.staff.save({ id: newId(), username: 'bob', passwordExpired: false, role: 'clinician', disabled: false })).id;
    });

    describe('PasskeyStore', () => {
      const passkey = (seed: number, staffId: string): StoredPasskey => ({
        credentialId: Uint8Array.of(seed, 1, 2),
        staffId,
        publicKey: new Uint8Array(77).fill(seed),
        signCount: 0,
        transports: ['internal', 'hybrid'],
        label: `Key ${seed}`,
        createdAt: new Date(NOW.getTime() + seed),
      });
      const insert = (added: StoredPasskey): Promise<'inserted' | 'taken'> => stores.transactions.run((transaction) => stores.passkeys.insert(transaction, added));

      it('finds passkeys by credential id and by owner, oldest first', async () => {
        const [first, second, other] = [passkey(1, alice), passkey(2, alice), passkey(3, bob)];
        for (const added of [second, first, other]) expect(await insert(added)).toBe('inserted');
        expect(await stores.passkeys.find(first.credentialId)).toEqual(first);
        expect(await stores.passkeys.find(Uint8Array.of(9))).toBeUndefined();
        expect(await stores.passkeys.listOfStaff(alice)).toEqual([first, second]);
        expect(await stores.passkeys.listOfStaff('not-a-uuid')).toEqual([]);
      });

      it('takes a credential id once, whoever has it', async () => {
        await insert(passkey(1, alice));
        expect(await insert({ ...passkey(1, bob), label: 'mine' })).toBe('taken');
        expect(await stores.passkeys.find(passkey(1, alice).credentialId)).toEqual(passkey(1, alice));
      });

      it('notes a use when the count is what was expected: of two at once, one', async () => {
        const { credentialId } = passkey(1, alice);
        await insert(passkey(1, alice));
        const use = (from: number, to: number): Promise<boolean> => stores.passkeys.noteUse(credentialId, { from, to, at: NOW });
        expect((await Promise.all([use(0, 4_294_967_295), use(0, 4_294_967_295)])).sort()).toEqual([false, true]);
        expect(await stores.passkeys.find(credentialId)).toMatchObject({ signCount: 4_294_967_295, lastUsedAt: NOW });
        expect(await use(1, 2)).toBe(false);
        expect(await stores.passkeys.noteUse(Uint8Array.of(9), { from: 0, to: 1, at: NOW })).toBe(false);
      });

      it("deletes a person's own passkeys alone", async () => {
        for (const added of [passkey(1, alice), passkey(2, alice), passkey(3, bob)]) await insert(added);
        const remove = (staffId: string, { credentialId }: StoredPasskey): Promise<boolean> =>
          stores.transactions.run((transaction) => stores.passkeys.remove(transaction, staffId, credentialId));
        expect(await remove(bob, passkey(1, alice))).toBe(false);
        expect(await remove(alice, passkey(1, alice))).toBe(true);
        expect(await remove(alice, passkey(1, alice))).toBe(false);
        expect(await remove('not-a-uuid', passkey(2, alice))).toBe(false);
        expect(await stores.transactions.run((transaction) => stores.passkeys.removeOfStaff(transaction, alice))).toBe(1);
        expect(await stores.passkeys.listOfStaff(bob)).toHaveLength(1);
      });
    });

    describe('RecoveryCodeStore', () => {
      const replace = (staffId: string, hashes: readonly Uint8Array[]): Promise<void> =>
        stores.transactions.run((transaction) => stores.recoveryCodes.replace(transaction, staffId, hashes, NOW));

      it('uses each code once, for whom it was made', async () => {
        await replace(alice, [filled(32, 1), filled(32, 2)]);
        await replace(bob, [filled(32, 3)]);
        expect(await stores.recoveryCodes.count(alice)).toBe(2);
        expect(await stores.recoveryCodes.use(bob, filled(32, 1), NOW)).toBe(false);
        expect((await Promise.all([stores.recoveryCodes.use(alice, filled(32, 1), NOW), stores.recoveryCodes.use(alice, filled(32, 1), NOW)])).sort()).toEqual([false, true]);
        expect(await stores.recoveryCodes.use(alice, filled(32, 9), NOW)).toBe(false);
        expect(await stores.recoveryCodes.use('not-a-uuid', filled(32, 2), NOW)).toBe(false);
        expect(await stores.recoveryCodes.count(alice)).toBe(1);
        expect(await stores.recoveryCodes.count('not-a-uuid')).toBe(0);
      });

      it('replaces all codes of one person', async () => {
        await replace(alice, [filled(32, 1), filled(32, 2)]);
        await replace(bob, [filled(32, 3)]);
        await replace(alice, [filled(32, 4)]);
        expect(await stores.recoveryCodes.use(alice, filled(32, 2), NOW)).toBe(false);
        expect(await stores.recoveryCodes.use(alice, filled(32, 4), NOW)).toBe(true);
        expect(await stores.recoveryCodes.count(bob)).toBe(1);
      });
    });

    describe('SignInChallengeStore', () => {
      const challenge = (seed: number, values: Partial<StoredSignInChallenge> = {}): StoredSignInChallenge => ({
        tokenHash: filled(32, seed),
        kind: 'second-factor',
        sealed: Uint8Array.of(seed, 5, 6),
        createdAt: NOW,
        expiresAt: new Date(NOW.getTime() + MINUTE),
        ...values,
      });

      it('gives a challenge to one taker', async () => {
        await stores.signInChallenges.insert(challenge(1, { staffId: alice }));
        const taken = await Promise.all([1, 2, 3].map(() => stores.signInChallenges.take(filled(32, 1), 'second-factor', NOW)));
        expect(taken.filter((one) => one !== undefined)).toEqual([challenge(1, { staffId: alice })]);
      });

      it('gives none that is unknown, of another kind, or over, and keeps those of another kind', async () => {
        await stores.signInChallenges.insert(challenge(1));
        expect(await stores.signInChallenges.take(filled(32, 2), 'second-factor', NOW)).toBeUndefined();
        expect(await stores.signInChallenges.take(filled(32, 1), 'openid', NOW)).toBeUndefined();
        expect(await stores.signInChallenges.take(filled(32, 1), 'second-factor', new Date(NOW.getTime() + MINUTE))).toBeUndefined();
        expect(await stores.signInChallenges.take(filled(32, 1), 'second-factor', NOW)).toEqual(challenge(1));
      });

      it('deletes those of a person, and those that are over', async () => {
        await stores.signInChallenges.insert(challenge(1, { staffId: alice }));
        await stores.signInChallenges.insert(challenge(2, { expiresAt: NOW }));
        await stores.signInChallenges.insert(challenge(3));
        expect(await stores.transactions.run((transaction) => stores.signInChallenges.removeOfStaff(transaction, alice))).toBe(1);
        expect(await stores.transactions.run((transaction) => stores.signInChallenges.removeOfStaff(transaction, 'not-a-uuid'))).toBe(0);
        expect(await stores.signInChallenges.removeExpired(NOW)).toBe(1);
        expect(await stores.signInChallenges.take(filled(32, 3), 'second-factor', NOW)).toBeDefined();
      });
    });

    describe('SignInFailureStore', () => {
      const LOCK = 15 * MINUTE;
      const attempt = (at: number, subject = filled(32, 1)): Promise<'open' | 'locked'> =>
        stores.signInFailures.attempt(subject, { limit: 3, now: new Date(NOW.getTime() + at), forgetBefore: new Date(NOW.getTime() + at - LOCK) });

      it('lets as many attempts through as the limit says, also at the same time', async () => {
        expect((await Promise.all(Array.from({ length: 8 }, () => attempt(0)))).filter((state) => state === 'open')).toHaveLength(3);
        expect(await attempt(0, filled(32, 2))).toBe('open');
      });

      it('is locked from the last attempt that counted, which trying on does not prolong', async () => {
        for (const at of [0, 1, 2]) await attempt(at);
        expect(await attempt(LOCK + 1)).toBe('locked');
        expect(await attempt(LOCK + 2)).toBe('open');
        expect(await attempt(LOCK + 3)).toBe('open');
      });

      it('announces a lock once, and the next one anew', async () => {
        expect(await stores.signInFailures.announce(filled(32, 1))).toBe(false);
        for (const at of [0, 1, 2, 3]) await attempt(at);
        expect((await Promise.all([stores.signInFailures.announce(filled(32, 1)), stores.signInFailures.announce(filled(32, 1))])).sort()).toEqual([false, true]);
        await attempt(4);
        expect(await stores.signInFailures.announce(filled(32, 1))).toBe(false);
        for (const at of [0, 1, 2, 3]) await attempt(LOCK * 2 + at);
        expect(await stores.signInFailures.announce(filled(32, 1))).toBe(true);
      });

      it('takes attempts back, and deletes old ones', async () => {
        for (const at of [0, 1, 2]) await attempt(at);
        await stores.signInFailures.clear(filled(32, 1));
        expect(await attempt(3)).toBe('open');
        await attempt(0, filled(32, 2));
        expect(await stores.signInFailures.removeOlder(new Date(NOW.getTime() + 3))).toBe(1);
      });
    });
  });
}
