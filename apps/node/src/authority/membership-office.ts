import type { AuditEntry, AuditLog } from '@carecord/audit';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import { later } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, issueMembershipCredential, verifyMembershipApplication } from '@carecord/identity';
import type { MemberRole } from '@carecord/identity';
import type { TicketStore } from '@carecord/storage';
import type { DemoTicket } from '../config/demo-files.ts';
import { NodeError } from '../failures/node-error.ts';
import type { NodeIdentity } from '../identity/node-identity.ts';

/** A year: renewal and revocation by status list come with the identity issue. */
export const MEMBERSHIP_MILLISECONDS = 365 * 24 * 60 * 60_000;
/** Given out, a ticket is used within days. */
const TICKET_MILLISECONDS = 30 * 24 * 60 * 60_000;

/** What {@link MembershipOffice} needs from outside. */
export interface MembershipOfficeDependencies {
  readonly identity: NodeIdentity;
  readonly networkId: string;
  readonly tickets: TicketStore;
  readonly transactions: TransactionRunner;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
}

/** Admits hospitals: whoever proves its DID's keys and holds an open ticket gets a membership credential. */
export class MembershipOffice {
  private readonly names = new Map<string, string>();

  constructor(private readonly dependencies: MembershipOfficeDependencies) {}

  /** Makes the tickets of the demo known; used ones stay used. */
  async openTickets(tickets: readonly DemoTicket[]): Promise<void> {
    const { clock, tickets: store } = this.dependencies;
    const now = clock.now();
    for (const { ticket, name } of tickets) if (name !== undefined) this.names.set(keyOf(hashOf(ticket)), name);
    await store.add(tickets.map(({ ticket }) => ({ tokenHash: hashOf(ticket), expiresAt: later(now, TICKET_MILLISECONDS) })), now);
  }

  /**
   * @param application a General JWS; anything else is refused
   * @throws IdentityError `APPLICATION_*`, `DID_LOG_INVALID`; NodeError `TICKET_INVALID`
   */
  async admit(application: unknown): Promise<GeneralJws> {
    const { identity, clock, transactions } = this.dependencies;
    const { subject, name, ticket } = await verifyMembershipApplication(application, { audience: identity.resolved.did, now: clock.now() });
    const admitted = await transactions.run((transaction) => this.useTicket(transaction, subject.did, name, ticket));
    if (!admitted) throw new NodeError('TICKET_INVALID', 'The admission ticket is unknown, over, used already or for a hospital of another name.');
    return await this.credentialFor(subject.did, name, ['hospital']);
  }

  /** A membership credential, valid from now on. */
  async credentialFor(did: string, name: string, roles: readonly MemberRole[]): Promise<GeneralJws> {
    const { identity, networkId, clock } = this.dependencies;
    const now = clock.now();
    return await issueMembershipCredential({
      issuer: identity.resolved,
      signer: identity.signer,
      subject: did,
      subjectName: name,
      networkId,
      roles,
      validFrom: later(now, -CLOCK_SKEW_MILLISECONDS),
      validUntil: later(now, MEMBERSHIP_MILLISECONDS),
    });
  }

  /** The refusal, too, is written down: then the transaction commits with that alone. */
  private async useTicket(transaction: Transaction, did: string, name: string, ticket: string): Promise<boolean> {
    const { audit, clock, tickets } = this.dependencies;
    const tokenHash = hashOf(ticket);
    const expectedName = this.names.get(keyOf(tokenHash));
    const fits = expectedName === undefined || expectedName === name;
    const used = fits && (await tickets.use(transaction, tokenHash, did, clock.now())) === 'used';
    const about: Pick<AuditEntry, 'actor' | 'counterparty'> = { actor: { kind: 'hospital', id: did }, counterparty: did };
    if (used) await audit.append(transaction, { ...about, type: 'member-admitted', outcome: 'success' });
    else await audit.append(transaction, { ...about, type: 'member-refused', outcome: 'refused', reasonCode: 'TICKET_INVALID' });
    return used;
  }
}

function hashOf(ticket: string): Uint8Array {
  return hashWithContext('node/admission-ticket', ticket);
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
