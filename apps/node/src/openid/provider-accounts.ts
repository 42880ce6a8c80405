import type { TransactionRunner } from '@carecord/core';
import { newId, toHex } from '@carecord/core';
import { constantTimeEqual, keyedToken } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore } from '@carecord/storage';
import type { StaffRole } from '../authorisation/roles.ts';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import { actorOf, principalOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { OpenIdError } from './openid-error.ts';

const TOKEN_CONTEXT = 'node/openid-subject';
/** A user name as lists show it; what a provider calls a person may be anything. */
const USERNAME = /^[\p{L}\p{N}._@+-]{1,80}$/u;
/** Enough of the token to tell two people of the same name apart. */
const SUFFIX_DIGITS = 12;

/** What {@link ProviderAccounts} needs from outside. */
export interface ProviderAccountDependencies {
  readonly staff: Pick<StaffStore, 'findByProviderToken' | 'lock' | 'insert' | 'change'>;
  readonly sessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly challenges: Pick<SignInChallenges, 'removeOfStaff'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  /**
   * Ring keys `staff-sealing`, 32 bytes each, the active one first and then the retired ones: the database does not tell who
   * somebody is at the provider. An account that is found by an older one is moved to the active one when the person signs in.
   */
  readonly tokenKeys: () => readonly Uint8Array[];
  /** The provider, for {@link ProviderAccounts.link}. */
  readonly issuer: string;
  readonly createAccounts: boolean;
}

/** Who somebody is at the provider. */
export interface ProviderSubject {
  readonly iss: string;
  readonly sub: string;
}

/** Accounts of people who sign in at the hospital's provider: found by issuer and subject, through a keyed token of both. */
export class ProviderAccounts {
  constructor(private readonly dependencies: ProviderAccountDependencies) {}

  /**
   * The account of a person, with the role that the provider gives now. A role that has changed ends the sessions that were
   * opened with the old one.
   * @param username what the provider calls the person, for a new account
   * @throws OpenIdError `OPENID_ACCOUNT_MISSING`, `OPENID_ACCOUNT_DISABLED`
   */
  async signedIn(subject: ProviderSubject, role: StaffRole, username: string | undefined): Promise<StaffPrincipal> {
    const known = await this.find(subject);
    if (known !== undefined) await this.renewToken(known, subject);
    const found = known ?? (await this.create(subject, role, username));
    const account = found.role === role || found.disabled ? found : await this.changeRole(found, role);
    const staff = principalOf(account);
    if (staff === undefined) throw new OpenIdError('OPENID_ACCOUNT_DISABLED', 'Your account here is disabled: ask an administrator.');
    return staff;
  }

  /** The account of a person, if there is one. */
  async find(subject: ProviderSubject): Promise<StaffAccount | undefined> {
    for (const token of this.tokensOf(subject)) {
      const account = await this.dependencies.staff.findByProviderToken(token);
      if (account !== undefined) return account;
    }
    return undefined;
  }

  /**
   * Lets the person with this subject at the provider sign in to an account that exists, and ends its sessions and what sign-in is under way.
   * @throws NodeError `NOT_FOUND`; `USERNAME_TAKEN` when the subject has another account
   */
  async link(staffId: string, sub: string, by: StaffPrincipal): Promise<void> {
    const { staff, sessions, challenges, transactions, audit, issuer } = this.dependencies;
    const subject = { iss: issuer, sub };
    const holder = await this.find(subject);
    if (holder !== undefined && holder.id !== staffId) throw new NodeError('USERNAME_TAKEN', 'This person at the sign-in service has another account here.');
    await transactions.run(async (transaction) => {
      const account = await staff.lock(transaction, staffId);
      if (account === undefined || account.role === 'integration-client') throw new NodeError('NOT_FOUND', 'There is no person with this id.');
      await staff.change(transaction, staffId, { providerToken: this.tokenOf(subject) });
      await sessions.removeOfStaff(transaction, staffId);
      await challenges.removeOfStaff(transaction, staffId);
      await audit.append(transaction, { type: 'staff-changed', outcome: 'success', actor: actorOf(by), detail: { staffId, change: 'provider-linked' } });
    });
  }

  /** Ends all sessions of a person, and a sign-in that is under way: the provider said so. Nobody by that subject is no error. */
  async signOut(subject: ProviderSubject): Promise<void> {
    const { sessions, challenges, transactions, audit } = this.dependencies;
    const account = await this.find(subject);
    if (account === undefined) return;
    await transactions.run(async (transaction) => {
      const ended = await sessions.removeOfStaff(transaction, account.id);
      await challenges.removeOfStaff(transaction, account.id);
      await audit.append(transaction, {
        type: 'sessions-ended',
        outcome: 'success',
        actor: { kind: 'staff', id: account.id, role: account.role },
        detail: { sessions: ended, by: 'openid-provider' },
      });
    });
  }

  private async create(subject: ProviderSubject, role: StaffRole, username: string | undefined): Promise<StaffAccount> {
    const { staff, transactions, audit, createAccounts } = this.dependencies;
    if (!createAccounts) throw new OpenIdError('OPENID_ACCOUNT_MISSING', 'You have no account here yet: ask an administrator.');
    const providerToken = this.tokenOf(subject);
    const suffix = toHex(providerToken).slice(0, SUFFIX_DIGITS);
    const wanted = username !== undefined && USERNAME.test(username) ? username : 'openid';
    // The name may be another person's; with the suffix it is nobody else's.
    for (const name of wanted === 'openid' ? [`openid-${suffix}`] : [wanted, `${wanted}-${suffix}`]) {
      const account: StaffAccount = { id: newId(), username: name, passwordExpired: false, role, disabled: false, providerToken };
      const result = await transactions.run(async (transaction) => {
        const inserted = await staff.insert(transaction, account);
        if (inserted === 'inserted') {
          const detail = { staffId: account.id, role, by: 'openid-provider' };
          await audit.append(transaction, { type: 'staff-created', outcome: 'success', actor: { kind: 'system', id: 'node' }, detail });
        }
        return inserted;
      });
      if (result === 'inserted') return account;
      // The same person in a second window was faster.
      const rival = await this.find(subject);
      if (rival !== undefined) return rival;
    }
    throw new OpenIdError('OPENID_ACCOUNT_MISSING', 'An account could not be made: ask an administrator.');
  }

  private async changeRole({ id }: StaffAccount, role: StaffRole): Promise<StaffAccount> {
    const { staff, sessions, transactions, audit } = this.dependencies;
    return await transactions.run(async (transaction) => {
      const account = await staff.lock(transaction, id);
      const changed = account === undefined ? undefined : await staff.change(transaction, id, { role });
      if (changed === undefined) throw new OpenIdError('OPENID_ACCOUNT_MISSING', 'Your account here is gone: ask an administrator.');
      const ended = await sessions.removeOfStaff(transaction, id);
      const detail = { staffId: id, change: 'role', role, sessions: ended, by: 'openid-provider' };
      await audit.append(transaction, { type: 'staff-changed', outcome: 'success', actor: { kind: 'system', id: 'node' }, detail });
      return changed;
    });
  }

  /** After a rotation of the key the account is found by the new one, so that the old one can be destroyed some day. */
  private async renewToken({ id, providerToken }: StaffAccount, subject: ProviderSubject): Promise<void> {
    const { staff, transactions } = this.dependencies;
    const token = this.tokenOf(subject);
    if (providerToken !== undefined && constantTimeEqual(providerToken, token)) return;
    await transactions.run((transaction) => staff.change(transaction, id, { providerToken: token }));
  }

  private tokenOf(subject: ProviderSubject): Uint8Array {
    const [token] = this.tokensOf(subject);
    if (token === undefined) throw new Error('There is no key for the tokens of people at the provider.');
    return token;
  }

  private tokensOf({ iss, sub }: ProviderSubject): Uint8Array[] {
    return this.dependencies.tokenKeys().map((key) => keyedToken(key, TOKEN_CONTEXT, iss, sub));
  }
}
