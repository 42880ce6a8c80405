import type { AuditActor, AuditEventType, AuditLog } from '@carecord/audit';
import type { Clock, Rate, Transaction, TransactionRunner } from '@carecord/core';
import { later, RateLimiter, toBase64Url } from '@carecord/core';
import { hashWithContext, randomNonce } from '@carecord/crypto';
import { verifyMembershipApplication } from '@carecord/identity';
import type { MembershipState, MembershipStore, StoredMembership, TicketStore } from '@carecord/storage';
import type { DemoTicket } from '../config/demo-files.ts';
import { NodeError } from '../failures/node-error.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { stateAfter } from './membership-transitions.ts';
import type { MembershipAction } from './membership-transitions.ts';

/** Given out, a ticket is used within days. */
export const DEFAULT_TICKET_MILLISECONDS = 30 * 24 * 60 * 60_000;
const TICKET_BYTES = 24;
/** Applications that wait for a person: strangers can hand them in, so they must not fill the database. */
export const MAX_PENDING = 500;
/** Wrong tickets that are noted: enough to see that somebody guesses, and two thousand a day at the most. */
const TICKET_REFUSAL_RATE: Rate = { burst: 100, perSecond: 1 / 60 };
/** From these an application can be admitted; in the other states it changes nothing. */
const WAITING: readonly MembershipState[] = ['pending', 'refused'];

/** Which event each decision leaves in the audit log. */
const EVENT_OF: Readonly<Record<MembershipAction, AuditEventType>> = {
  admit: 'member-admitted',
  refuse: 'member-refused',
  suspend: 'member-suspended',
  reinstate: 'member-reinstated',
  revoke: 'member-revoked',
};

/** What {@link MembershipOffice} needs from outside. */
export interface MembershipOfficeDependencies {
  /** The authority's own DID: applications must be meant for it. */
  readonly did: string;
  /** Authorities of the network admit each other: the operator's network file vouches for them. */
  readonly fellowAuthorities: readonly string[];
  readonly memberships: MembershipStore;
  readonly tickets: TicketStore;
  readonly transactions: TransactionRunner;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
  /** Called after every decision, before its result is given: the status list must not lag behind. */
  readonly onDecided: () => Promise<void>;
}

/** What became of an application, just now. */
interface Taken {
  readonly membership: StoredMembership;
  readonly outcome: 'admitted' | 'refused' | 'unchanged';
}

/** Who may be a member: takes applications, and lets people decide about them. */
export class MembershipOffice {
  private readonly refusals: RateLimiter;

  constructor(private readonly dependencies: MembershipOfficeDependencies) {
    this.refusals = new RateLimiter(TICKET_REFUSAL_RATE, dependencies.clock);
  }

  /** Makes the tickets of the demo known; used ones stay used. */
  async openTickets(tickets: readonly DemoTicket[]): Promise<void> {
    const now = this.dependencies.clock.now();
    const expiresAt = later(now, DEFAULT_TICKET_MILLISECONDS);
    await this.dependencies.tickets.add(tickets.map(({ ticket, name }) => ({ tokenHash: hashOf(ticket), expiresAt, ...(name === undefined ? {} : { name }) })), now);
  }

  /** A one-time permission to be admitted without a further look, shown this once. */
  async createTicket(options: { readonly name: string; readonly validForMilliseconds: number }, by: StaffPrincipal): Promise<{ readonly ticket: string; readonly expiresAt: Date }> {
    const { clock, tickets, transactions, audit } = this.dependencies;
    const now = clock.now();
    const ticket = toBase64Url(randomNonce(TICKET_BYTES));
    const expiresAt = later(now, options.validForMilliseconds);
    await transactions.run((transaction) => audit.append(transaction, { type: 'admission-ticket-created', outcome: 'success', actor: actorOf(by) }));
    await tickets.add([{ tokenHash: hashOf(ticket), expiresAt, name: options.name }], now);
    return { ticket, expiresAt };
  }

  /**
   * Takes an application. Who shows an open ticket, or is an authority of this network, is admitted at once; everybody else
   * waits for a person. A member that applies again is answered as it stands: that is how it renews its credential.
   * @param application a General JWS; anything else is refused
   * @throws IdentityError `APPLICATION_*`, `DID_*`; NodeError `TICKET_INVALID`, `TOO_MANY_APPLICATIONS`
   */
  async apply(application: unknown): Promise<StoredMembership> {
    const { did: audience, clock, transactions } = this.dependencies;
    const { did, history, name, ticket } = await verifyMembershipApplication(application, { audience, now: clock.now() });
    const { membership, outcome } = await transactions.run(async (transaction): Promise<Taken> => {
      const known = await this.dependencies.memberships.find(did, transaction);
      if (known !== undefined && !WAITING.includes(known.state)) return { membership: known, outcome: 'unchanged' };
      const isFellow = this.dependencies.fellowAuthorities.includes(did);
      const shown = isFellow ? undefined : ticket;
      const isTicketGood = shown !== undefined && (await this.useTicket(transaction, { did, name: known?.state === 'pending' ? known.name : name }, shown));
      const isVouchedFor = isFellow || isTicketGood;
      const standing = await this.register(transaction, known, { did, name, history }, isVouchedFor);
      if (standing.state === 'pending' && isVouchedFor) {
        return { membership: await this.decideIn(transaction, standing, 'admit', isFellow ? { kind: 'system', id: 'node' } : { kind: 'hospital', id: did }), outcome: 'admitted' };
      }
      if (shown === undefined || isTicketGood) return { membership: standing, outcome: 'unchanged' };
      // The refusal, too, is written down: then the transaction commits with that alone.
      await this.noteTicketRefused(transaction, did);
      return { membership: standing, outcome: 'refused' };
    });
    if (outcome === 'refused') throw new NodeError('TICKET_INVALID', 'The admission ticket is unknown, over, used already or for a hospital of another name.');
    // Nobody can have the list signed by applying again and again.
    if (outcome === 'admitted') await this.dependencies.onDecided();
    return membership;
  }

  /**
   * Decides about a hospital.
   * @throws NodeError `NOT_FOUND`, `WRONG_STATE`
   */
  async decide(did: string, action: MembershipAction, by: StaffPrincipal, reasonCode?: string): Promise<StoredMembership> {
    const { memberships, transactions, onDecided } = this.dependencies;
    const decided = await transactions.run(async (transaction) => {
      const standing = await memberships.find(did, transaction);
      if (standing === undefined) throw new NodeError('NOT_FOUND', 'No hospital with this DID has applied.');
      return await this.decideIn(transaction, standing, action, actorOf(by), reasonCode);
    });
    await onDecided();
    return decided;
  }

  /** The authority itself is a member of its network. */
  async admitItself(name: string, history: string): Promise<StoredMembership> {
    const { did, memberships, transactions, clock } = this.dependencies;
    return await transactions.run(async (transaction) => {
      const standing = await memberships.apply(transaction, { did, name, history, appliedAt: clock.now() });
      return standing.state === 'pending' ? await this.decideIn(transaction, standing, 'admit', { kind: 'system', id: 'node' }) : standing;
    });
  }

  /** Writes the application down, again if an earlier one was refused. @param isVouchedFor does not wait for a person, and so finds room whoever has filled the queue */
  private async register(
    transaction: Transaction,
    known: StoredMembership | undefined,
    application: { readonly did: string; readonly name: string; readonly history: string },
    isVouchedFor: boolean,
  ): Promise<StoredMembership> {
    const { memberships, clock } = this.dependencies;
    if (known === undefined && !isVouchedFor && (await memberships.count('pending')) >= MAX_PENDING) {
      throw new NodeError('TOO_MANY_APPLICATIONS', 'Too many applications wait for a decision: ask the authority for a ticket, or try again later.');
    }
    const dated = { ...application, appliedAt: clock.now() };
    if (known?.state !== 'refused') return await memberships.apply(transaction, dated);
    await memberships.applyAgain(transaction, dated);
    return { ...known, ...dated, state: 'pending' };
  }

  private async useTicket(transaction: Transaction, by: { readonly did: string; readonly name: string }, ticket: string): Promise<boolean> {
    const { tickets, clock } = this.dependencies;
    return (await tickets.use(transaction, hashOf(ticket), by, clock.now())) === 'used';
  }

  /** Bounded: anybody can show a wrong ticket as often as they like, and nothing is ever taken out of the audit log. */
  private async noteTicketRefused(transaction: Transaction, did: string): Promise<void> {
    if (!this.refusals.take('ticket')) return;
    await this.dependencies.audit.append(transaction, { type: 'member-refused', outcome: 'refused', actor: { kind: 'hospital', id: did }, counterparty: did, reasonCode: 'TICKET_INVALID' });
  }

  private async decideIn(transaction: Transaction, standing: StoredMembership, action: MembershipAction, actor: AuditActor, reasonCode?: string): Promise<StoredMembership> {
    const { memberships, audit, clock } = this.dependencies;
    const state = stateAfter(standing.state, action);
    if (state === undefined) throw new NodeError('WRONG_STATE', `A hospital that is ${standing.state} cannot be decided about in this way.`);
    const reason = reasonCode === undefined ? {} : { reasonCode };
    const decided = await memberships.decide(transaction, standing.did, {
      state,
      decidedAt: clock.now(),
      ...(actor.kind === 'staff' ? { decidedBy: actor.id } : {}),
      ...reason,
    });
    await audit.append(transaction, { type: EVENT_OF[action], outcome: action === 'refuse' ? 'refused' : 'success', actor, counterparty: standing.did, ...reason });
    return decided;
  }
}

function hashOf(ticket: string): Uint8Array {
  return hashWithContext('node/admission-ticket', ticket);
}
