import type { AuditEntry } from '@carecord/audit';
import { later } from '@carecord/core';
import type { PurposeOfUse } from '@carecord/fhir';
import { generalJwsSchema } from '@carecord/crypto';
import { decodeJsonPayload } from './encoding.ts';
import type { Member } from '@carecord/network';
import type { HolderDependencies, Staff } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import { MAX_LISTED_REQUESTS, MAX_OPEN_REFERRALS, OUTCOME_LIFETIME_MILLISECONDS, REFERRAL_LIFETIME_MILLISECONDS } from './limits.ts';
import type { ReceivedRequest } from './ports.ts';
import { ACCESS_OUTCOME_PROTOCOL } from './protocols.ts';
import type { AccessAnswer } from './protocols.ts';
import { NOT_AVAILABLE_ANSWER, NotAvailable } from './refusal.ts';
import { decisionDetail } from './release.ts';
import type { ReleasePlanner } from './release.ts';
import { checkIsHospital } from './request-checks.ts';
import type { SealedValues } from './sealed-values.ts';
import { nextReceived } from './state-machine.ts';
import type { ReceivedState } from './state-machine.ts';

/** Outbox topic: a person decided about a referred request; payload `{ requestId }`. */
export const ACCESS_DECIDED = 'access-decided';

/** A referred request as a person at the holder sees it. */
export interface InboxEntry {
  readonly requestId: string;
  /** DID of the asking hospital. */
  readonly requester: string;
  /** Our internal patient id. */
  readonly patientId: string;
  readonly purpose: PurposeOfUse;
  readonly role: string;
  readonly staffPseudonym: string;
  readonly reason: string;
  /** Why a person has to decide, e.g. `MATCHED_BY_DEMOGRAPHICS`: the patient was named by name and birth date, which others may share. */
  readonly reasonCode: string;
  /** Undefined: all. */
  readonly resourceTypes?: readonly string[];
  readonly receivedAt: Date;
  /** Until when it can be decided. */
  readonly lapsesAt: Date;
}

/** What became of a referred request. */
export interface ReferralDecision {
  readonly requestId: string;
  readonly state: Extract<ReceivedState, 'permitted' | 'denied'>;
  /** Why: for the holder alone. */
  readonly reasonCode: string;
}

type Referral = ReceivedRequest & { readonly patientId: string };

/** The requests that a person has to decide, and the way of that decision back to the asker. */
export class Referrals {
  constructor(
    private readonly dependencies: HolderDependencies,
    private readonly planner: ReleasePlanner,
    private readonly sealed: SealedValues,
  ) {}

  async inbox(): Promise<InboxEntry[]> {
    const { clock, received } = this.dependencies;
    const waiting = await received.list({ states: ['referred'], receivedAfter: openSince(clock.now()), limit: MAX_LISTED_REQUESTS });
    return waiting.filter(isReferral).map((request) => this.entryOf(request));
  }

  /**
   * Checks that a hospital may have one more question wait for a person. Those that come at the very same moment may all pass.
   * @throws NotAvailable
   */
  async checkRoom(requester: string, patientId: string): Promise<void> {
    const { clock, received } = this.dependencies;
    const open = await received.count({ requester, state: 'referred', receivedAfter: openSince(clock.now()) });
    if (open >= MAX_OPEN_REFERRALS) throw new NotAvailable('TOO_MANY_REFERRALS', patientId);
  }

  async decide(requestId: string, verdict: 'permit' | 'deny', staff: Staff): Promise<ReferralDecision> {
    const request = await this.openReferral(requestId);
    if (verdict === 'deny') return this.deny(request, staff, 'PERSON_DENIES');
    try {
      return await this.permit(request, staff);
    } catch (error) {
      if (error instanceof NotAvailable) return this.deny(request, staff, error.reasonCode);
      throw error;
    }
  }

  /** Tells the asker that it can fetch the answer; rejects when it cannot be reached, so that the outbox tries again. */
  async pushOutcome(requestId: string): Promise<void> {
    const { network, received } = this.dependencies;
    const request = await received.find(requestId);
    if (request === undefined || this.isTooLateToTell(request)) return;
    const { accepted } = await network.request(ACCESS_OUTCOME_PROTOCOL, request.requester, { requestId });
    if (!accepted) this.dependencies.logger.warn('access-outcome-not-accepted', { requestId });
  }

  /**
   * What became of a referred request, for the hospital that asked it; the same again when it asks again. For any other request,
   * and for anybody else, there is nothing.
   * @throws ExchangeError `REQUEST_FOREIGN` when it is no hospital
   */
  async answerFor(requestId: string, from: Member): Promise<AccessAnswer> {
    const { clock, received } = this.dependencies;
    checkIsHospital(from, clock.now());
    const request = await received.find(requestId);
    if (request?.requester !== from.did) return NOT_AVAILABLE_ANSWER;
    if (request.state === 'referred' && lapsesAt(request) > clock.now()) return { state: 'referred' };
    const decidedByPerson = request.decidedBy !== undefined;
    return decidedByPerson && (request.state === 'permitted' || request.state === 'released') ? this.handOver(request) : NOT_AVAILABLE_ANSWER;
  }

  private async openReferral(requestId: string): Promise<Referral> {
    const { clock, received } = this.dependencies;
    const request = await received.find(requestId);
    if (request === undefined || !isReferral(request)) throw new ExchangeError('REQUEST_NOT_FOUND', 'There is no such request.');
    if (request.state !== 'referred' || lapsesAt(request) <= clock.now()) throw decidedAlready();
    return request;
  }

  private async permit(request: Referral, staff: Staff): Promise<ReferralDecision> {
    const { audit, clock, grants, network, outbox, received, transactions } = this.dependencies;
    const { requestId, patientId } = request;
    const plan = await this.planner.plan(request, patientId);
    const requester = await network.memberByDid(request.requester);
    if (requester === undefined) {
      throw new ExchangeError('REQUESTER_UNREACHABLE', 'The asking hospital is not reachable now, and a grant needs its present keys: try again later.');
    }
    const types = [...plan.decision.permittedTypes, ...plan.decision.referredTypes];
    const grant = await this.planner.grant(request, plan, types, requester.resolved);
    const state = nextReceived('referred', 'permit');
    const reasonCode = 'PERSON_PERMITS';
    await transactions.run(async (transaction) => {
      const change = { state, decidedAt: clock.now(), decidedBy: staff.id, reasonCode };
      if ((await received.change(transaction, requestId, 'referred', change)) === 'wrong-state') throw decidedAlready();
      if ((await grants.insert(transaction, grant.stored, plan.revocations)) === 'revoked-meanwhile') {
        throw new NotAvailable('CONSENT_WITHDRAWN', patientId);
      }
      await outbox.enqueue(transaction, ACCESS_DECIDED, { requestId });
      const { grantId, contentIds } = grant.stored;
      const entry = { ...auditEntry(request, staff), outcome: 'success', reasonCode } as const;
      await audit.appendAll(transaction, [
        { ...entry, type: 'access-decided', detail: decisionDetail(plan.decision) },
        { ...entry, type: 'records-released', detail: { grantId, versions: contentIds.length } },
      ]);
    });
    return { requestId, state: 'permitted', reasonCode };
  }

  private async deny(request: Referral, staff: Staff, reasonCode: string): Promise<ReferralDecision> {
    const { audit, clock, outbox, received, transactions } = this.dependencies;
    const { requestId } = request;
    const change = { state: nextReceived('referred', 'deny'), decidedAt: clock.now(), decidedBy: staff.id, reasonCode };
    await transactions.run(async (transaction) => {
      if ((await received.change(transaction, requestId, 'referred', change)) === 'wrong-state') throw decidedAlready();
      await outbox.enqueue(transaction, ACCESS_DECIDED, { requestId });
      await audit.append(transaction, { ...auditEntry(request, staff), type: 'access-decided', outcome: 'refused', reasonCode });
    });
    return { requestId, state: 'denied', reasonCode };
  }

  /** The grant, if it still holds; otherwise a permission that was not used is taken back and the asker is told that there is nothing. */
  private async handOver({ requestId, state }: ReceivedRequest): Promise<AccessAnswer> {
    const { clock, grants } = this.dependencies;
    const grant = await grants.findByRequest(requestId);
    const holds = grant !== undefined && grant.revokedAt === undefined && grant.expiresAt > clock.now();
    if (state === 'permitted') {
      await (holds
        ? this.change(requestId, 'permitted', nextReceived('permitted', 'release'))
        : this.change(requestId, 'permitted', nextReceived('permitted', 'withdraw'), 'GRANT_ENDED'));
    }
    return holds ? { state: 'released', grant: generalJwsSchema.parse(decodeJsonPayload(grant.jws)) } : NOT_AVAILABLE_ANSWER;
  }

  private async change(requestId: string, from: ReceivedState, state: ReceivedState, reasonCode?: string): Promise<void> {
    const { received, transactions } = this.dependencies;
    await transactions.run((transaction) => received.change(transaction, requestId, from, { state, reasonCode }));
  }

  private isTooLateToTell(request: ReceivedRequest): boolean {
    const since = request.decidedAt ?? request.receivedAt;
    return later(since, OUTCOME_LIFETIME_MILLISECONDS) <= this.dependencies.clock.now();
  }

  private entryOf(request: Referral): InboxEntry {
    const { requestId, requester, patientId, purpose, role, staffPseudonym, resourceTypes, receivedAt, reasonCode = 'POLICY_REFERS' } = request;
    const reason = this.sealed.openReason(requestId, request.sealedReason);
    return { requestId, requester, patientId, purpose, role, staffPseudonym, reason, reasonCode, resourceTypes, receivedAt, lapsesAt: lapsesAt(request) };
  }
}

function isReferral(request: ReceivedRequest): request is Referral {
  return request.patientId !== undefined;
}

function lapsesAt(request: ReceivedRequest): Date {
  return later(request.receivedAt, REFERRAL_LIFETIME_MILLISECONDS);
}

/** Referrals received after this instant have not lapsed. */
function openSince(now: Date): Date {
  return later(now, -REFERRAL_LIFETIME_MILLISECONDS);
}

function auditEntry(request: Referral, staff: Staff): Pick<AuditEntry, 'actor' | 'counterparty' | 'patientId' | 'purpose' | 'requestId'> {
  const { patientId, purpose, requestId, requester } = request;
  return { actor: { kind: 'staff', id: staff.id, role: staff.role }, counterparty: requester, patientId, purpose, requestId };
}

function decidedAlready(): ExchangeError {
  return new ExchangeError('WRONG_STATE', 'This request is decided already, or its time is over.');
}
