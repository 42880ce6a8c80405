import type { Clock, Rate, TransactionRunner } from '@carecord/core';
import { later, RateLimiter } from '@carecord/core';
import { constantTimeEqual } from '@carecord/crypto';
import type { SessionStore, StaffAccount, StaffStore, StoredSession } from '@carecord/storage';
import { Authenticator } from '../authorisation/authenticator.ts';
import type { RefusalCode } from '../authorisation/authenticator.ts';
import { STEP_UP_MILLISECONDS } from '../authorisation/requires.ts';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone } from './audit-trail.ts';
import type { SessionAudit } from './audit-trail.ts';
import { hashOfToken, newToken, sessionIdOf } from './session-token.ts';
import { actorOf, principalOf } from './staff-principal.ts';
import type { StaffPrincipal } from './staff-principal.ts';

/** A shared ward computer that nobody touches is signed out. */
export const IDLE_MILLISECONDS = 15 * 60_000;
/** A shift; afterwards the person signs in again. */
export const ABSOLUTE_MILLISECONDS = 10 * 60 * 60_000;
/** Below this the last use is not written again: one write a request would buy nothing. */
const TOUCH_MILLISECONDS = 30_000;

/**
 * Sign-ins from one address: behind a reverse proxy a whole hospital is one address, so the start of a shift must fit; each costs
 * 20 ms of Argon2id, so that a flood of made-up names takes a tenth of a core and no more.
 */
export const ADDRESS_RATE: Rate = { burst: 100, perSecond: 5 };

/** Refused operations of one session that are written down: what a person tries by mistake, and the beginning of what a program tries. */
export const REFUSAL_RATE: Rate = { burst: 10, perSecond: 1 / 60 };

const OVER = 'Sign in first: there is no session, or it has ended.';

/** How somebody proved who they are when the session began. */
export type SessionMethod = 'password' | 'password+totp' | 'password+recovery-code' | 'password+passkey' | 'passkey' | 'openid' | 'private-key-jwt';

/** What {@link Sessions} needs from outside. */
export interface SessionDependencies {
  readonly staff: Pick<StaffStore, 'findById' | 'lock'>;
  readonly sessions: SessionStore;
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

/** How a session is opened. */
export interface OpeningOptions {
  readonly method: SessionMethod;
  /** An end of its own, before the general limits. */
  readonly expiresAt?: Date;
  /** The proof is fresh and strong enough for sensitive operations, too (an OpenID provider that has just asked for it). */
  readonly steppedUp?: boolean;
  /** Whether the account, seen under its lock, is no longer as it was when the person proved who they are. @default never */
  readonly unless?: (account: StaffAccount) => boolean;
}

/** A session as its owner sees it. */
export interface SessionSummary {
  readonly id: string;
  readonly method: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly current: boolean;
}

/** Server-side sessions of staff: an opaque random token for the client, only its hash with us. The server ends them. */
export class Sessions extends Authenticator {
  private readonly addresses: RateLimiter;
  private readonly refusals: RateLimiter;

  constructor(private readonly dependencies: SessionDependencies) {
    super();
    this.addresses = new RateLimiter(ADDRESS_RATE, dependencies.clock);
    this.refusals = new RateLimiter(REFUSAL_RATE, dependencies.clock);
  }

  /** Counts a sign-in from an address. @throws NodeError `SIGN_IN_LIMITED` */
  countFrom(address: string): void {
    if (!this.addresses.take(address)) throw new NodeError('SIGN_IN_LIMITED', 'Too many sign-ins came from this address: wait a moment and try again.');
  }

  /**
   * Opens a session for somebody who has proved who they are.
   * @throws NodeError `SIGN_IN_REFUSED` when the account has meanwhile been disabled or changed its role, or as `unless` says
   */
  async open(staff: StaffPrincipal, { method, expiresAt, steppedUp = false, unless = () => false }: OpeningOptions): Promise<SignedIn> {
    const { transactions, sessions, audit, clock } = this.dependencies;
    const now = clock.now();
    const { token, tokenHash } = newToken();
    return await transactions.run(async (transaction) => {
      // Under the account's lock: whoever takes the password or the role away also ends the sessions, this one among them.
      const account = await this.dependencies.staff.lock(transaction, staff.staffId);
      const principal = account === undefined ? undefined : principalOf(account);
      if (account === undefined || principal === undefined || principal.role !== staff.role || unless(account)) {
        throw new NodeError('SIGN_IN_REFUSED', 'The account was changed while you signed in: try again.');
      }
      const session: StoredSession = {
        tokenHash,
        staffId: staff.staffId,
        method,
        createdAt: now,
        lastUsedAt: now,
        ...(steppedUp ? { stepUpAt: now } : {}),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
      await sessions.insert(transaction, session);
      await audit.append(transaction, { type: 'sign-in', outcome: 'success', actor: actorOf(principal), detail: { method } });
      return { token, expiresAt: endOf(session), staff: { ...principal, ...(steppedUp ? { stepUpAt: now } : {}) } };
    });
  }

  /**
   * Whom a token stands for; counts as use.
   * @throws NodeError `UNAUTHENTICATED`
   */
  async authenticate(token: string): Promise<StaffPrincipal> {
    const { sessions, staff, clock } = this.dependencies;
    const tokenHash = hashOfToken(token);
    const session = tokenHash === undefined ? undefined : await sessions.find(tokenHash);
    if (tokenHash === undefined || session === undefined) throw new NodeError('UNAUTHENTICATED', OVER);
    const now = clock.now();
    if (isOver(session, now)) {
      await sessions.remove(tokenHash);
      throw new NodeError('UNAUTHENTICATED', OVER);
    }
    const account = await staff.findById(session.staffId);
    const principal = account === undefined ? undefined : principalOf(account);
    if (principal === undefined) throw new NodeError('UNAUTHENTICATED', OVER);
    if (now.getTime() - session.lastUsedAt.getTime() >= TOUCH_MILLISECONDS) await sessions.touch(tokenHash, now);
    return { ...principal, ...(session.stepUpAt === undefined ? {} : { stepUpAt: session.stepUpAt }) };
  }

  isSteppedUp({ stepUpAt }: StaffPrincipal): boolean {
    return stepUpAt !== undefined && this.dependencies.clock.now() < later(stepUpAt, STEP_UP_MILLISECONDS);
  }

  /**
   * Notes that the person of this session has proved once more who they are.
   * @returns until when that counts
   * @throws NodeError `UNAUTHENTICATED` when the session has ended meanwhile
   */
  async stepUp(token: string, staff: StaffPrincipal, method: string): Promise<Date> {
    const { transactions, sessions, audit, clock } = this.dependencies;
    const tokenHash = hashOfToken(token);
    const now = clock.now();
    await transactions.run(async (transaction) => {
      if (tokenHash === undefined || !(await sessions.stepUp(transaction, tokenHash, now))) throw new NodeError('UNAUTHENTICATED', OVER);
      await audit.append(transaction, { type: 'step-up', outcome: 'success', actor: actorOf(staff), detail: { method } });
    });
    return later(now, STEP_UP_MILLISECONDS);
  }

  async noteRefusal(token: string, staff: StaffPrincipal, operation: string, code: RefusalCode): Promise<void> {
    if (!this.refusals.take(token)) return;
    await appendAlone(this.dependencies, { type: 'operation-refused', outcome: 'refused', actor: actorOf(staff), reasonCode: code, detail: { operation } });
  }

  /** Ends the session of a token; an unknown one is no error. */
  async signOut(token: string, staff: StaffPrincipal): Promise<void> {
    const tokenHash = hashOfToken(token);
    if (tokenHash === undefined) return;
    await this.dependencies.sessions.remove(tokenHash);
    await appendAlone(this.dependencies, { type: 'sign-out', outcome: 'success', actor: actorOf(staff) });
  }

  /** A person's sessions that are not over, newest first. */
  async list(staff: StaffPrincipal, token: string): Promise<SessionSummary[]> {
    const own = hashOfToken(token);
    const now = this.dependencies.clock.now();
    const sessions = await this.dependencies.sessions.listOfStaff(staff.staffId);
    return sessions.filter((session) => !isOver(session, now)).map((session) => ({
      id: sessionIdOf(session.tokenHash),
      method: session.method,
      createdAt: session.createdAt,
      lastUsedAt: session.lastUsedAt,
      expiresAt: endOf(session),
      current: own !== undefined && constantTimeEqual(session.tokenHash, own),
    }));
  }

  /** Ends one session of the person. @throws NodeError `NOT_FOUND` when the id is none of theirs */
  async end(staff: StaffPrincipal, sessionId: string): Promise<void> {
    const sessions = await this.dependencies.sessions.listOfStaff(staff.staffId);
    const session = sessions.find(({ tokenHash }) => sessionIdOf(tokenHash) === sessionId);
    if (session === undefined) throw new NodeError('NOT_FOUND', 'You have no session with this id.');
    await this.dependencies.sessions.remove(session.tokenHash);
    await appendAlone(this.dependencies, { type: 'sessions-ended', outcome: 'success', actor: actorOf(staff), detail: { sessions: 1 } });
  }

  /** Ends all sessions of the person but this one; returns how many. */
  async endOthers(staff: StaffPrincipal, token: string): Promise<number> {
    return await this.dependencies.transactions.run(async (transaction) => {
      const ended = await this.dependencies.sessions.removeOfStaff(transaction, staff.staffId, hashOfToken(token));
      await this.dependencies.audit.append(transaction, { type: 'sessions-ended', outcome: 'success', actor: actorOf(staff), detail: { sessions: ended } });
      return ended;
    });
  }

  /** Deletes sessions that are over. */
  async removeExpired(): Promise<number> {
    const now = this.dependencies.clock.now();
    return await this.dependencies.sessions.removeExpired({
      createdBefore: later(now, -ABSOLUTE_MILLISECONDS),
      lastUsedBefore: later(now, -IDLE_MILLISECONDS),
      now,
    });
  }
}

function endOf({ createdAt, expiresAt }: StoredSession): Date {
  const absolute = later(createdAt, ABSOLUTE_MILLISECONDS);
  return expiresAt !== undefined && expiresAt < absolute ? expiresAt : absolute;
}

function isOver(session: StoredSession, now: Date): boolean {
  return now >= endOf(session) || now >= later(session.lastUsedAt, IDLE_MILLISECONDS);
}
