import type { Clock, TransactionRunner } from '@carecord/core';
import type { PasskeyStore, RecoveryCodeStore, SessionStore, SignInChallengeStore, SignInFailureStore, StaffStore } from '@carecord/storage';
import type { StaffRole } from '../authorisation/roles.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { Sessions } from '../sessions/sessions.ts';
import { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import { SignInLock } from '../sessions/sign-in-lock.ts';
import type { Guessed } from '../sessions/sign-in-lock.ts';
import { Passkeys } from './passkeys.ts';
import type { RelyingParty } from './passkeys.ts';
import { SecondFactors } from './second-factors.ts';
import { SignIn } from './sign-in.ts';
import { StaffAdministration } from './staff-administration.ts';
import { StepUp } from './step-up.ts';

/** What the staff of a node need from outside; the stores are named as in `Storage`. */
export interface StaffServicesOptions {
  readonly storage: {
    readonly staff: StaffStore;
    readonly sessions: SessionStore;
    readonly passkeys: PasskeyStore;
    readonly recoveryCodes: RecoveryCodeStore;
    readonly signInChallenges: SignInChallengeStore;
    readonly signInFailures: SignInFailureStore;
    readonly transactions: TransactionRunner;
  };
  readonly audit: SessionAudit;
  readonly clock: Clock;
  /** The node's key 'staff-sealing', 32 bytes. */
  readonly sealingKey: Uint8Array;
  readonly webAuthn: RelyingParty;
  /** The organisation: what browsers and authenticator apps show. */
  readonly name: string;
  /** `ROLES_OF_PEOPLE.hospital` or `.authority`. */
  readonly roles: readonly StaffRole[];
}

/** Everything about staff and their sign-in, put together once. */
export interface StaffServices {
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly stepUp: StepUp;
  readonly factors: SecondFactors;
  readonly passkeys: Passkeys;
  readonly administration: StaffAdministration;
  readonly challenges: SignInChallenges;
  readonly lock: SignInLock;
  /** Deletes sessions, sign-ins and failures that are over: for a job. */
  removeExpired(): Promise<void>;
}

export function staffServices({ storage, audit, clock, sealingKey, webAuthn, name, roles }: StaffServicesOptions): StaffServices {
  const { staff, transactions } = storage;
  const common = { transactions, audit, clock };
  const sessions = new Sessions({ ...common, staff, sessions: storage.sessions });
  const challenges = new SignInChallenges({ challenges: storage.signInChallenges, sealingKey, clock });
  const lockOf = (guessed: Guessed): SignInLock => new SignInLock({ ...common, failures: storage.signInFailures, sealingKey, guessed });
  const lock = lockOf('sign-in');
  const passkeys = new Passkeys({ ...common, passkeys: storage.passkeys, challenges, webAuthn, name });
  const factors = new SecondFactors({ ...common, staff, recoveryCodes: storage.recoveryCodes, passkeys, sealingKey, name });
  const proving = { ...common, staff, storedSessions: storage.sessions, sessions, lock, challenges, factors, passkeys };
  return {
    sessions,
    signIn: new SignIn(proving),
    stepUp: new StepUp({ ...proving, lock: lockOf('step-up') }),
    factors,
    passkeys,
    administration: new StaffAdministration({
      ...common,
      staff,
      sessions: storage.sessions,
      challenges: storage.signInChallenges,
      passkeys: storage.passkeys,
      recoveryCodes: storage.recoveryCodes,
      roles,
    }),
    challenges,
    lock,
    removeExpired: async () => {
      await sessions.removeExpired();
      await challenges.removeExpired();
      await lock.removeExpired();
    },
  };
}
