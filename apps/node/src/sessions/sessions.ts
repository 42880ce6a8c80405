import type { AuditActor, AuditEntry } from '@carecord/audit';
import type { Clock, Rate, Transaction, TransactionRunner } from '@carecord/core';
import { fromBase64Url, later, RateLimiter, toBase64Url } from '@carecord/core';
import { hashPassword, randomNonce, sha256, verifyPassword } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore } from '@carecord/storage';
import { isStaffRole } from '../authorisation/roles.ts';
import { NodeError } from '../failures/node-error.ts';
import { SignInLimiter } from './sign-in-limiter.ts';
import { actorOf } from './staff-principal.ts';
import type { StaffPrincipal } from './staff-principal.ts';

/** A shared ward computer that nobody touches is signed out. */
export const IDLE_MILLISECONDS = 15 * 60_000;
/** A shift; afterwards the password is asked for again. */
export const ABSOLUTE_MILLISECONDS = 10 * 60 * 60_000;
/** Too long to guess: 256 bits. */
const TOKEN_BYTES = 32;
/** Below this the last use is not written again: one write a request would buy nothing. */
const TOUCH_MILLISECONDS = 30_000;
/** Longer input is refused before it is hashed: Argon2id of megabytes is a cheap way to keep us busy. */
const MAX_USERNAME_LENGTH = 100;
const MAX_PASSWORD_LENGTH = 200;

/**
 * Sign-ins from one address: behind a reverse proxy a whole hospital is one address, so the start of a shift must fit; each costs
 * 20 ms of Argon2id, so that a flood of made-up names takes a tenth of a core and no more.
 */
export const ADDRESS_RATE: Rate = { burst: 100, perSecond: 5 };

const REFUSED = 'The username or the password is not right.';
const OVER = 'Sign in first: there is no session, or it has ended.';

/** The part of the audit log that sessions need. */
export interface SessionAudit {
  append(transaction: Transaction, entry: AuditEntry): Promise<unknown>;
}

/** What {@link Sessions} needs from outside. */
export interface SessionDependencies {
  readonly staff: Pick<StaffStore, 'findById' | 'findByUsername'>;
  readonly sessions: Omit<SessionStore, 'removeOfStaff'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
}

/** What a successful sign-in gives: the token is shown this once. */
export interface SignedIn {
  readonly token: string;
  readonly expiresAt: Date;
  readonly staff: StaffPrincipal;
}

/** Staff sign-in with server-side sessions: an opaque random token for the client, only its hash with us. */
export class Sessions {
  private readonly limiter: SignInLimiter;
  private readonly addresses: RateLimiter;
  /** A hash that no password matches: an unknown username costs the same time as a wrong password. */
  private readonly decoy: Promise<string> = hashPassword(toBase64Url(randomNonce(TOKEN_BYTES)));

  constructor(private readonly dependencies: SessionDependencies) {
    this.limiter = new SignInLimiter(dependencies.clock);
    this.addresses = new RateLimiter(ADDRESS_RATE, dependencies.clock);
  }

  /** Counts a sign-in from an address. @throws NodeError `SIGN_IN_LIMITED` */
  countFrom(address: string): void {
    if (!this.addresses.take(address)) throw new NodeError('SIGN_IN_LIMITED', 'Too many sign-ins came from this address: wait a moment and try again.');
  }

  /**
   * @throws NodeError `SIGN_IN_REFUSED` (the same for an unknown user, a disabled account and a wrong password) or `SIGN_IN_LIMITED`
   */
  async signIn(username: string, password: string): Promise<SignedIn> {
    const possible = username.length <= MAX_USERNAME_LENGTH && password.length <= MAX_PASSWORD_LENGTH && username.isWellFormed() && !username.includes('\0');
    if (!possible) throw new NodeError('SIGN_IN_REFUSED', REFUSED);
    if (this.limiter.isLocked(username)) {
      // Once a lock: whoever goes on trying must not be able to fill the log.
      if (this.limiter.isLockNews(username)) await this.log('sign-in-refused', { kind: 'staff', id: 'unknown' }, 'SIGN_IN_LIMITED');
      throw new NodeError('SIGN_IN_LIMITED', 'Too many sign-ins failed: wait 15 minutes and try again.');
    }
    this.limiter.attempt(username);
    const account = await this.dependencies.staff.findByUsername(username);
    const matches = await verifyPassword(password, account?.passwordHash ?? (await this.decoy));
    const staff = account === undefined ? undefined : principalOf(account);
    if (!matches || staff === undefined) {
      await this.log('sign-in-refused', { kind: 'staff', id: account?.id ?? 'unknown' }, 'SIGN_IN_REFUSED');
      throw new NodeError('SIGN_IN_REFUSED', REFUSED);
    }
    this.limiter.succeeded(username);
    return await this.open(staff);
  }

  /**
   * Whom a token stands for; counts as use.
   * @throws NodeError `UNAUTHENTICATED`
   */
  async authenticate(token: string): Promise<StaffPrincipal> {
    const { sessions, staff, clock } = this.dependencies;
    const tokenHash = hashOf(token);
    const session = tokenHash === undefined ? undefined : await sessions.find(tokenHash);
    if (tokenHash === undefined || session === undefined) throw new NodeError('UNAUTHENTICATED', OVER);
    const now = clock.now();
    if (now >= later(session.createdAt, ABSOLUTE_MILLISECONDS) || now >= later(session.lastUsedAt, IDLE_MILLISECONDS)) {
      await sessions.remove(tokenHash);
      throw new NodeError('UNAUTHENTICATED', OVER);
    }
    const account = await staff.findById(session.staffId);
    const principal = account === undefined ? undefined : principalOf(account);
    if (principal === undefined) throw new NodeError('UNAUTHENTICATED', OVER);
    if (now.getTime() - session.lastUsedAt.getTime() >= TOUCH_MILLISECONDS) await sessions.touch(tokenHash, now);
    return principal;
  }

  /** Ends the session of a token; an unknown one is no error. */
  async signOut(token: string, staff: StaffPrincipal): Promise<void> {
    const tokenHash = hashOf(token);
    if (tokenHash === undefined) return;
    await this.dependencies.sessions.remove(tokenHash);
    await this.log('sign-out', actorOf(staff));
  }

  /** Deletes sessions that are over. */
  async removeExpired(): Promise<number> {
    const now = this.dependencies.clock.now();
    return await this.dependencies.sessions.removeExpired({
      createdBefore: later(now, -ABSOLUTE_MILLISECONDS),
      lastUsedBefore: later(now, -IDLE_MILLISECONDS),
    });
  }

  private async open(staff: StaffPrincipal): Promise<SignedIn> {
    const now = this.dependencies.clock.now();
    const tokenBytes = randomNonce(TOKEN_BYTES);
    await this.dependencies.sessions.insert({ tokenHash: sha256(tokenBytes), staffId: staff.staffId, createdAt: now, lastUsedAt: now });
    await this.log('sign-in', actorOf(staff));
    return { token: toBase64Url(tokenBytes), expiresAt: later(now, ABSOLUTE_MILLISECONDS), staff };
  }

  private async log(type: 'sign-in' | 'sign-in-refused' | 'sign-out', by: AuditActor, reasonCode?: string): Promise<void> {
    await this.dependencies.transactions.run((transaction) =>
      this.dependencies.audit.append(transaction, { type, outcome: reasonCode === undefined ? 'success' : 'refused', actor: by, ...(reasonCode === undefined ? {} : { reasonCode }) }),
    );
  }
}


function principalOf(account: StaffAccount): StaffPrincipal | undefined {
  if (account.disabled || !isStaffRole(account.role)) return undefined;
  return { staffId: account.id, username: account.username, role: account.role };
}

/** The hash under which a token is kept; undefined for a text that cannot be one of our tokens. */
function hashOf(token: string): Uint8Array | undefined {
  const bytes = fromBase64Url(token);
  return bytes.length === TOKEN_BYTES && toBase64Url(bytes) === token ? sha256(bytes) : undefined;
}
