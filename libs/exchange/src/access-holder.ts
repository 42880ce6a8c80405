import type { AuditActor, AuditEntry } from '@carecord/audit';
import { errorCodeOf, fromBase64Url, later } from '@carecord/core';
import type { OutboxPayload } from '@carecord/core';
import type { PatientMatch } from '@carecord/locator';
import { registerBlocks } from '@carecord/network';
import type { Member } from '@carecord/network';
import { BlockGate } from './block-gate.ts';
import type { HolderDependencies, Staff } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import type { ReceivedRequest } from './ports.ts';
import { RECEIVED_RETENTION_MILLISECONDS } from './limits.ts';
import { ACCESS_ANSWER_PROTOCOL, ACCESS_REQUEST_PROTOCOL } from './protocols.ts';
import type { AccessAnswer } from './protocols.ts';
import { Referrals } from './referrals.ts';
import type { InboxEntry, ReferralDecision } from './referrals.ts';
import { NOT_AVAILABLE_ANSWER, NotAvailable, tellableCode, untilRefusalDeadline } from './refusal.ts';
import { decisionDetail, ReleasePlanner } from './release.ts';
import type { ReleasePlan } from './release.ts';
import { checkRequest } from './request-checks.ts';
import { SealedValues } from './sealed-values.ts';
import type { AccessRequest, Selector } from './signed-request.ts';
import { nextReceived, RECEIVED_STATES } from './state-machine.ts';
import type { ReceivedState } from './state-machine.ts';

/**
 * The hospital that is asked: checks, decides, releases or refuses, and gives blocks out to whom it granted them. Whatever
 * goes wrong is a refusal, and every refusal that could say something about a patient looks alike.
 */
export class AccessHolder {
  private readonly planner: ReleasePlanner;
  private readonly sealed: SealedValues;
  private readonly referrals: Referrals;
  private readonly blocks: BlockGate;

  constructor(private readonly dependencies: HolderDependencies) {
    this.planner = new ReleasePlanner(dependencies);
    this.sealed = new SealedValues(dependencies.sealingKey);
    this.referrals = new Referrals(dependencies, this.planner, this.sealed);
    this.blocks = new BlockGate(dependencies);
  }

  /** Registers the request and answer protocols and the block provider with the network. Call it once. */
  start(): void {
    const { network } = this.dependencies;
    network.handle(ACCESS_REQUEST_PROTOCOL, (jws, from) => this.answer(jws, from));
    network.handle(ACCESS_ANSWER_PROTOCOL, ({ requestId }, from) => this.referrals.answerFor(requestId, from));
    registerBlocks(network, { read: (contentIds, from) => this.blocks.read(contentIds, from) });
  }

  /** Answers one request. Never rejects. */
  async answer(jws: unknown, from: Member): Promise<AccessAnswer> {
    const { clock, identity } = this.dependencies;
    const receivedAt = clock.now();
    let request: AccessRequest | undefined;
    try {
      request = await checkRequest(jws, from, identity, receivedAt);
      const match = await this.matchIfUnseen(request);
      const plan = await this.planner.plan(request, match.found === 'one' ? match.patientId : undefined, nobodyReason(match));
      // A stranger may share name and birth date: whether the patient is meant, a person has to see.
      if (isByDemographics(match)) return await this.refer(request, plan, receivedAt, 'MATCHED_BY_DEMOGRAPHICS');
      if (plan.decision.outcome === 'refer') return await this.refer(request, plan, receivedAt, plan.decision.reason);
      return await this.release(request, plan, from, receivedAt);
    } catch (error) {
      return this.refuse(error, request, from, receivedAt);
    }
  }

  /** What waits for a person, newest first. */
  inbox(): Promise<InboxEntry[]> {
    return this.referrals.inbox();
  }

  /**
   * A person decides about a referred request. The consents are evaluated again: a permission that they no longer give is a denial.
   * @throws ExchangeError `REQUEST_NOT_FOUND`, `WRONG_STATE` or `REQUESTER_UNREACHABLE`
   */
  decide(requestId: string, verdict: 'permit' | 'deny', staff: Staff): Promise<ReferralDecision> {
    return this.referrals.decide(requestId, verdict, staff);
  }

  /** Handler of the outbox topic {@link ACCESS_DECIDED}: tells the asker that a person decided. Idempotent; rejects to be called again. */
  pushOutcome(payload: OutboxPayload): Promise<void> {
    return this.referrals.pushOutcome(String(payload.requestId));
  }

  /**
   * Those of the content ids that this member may fetch now: covered by a grant to it that is neither expired nor revoked.
   * @throws ExchangeError `REQUEST_FOREIGN` when it is no hospital, or its membership is over
   */
  authoriseBlocks(contentIds: readonly string[], from: Member): Promise<Set<string>> {
    return this.blocks.authorise(contentIds, from);
  }

  /**
   * Ends all grants about a patient, because a consent was withdrawn: nothing more is fetched with them, and a release that is
   * being decided at this moment is refused. Who still has a consent asks again.
   * @returns how many grants ended
   */
  async revokeForPatient(patientId: string, actor: AuditActor): Promise<number> {
    const { audit, clock, grants, transactions } = this.dependencies;
    return transactions.run(async (transaction) => {
      const ended = await grants.revokeForPatient(transaction, patientId, clock.now());
      const entries = ended.map(({ grantId, requestId, recipient }): AuditEntry => {
        return { type: 'release-revoked', outcome: 'success', actor, patientId, requestId, counterparty: recipient, detail: { grantId } };
      });
      if (entries.length > 0) await audit.appendAll(transaction, entries);
      return ended.length;
    });
  }

  /** Deletes the requests that nobody needs any more; their log entries stay. To be called now and then. */
  async deleteOld(): Promise<void> {
    const { clock, received, transactions } = this.dependencies;
    const receivedUntil = later(clock.now(), -RECEIVED_RETENTION_MILLISECONDS);
    await transactions.run((transaction) => received.delete(transaction, { states: RECEIVED_STATES, receivedUntil }));
  }

  private async matchIfUnseen(request: AccessRequest): Promise<PatientMatch> {
    const { locator, received } = this.dependencies;
    const [seen, match] = await Promise.all([received.find(request.requestId), locator.patientOf(selectorBytes(request.selector))]);
    if (seen !== undefined) throw replayed();
    return match;
  }

  private async refer(request: AccessRequest, plan: ReleasePlan, receivedAt: Date, reasonCode: string): Promise<AccessAnswer> {
    const { audit, received, transactions } = this.dependencies;
    const { patientId, decision } = plan;
    await this.referrals.checkRoom(request.requester, patientId);
    const row = this.rowOf(request, nextReceived('asked', 'refer'), receivedAt, { patientId, reasonCode });
    await transactions.run(async (transaction) => {
      if ((await received.insert(transaction, row)) === 'duplicate') throw replayed();
      const detail = decisionDetail(decision);
      await audit.append(transaction, { ...entryOf(request), type: 'access-referred', outcome: 'success', patientId, reasonCode, detail });
    });
    return { state: 'referred' };
  }

  private async release(request: AccessRequest, plan: ReleasePlan, from: Member, receivedAt: Date): Promise<AccessAnswer> {
    const { audit, clock, grants, received, transactions } = this.dependencies;
    const { patientId, decision } = plan;
    const grant = await this.planner.grant(request, plan, decision.permittedTypes, from.resolved);
    const state = nextReceived(nextReceived('asked', 'permit'), 'release');
    const row = this.rowOf(request, state, receivedAt, { patientId, decidedAt: clock.now(), reasonCode: decision.reason });
    const entry = { ...entryOf(request), outcome: 'success', patientId, reasonCode: decision.reason } as const;
    await transactions.run(async (transaction) => {
      if ((await received.insert(transaction, row)) === 'duplicate') throw replayed();
      if ((await grants.insert(transaction, grant.stored, plan.revocations)) === 'revoked-meanwhile') {
        throw new NotAvailable('CONSENT_WITHDRAWN', patientId);
      }
      await audit.appendAll(transaction, [
        { ...entry, type: 'access-decided', detail: decisionDetail(decision) },
        { ...entry, type: 'records-released', detail: { grantId: grant.stored.grantId, versions: grant.stored.contentIds.length } },
      ]);
    });
    return { state: 'released', grant: grant.jws };
  }

  private async refuse(error: unknown, request: AccessRequest | undefined, from: Member, receivedAt: Date): Promise<AccessAnswer> {
    const code = tellableCode(error);
    if (code !== undefined) {
      await this.logged(this.remember({ ...senderEntry(from, request), outcome: 'refused', reasonCode: code }));
      return { state: 'refused', code };
    }
    await untilRefusalDeadline(receivedAt, this.dependencies.clock, this.logged(this.rememberRefusal(error, request, from, receivedAt)));
    return NOT_AVAILABLE_ANSWER;
  }

  private async rememberRefusal(error: unknown, request: AccessRequest | undefined, from: Member, receivedAt: Date): Promise<void> {
    const { clock, logger } = this.dependencies;
    const known = error instanceof NotAvailable;
    const reasonCode = known ? error.reasonCode : errorCodeOf(error, 'INTERNAL_ERROR');
    const patientId = known ? error.patientId : undefined;
    if (!known) logger.error('access-request-failed', { requestId: request?.requestId }, error);
    const row =
      request && this.rowOf(request, nextReceived('asked', 'deny'), receivedAt, { patientId, decidedAt: clock.now(), reasonCode });
    await this.remember(
      { ...senderEntry(from, request), outcome: known ? 'refused' : 'failure', reasonCode, patientId, detail: known ? error.detail : undefined },
      row,
    );
  }

  private async remember(entry: Omit<AuditEntry, 'type'>, row?: ReceivedRequest): Promise<void> {
    const { audit, received, transactions } = this.dependencies;
    await transactions.run(async (transaction) => {
      if (row !== undefined) await received.insert(transaction, row);
      await audit.append(transaction, { ...entry, type: 'access-refused' });
    });
  }

  /** A refusal stands even if it cannot be written down. */
  private async logged(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => this.dependencies.logger.error('access-refusal-not-recorded', {}, error));
  }

  private rowOf(
    request: AccessRequest,
    state: ReceivedState,
    receivedAt: Date,
    decided: Pick<ReceivedRequest, 'decidedAt' | 'patientId' | 'reasonCode'>,
  ): ReceivedRequest {
    const { requestId, requester, purpose, role, staffPseudonym, resourceTypes, reason } = request;
    const sealedReason = this.sealed.sealReason(requestId, reason);
    return { requestId, requester, state, purpose, role, staffPseudonym, sealedReason, resourceTypes, receivedAt, ...decided };
  }
}

/** Why the holder's log has no patient for a request; the asker is told nothing of it. */
function nobodyReason({ found }: PatientMatch): 'PATIENT_AMBIGUOUS' | 'UNKNOWN_PATIENT' {
  return found === 'several' ? 'PATIENT_AMBIGUOUS' : 'UNKNOWN_PATIENT';
}

function isByDemographics(match: PatientMatch): boolean {
  return match.found === 'one' && match.by === 'demographics';
}

function selectorBytes(selector: Selector): { handle: Uint8Array } | { tag: Uint8Array } {
  return 'handle' in selector ? { handle: fromBase64Url(selector.handle) } : { tag: fromBase64Url(selector.tag) };
}

function entryOf(request: AccessRequest): Pick<AuditEntry, 'actor' | 'counterparty' | 'purpose' | 'requestId'> {
  const { requester, role, purpose, requestId } = request;
  return { actor: { kind: 'hospital', id: requester, role }, counterparty: requester, purpose, requestId };
}

/** For a request that may not even be readable: the sender is proven by the connection. */
function senderEntry(from: Member, request: AccessRequest | undefined): Pick<AuditEntry, 'actor' | 'counterparty' | 'purpose' | 'requestId'> {
  return request === undefined ? { actor: { kind: 'hospital', id: from.did }, counterparty: from.did } : entryOf(request);
}

function replayed(): ExchangeError {
  return new ExchangeError('REQUEST_REPLAYED', 'A request with this id was received before.');
}
