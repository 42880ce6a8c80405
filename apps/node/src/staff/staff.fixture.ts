import type { AuditEntry } from '@carecord/audit';
import { newId } from '@carecord/core';
import { hashPassword } from '@carecord/crypto';
import type { StaffAccount } from '@carecord/storage';
import {
  ManualClock,
  MemoryPasskeyStore,
  MemoryRecoveryCodeStore,
  MemorySessionStore,
  MemorySignInChallengeStore,
  MemorySignInFailureStore,
  MemoryStaffStore,
  MemoryTransactions,
} from '@carecord/testkit';
import { ROLES_OF_PEOPLE } from '../authorisation/roles.ts';
import type { StaffRole } from '../authorisation/roles.ts';
import type { SignedIn } from '../sessions/sessions.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import type { SignInStep } from './sign-in.ts';
import { staffServices } from './staff-services.ts';
import type { StaffServices } from './staff-services.ts';
import { SoftwareAuthenticator } from './software-authenticator.fixture.ts';

export const PASSWORD = 'correct horse on the ward';
export const ORIGIN = 'https://records.a.hospital.example';
export const RELYING_PARTY_ID = 'a.hospital.example';

/** Argon2id once a run: each hash costs 20 ms. */
const PASSWORD_HASH = await hashPassword(PASSWORD);

/** How work ends: `DONE`, or the code of its error. */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'DONE', (error: unknown) => (error as { code: string }).code);
}

/** A hospital's staff in memory. */
export interface StaffFixture extends StaffServices {
  readonly clock: ManualClock;
  readonly entries: AuditEntry[];
  readonly stores: {
    readonly staff: MemoryStaffStore;
    readonly sessions: MemorySessionStore;
    readonly passkeys: MemoryPasskeyStore;
    readonly recoveryCodes: MemoryRecoveryCodeStore;
    readonly signInChallenges: MemorySignInChallengeStore;
    readonly signInFailures: MemorySignInFailureStore;
    readonly transactions: MemoryTransactions;
  };
  /** Adds an account with {@link PASSWORD}. */
  add(username: string, role?: StaffRole, values?: Partial<StaffAccount>): Promise<StaffPrincipal>;
  account(staff: StaffPrincipal): Promise<StaffAccount>;
  /** Signs in with the password of an account without second factor. */
  session(username: string, password?: string): Promise<SignedIn>;
  /** Registers a passkey of a new authenticator. */
  passkeyOf(staff: StaffPrincipal, options?: ConstructorParameters<typeof SoftwareAuthenticator>[0]): Promise<SoftwareAuthenticator>;
}

/** @param sealingKey another one for another hospital */
export function staffFixture(sealingKey: Uint8Array = new Uint8Array(32).fill(7)): StaffFixture {
  const clock = new ManualClock();
  const transactions = new MemoryTransactions();
  const staff = new MemoryStaffStore(transactions);
  const stores = {
    staff,
    sessions: new MemorySessionStore(transactions, staff),
    passkeys: new MemoryPasskeyStore(transactions),
    recoveryCodes: new MemoryRecoveryCodeStore(transactions),
    signInChallenges: new MemorySignInChallengeStore(transactions),
    signInFailures: new MemorySignInFailureStore(),
    transactions,
  };
  const entries: AuditEntry[] = [];
  const services = staffServices({
    storage: stores,
    audit: { append: (_transaction, entry) => Promise.resolve(entries.push(entry)) },
    clock,
    sealingKey,
    webAuthn: { relyingPartyId: RELYING_PARTY_ID, origins: [ORIGIN] },
    name: 'Hospital A',
    roles: ROLES_OF_PEOPLE.hospital,
  });
  return {
    ...services,
    clock,
    entries,
    stores,
    add: async (username, role = 'clinician', values = {}) => {
      const account = { id: newId(), username, passwordHash: PASSWORD_HASH, passwordExpired: false, role, disabled: false, ...values };
      await transactions.run((transaction) => staff.insert(transaction, account));
      return { staffId: account.id, username, role };
    },
    account: async ({ staffId }) => {
      const account = await staff.findById(staffId);
      if (account === undefined) throw new Error('There is no such account.');
      return account;
    },
    session: async (username, password = PASSWORD) => signedIn(await services.signIn.withPassword(username, password)),
    passkeyOf: async (principal, options) => {
      const authenticator = new SoftwareAuthenticator(options);
      await services.passkeys.finishRegistration(principal, authenticator.create(await services.passkeys.beginRegistration(principal), ORIGIN), 'A key');
      return authenticator;
    },
  };
}

/** The session of a sign-in that is done. */
export function signedIn(step: SignInStep): SignedIn {
  if (step.kind !== 'signed-in') throw new Error(`The sign-in asks for more: ${step.kind}.`);
  return step.session;
}

/** The step at which a second factor is asked for. */
export function secondFactor(step: SignInStep): Extract<SignInStep, { readonly kind: 'second-factor' }> {
  if (step.kind !== 'second-factor') throw new Error(`The sign-in asks for no second factor: ${step.kind}.`);
  return step;
}

/** The step at which an own password is asked for. */
export function ownPassword(step: SignInStep): Extract<SignInStep, { readonly kind: 'own-password' }> {
  if (step.kind !== 'own-password') throw new Error(`The sign-in asks for no own password: ${step.kind}.`);
  return step;
}
