import type { AuditDetail } from '@carecord/audit';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import { hashPassword } from '@carecord/crypto';
import type { PasskeyStore, RecoveryCodeStore, SessionStore, SignInChallengeStore, StaffAccount, StaffChange, StaffStore } from '@carecord/storage';
import type { StaffRole } from '../authorisation/roles.ts';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { addStaff } from './add-staff.ts';
import type { AddedStaff } from './add-staff.ts';
import { newInitialPassword } from './codes.ts';

/** What {@link StaffAdministration} needs from outside. */
export interface StaffAdministrationDependencies {
  readonly staff: StaffStore;
  readonly sessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly challenges: Pick<SignInChallengeStore, 'removeOfStaff'>;
  readonly passkeys: Pick<PasskeyStore, 'listOfStaff' | 'removeOfStaff'>;
  readonly recoveryCodes: Pick<RecoveryCodeStore, 'replace'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
  /** Roles that people can have at this node: `ROLES_OF_PEOPLE.hospital` or `.authority`. */
  readonly roles: readonly StaffRole[];
}

/** An account as an administrator sees it. */
export interface StaffOverview {
  readonly account: StaffAccount;
  readonly hasTotp: boolean;
  readonly passkeys: number;
}

/**
 * What administrators do with the accounts of others. Each change ends the person's sessions and whatever sign-in is under way,
 * and is one event of the audit log, in one transaction. Nobody can take the last administrator away.
 */
export class StaffAdministration {
  constructor(private readonly dependencies: StaffAdministrationDependencies) {}

  /** Accounts by user name. */
  async list(page: { readonly after?: string; readonly limit: number }): Promise<StaffOverview[]> {
    const accounts = await this.dependencies.staff.list(page);
    return await Promise.all(accounts.map((account) => this.overview(account)));
  }

  /** @throws NodeError `USERNAME_TAKEN`, `ROLE_UNAVAILABLE` */
  async create(by: StaffPrincipal, { username, role }: { readonly username: string; readonly role: StaffRole }): Promise<AddedStaff> {
    const { roles } = this.dependencies;
    return await addStaff(this.dependencies, { username, role, roles, actor: actorOf(by) });
  }

  /** @throws NodeError `NOT_FOUND`, `ROLE_UNAVAILABLE`, `LAST_ADMINISTRATOR` */
  async setRole(by: StaffPrincipal, staffId: string, role: StaffRole): Promise<StaffOverview> {
    return await this.change(by, staffId, { role }, { change: 'role', role }, (account) => {
      // A program stays one: its role goes with its keys.
      const { roles } = this.dependencies;
      if (!roles.includes(role) || account.role === 'integration-client') throw new NodeError('ROLE_UNAVAILABLE', `The roles of people at this node are: ${roles.join(', ')}.`);
    });
  }

  /** @throws NodeError `NOT_FOUND`, `LAST_ADMINISTRATOR` */
  async setDisabled(by: StaffPrincipal, staffId: string, disabled: boolean): Promise<StaffOverview> {
    return await this.change(by, staffId, { disabled }, { change: disabled ? 'disabled' : 'enabled' });
  }

  /**
   * Gives the person a password that serves once, to set an own one; the old one is worth nothing any more.
   * @throws NodeError `NOT_FOUND`, `ROLE_UNAVAILABLE` for a program, which has no password
   */
  async resetPassword(by: StaffPrincipal, staffId: string): Promise<AddedStaff> {
    const initialPassword = newInitialPassword();
    const passwordHash = await hashPassword(initialPassword);
    const { account } = await this.change(by, staffId, { passwordHash, passwordExpired: true }, { change: 'password' }, ({ role }) => {
      if (role === 'integration-client') throw new NodeError('ROLE_UNAVAILABLE', 'A program signs in with its key: it has no password.');
    });
    return { account, initialPassword };
  }

  /** Takes one-time codes, passkeys and recovery codes of a person away who has lost them. @throws NodeError `NOT_FOUND` */
  async resetSecondFactor(by: StaffPrincipal, staffId: string): Promise<StaffOverview> {
    const { passkeys, recoveryCodes, clock } = this.dependencies;
    return await this.change(by, staffId, { sealedTotp: null, totpConfirmedAt: null }, { change: 'second-factor' }, undefined, async (transaction) => {
      await passkeys.removeOfStaff(transaction, staffId);
      await recoveryCodes.replace(transaction, staffId, [], clock.now());
    });
  }

  /** Ends all sessions of a person, and whatever sign-in is under way; returns how many sessions. @throws NodeError `NOT_FOUND` */
  async endSessions(by: StaffPrincipal, staffId: string): Promise<number> {
    const { staff, sessions, challenges, transactions, audit } = this.dependencies;
    return await transactions.run(async (transaction) => {
      if ((await staff.lock(transaction, staffId)) === undefined) throw unknownStaff();
      const ended = await sessions.removeOfStaff(transaction, staffId);
      await challenges.removeOfStaff(transaction, staffId);
      await audit.append(transaction, { type: 'sessions-ended', outcome: 'success', actor: actorOf(by), detail: { staff: staffId, sessions: ended } });
      return ended;
    });
  }

  private async change(
    by: StaffPrincipal,
    staffId: string,
    change: StaffChange,
    detail: AuditDetail,
    check: (account: StaffAccount) => void = () => undefined,
    also: (transaction: Transaction) => Promise<void> = () => Promise.resolve(),
  ): Promise<StaffOverview> {
    const { staff, sessions, challenges, transactions, audit } = this.dependencies;
    const changed = await transactions.run(async (transaction) => {
      // All administrators at once and before anything else: two who take the office from each other must not both succeed.
      const administrators = await staff.lockRole(transaction, 'administrator');
      const account = await staff.lock(transaction, staffId);
      if (account === undefined) throw unknownStaff();
      check(account);
      const loses = change.disabled === true || (change.role !== undefined && change.role !== 'administrator');
      const others = administrators.filter(({ id, disabled }) => id !== staffId && !disabled);
      if (loses && account.role === 'administrator' && !account.disabled && others.length === 0) {
        throw new NodeError('LAST_ADMINISTRATOR', 'This is the only administrator who can sign in: make another one first.');
      }
      await also(transaction);
      const after = await staff.change(transaction, staffId, change);
      await sessions.removeOfStaff(transaction, staffId);
      await challenges.removeOfStaff(transaction, staffId);
      await audit.append(transaction, { type: 'staff-changed', outcome: 'success', actor: actorOf(by), detail: { staff: staffId, ...detail } });
      return after ?? account;
    });
    return await this.overview(changed);
  }

  private async overview(account: StaffAccount): Promise<StaffOverview> {
    const passkeys = await this.dependencies.passkeys.listOfStaff(account.id);
    return { account, hasTotp: account.totpConfirmedAt !== undefined, passkeys: passkeys.length };
  }
}

function unknownStaff(): NodeError {
  return new NodeError('NOT_FOUND', 'There is no account with this id.');
}
