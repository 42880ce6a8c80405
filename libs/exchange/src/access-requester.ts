import type { AuditActor, AuditEntry } from '@carecord/audit';
import { later, newId } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import { NetworkError } from '@carecord/network';
import type { Member } from '@carecord/network';
import type { OpenedRecord } from '@carecord/records';
import type { RequesterDependencies, Staff } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import { verifyGrant } from './grant.ts';
import { ANSWER_LIFETIME_MILLISECONDS, REFERRAL_LIFETIME_MILLISECONDS } from './limits.ts';
import type { SentChange, SentRequest } from './ports.ts';
import { ACCESS_ANSWER_PROTOCOL, ACCESS_OUTCOME_PROTOCOL, ACCESS_REQUEST_PROTOCOL } from './protocols.ts';
import type { AccessAnswer, OutcomeReceipt, ReferredRequest, RefusalCode } from './protocols.ts';
import { buildRequest } from './question.ts';
import type { AccessQuestion } from './question.ts';
import { fetchRelease } from './release-fetch.ts';
import { ReleaseReader } from './release-reader.ts';
import { SealedValues } from './sealed-values.ts';
import { SentRequests } from './sent-requests.ts';
import { staffPseudonym } from './staff-pseudonym.ts';
import type { SentRequestView } from './sent-requests.ts';
import { signAccessRequest } from './signed-request.ts';
import type { AccessRequest } from './signed-request.ts';
import { nextSent } from './state-machine.ts';
import type { SentState } from './state-machine.ts';

/** What became of a question so far. */
export interface RequestOutcome {
  readonly requestId: string;
  /** `referred`: a person at the holder decides; the state changes when the holder tells us. */
  readonly state: Extract<SentState, 'released' | 'referred' | 'refused'>;
  /** With `refused`: the code. `NOT_AVAILABLE` is all that a holder says about a patient. */
  readonly code?: RefusalCode;
}

/** The hospital that asks: sends signed requests, checks and keeps what is released, opens it for who asked. */
export class AccessRequester {
  private readonly sealed: SealedValues;
  private readonly reader: ReleaseReader;
  private readonly sentRequests: SentRequests;
  /** Answers that are being fetched, by request: telling us the same outcome many times at once makes us fetch it once. */
  private readonly fetching = new Map<string, Promise<OutcomeReceipt>>();

  constructor(private readonly dependencies: RequesterDependencies) {
    this.sealed = new SealedValues(dependencies.sealingKey);
    this.reader = new ReleaseReader(dependencies, this.sealed);
    this.sentRequests = new SentRequests(dependencies, this.sealed);
  }

  /** Registers the outcome protocol with the network. Call it once. */
  start(): void {
    this.dependencies.network.handle(ACCESS_OUTCOME_PROTOCOL, (outcome, from) => this.onOutcome(outcome, from));
  }

  /**
   * Asks a hospital for records of one patient, and fetches them when it releases them.
   * @throws ExchangeError `REQUEST_INVALID`, `REASON_INVALID`; `HOLDER_UNREACHABLE`, `GRANT_INVALID`, `GRANT_EXPIRED`, `GRANT_KEY_DESTROYED`, `CIPHERTEXT_TAMPERED`, `TOO_MANY_RECORDS` or `NOT_AVAILABLE`
   * (granted, but not given out); the request is `failed` then
   */
  async requestAccess(question: AccessQuestion): Promise<RequestOutcome> {
    const { clock, identity } = this.dependencies;
    // One snapshot for the whole question: keys may rotate while it is made.
    const { resolved, signer } = identity.current();
    const pseudonym = staffPseudonym(this.dependencies.pseudonymKey, question.staff.id, question.holder);
    const request = buildRequest(question, { requestId: newId(), pseudonym, identity, now: clock.now() });
    const jws = await signAccessRequest(request, { did: resolved, signer });
    const sent = await this.remember(request, question.staff, resolved.recipientKeyId);
    try {
      const answer = await this.dependencies.network.request(ACCESS_REQUEST_PROTOCOL, request.holder, jws);
      return await this.settle(sent, answer, staffActor(sent));
    } catch (error) {
      throw await this.failed(sent, error);
    }
  }

  /** A staff member's requests, newest first. Those whose time is over show as `expired`. */
  requests(staffId: string): Promise<SentRequestView[]> {
    return this.sentRequests.list(staffId);
  }

  /**
   * The released records of a request, opened, newest first by clinical date.
   * @throws ExchangeError `REQUEST_NOT_FOUND` (also for another staff member's), `WRONG_STATE`, `GRANT_EXPIRED`, `GRANT_INVALID`, `GRANT_KEY_DESTROYED` or `CIPHERTEXT_TAMPERED`
   */
  readReleased(requestId: string, staff: Staff): Promise<OpenedRecord[]> {
    return this.reader.read(requestId, staff);
  }

  /** Ends what is over: lost questions, unanswered referrals, grants with their keys, blocks. To be called now and then. */
  expireOverdue(): Promise<void> {
    return this.sentRequests.expireOverdue();
  }

  /** Ids of the recipient keys that open, or may have to open, what was asked and is not over: a retired key that is not among them can be destroyed. */
  recipientKeysInUse(): Promise<Set<string>> {
    return this.sentRequests.recipientKeysInUse();
  }

  /**
   * A holder tells that a person decided: the answer is fetched from it. Idempotent; rejects when answer or blocks cannot be
   * fetched now, so that the holder tells it again.
   */
  async onOutcome({ requestId }: ReferredRequest, from: Member): Promise<OutcomeReceipt> {
    const sent = await this.dependencies.sent.find(requestId);
    if (sent === undefined || sent.holder !== from.did) return { accepted: false };
    if (sent.state !== 'referred') return { accepted: sent.state === 'released' || sent.state === 'refused' };
    const fetching = this.fetching.get(requestId) ?? this.fetchAnswer(sent).finally(() => this.fetching.delete(requestId));
    this.fetching.set(requestId, fetching);
    return fetching;
  }

  private async fetchAnswer(sent: SentRequest): Promise<OutcomeReceipt> {
    const { requestId, holder } = sent;
    try {
      const answer = await this.dependencies.network.request(ACCESS_ANSWER_PROTOCOL, holder, { requestId });
      if (answer.state === 'referred') return { accepted: false };
      const { state } = await this.settle(sent, answer, { kind: 'hospital', id: holder });
      return { accepted: state === answer.state };
    } catch (error) {
      if (!(error instanceof ExchangeError) || !GRANT_FAULTS.has(error.code)) throw error;
      await this.failed(sent, error);
      return { accepted: false };
    }
  }

  private async remember(request: AccessRequest, staff: Staff, recipientKeyId: string): Promise<SentRequest> {
    const { audit, sent, transactions } = this.dependencies;
    const { requestId, holder, purpose, resourceTypes, reason } = request;
    const askedAt = new Date(request.issuedAt);
    const row: SentRequest = {
      requestId,
      staffId: staff.id,
      role: staff.role,
      holder,
      state: 'asked',
      purpose,
      sealedReason: this.sealed.sealReason(requestId, reason),
      resourceTypes,
      askedAt,
      deadline: later(askedAt, ANSWER_LIFETIME_MILLISECONDS),
      recipientKeyId,
    };
    await transactions.run(async (transaction) => {
      if ((await sent.insert(transaction, row)) === 'duplicate') throw new ExchangeError('REQUEST_REPLAYED', 'A request with this id exists.');
      await audit.append(transaction, { ...entryOf(row), type: 'access-requested', outcome: 'success', actor: staffActor(row) });
    });
    return row;
  }

  private async settle(sent: SentRequest, answer: AccessAnswer, actor: AuditActor): Promise<RequestOutcome> {
    if (answer.state === 'released') return this.takeRelease(sent, answer.grant, actor);
    const settledAt = this.dependencies.clock.now();
    if (answer.state === 'referred') {
      const deadline = later(settledAt, REFERRAL_LIFETIME_MILLISECONDS);
      const change = { state: nextSent(sent.state, 'refer'), deadline, settledAt };
      return this.step(sent, change, { ...entryOf(sent), type: 'access-referred', outcome: 'success', actor });
    }
    const change = { state: nextSent(sent.state, 'refuse'), outcomeCode: answer.code, settledAt };
    return this.step(sent, change, { ...entryOf(sent), type: 'access-refused', outcome: 'refused', actor, reasonCode: answer.code });
  }

  private async takeRelease(sent: SentRequest, jws: Extract<AccessAnswer, { state: 'released' }>['grant'], actor: AuditActor): Promise<RequestOutcome> {
    const { blocks, clock, identity, network, recipientKeys } = this.dependencies;
    const holder = await network.memberByDid(sent.holder);
    if (holder === undefined) throw unreachable();
    const asked = { requestId: sent.requestId, requester: identity.did, purpose: sent.purpose };
    const { terms } = await verifyGrant(jws, asked, holder.resolved, { recipientKeys: recipientKeys(), now: clock.now() });
    const contentIds = [...new Set(terms.versions.map((version) => version.contentId))];
    await fetchRelease(this.dependencies, sent.holder, contentIds);
    const deadline = new Date(terms.expiresAt);
    const change: SentChange = {
      state: nextSent(sent.state, 'release'),
      sealedGrant: this.sealed.sealGrant(sent.requestId, jws),
      deadline,
      settledAt: clock.now(),
      recipientKeyId: terms.recipientKeyId,
    };
    const detail = { grantId: terms.grantId, versions: terms.versions.length };
    return this.step(sent, change, { ...entryOf(sent), type: 'records-received', outcome: 'success', actor, detail }, async (transaction) => {
      const kept = await blocks.keep(transaction, contentIds, deadline);
      if (kept < contentIds.length) throw new ExchangeError('NOT_AVAILABLE', 'What the holder gave out was deleted before all of it had come.');
    });
  }

  /** Takes a step; if the request moved on meanwhile, says where it stands. */
  private async step(sent: SentRequest, change: SentChange, entry: AuditEntry, alongside?: Alongside): Promise<RequestOutcome> {
    const changed = await this.write(sent, change, entry, alongside);
    return outcomeOf(changed ? { ...sent, ...change } : await this.dependencies.sent.find(sent.requestId));
  }

  /** Writes a step, what belongs to it and its log entry together; false, and nothing written, if the request moved on. */
  private async write(sent: SentRequest, change: SentChange, entry: AuditEntry, alongside?: Alongside): Promise<boolean> {
    const { audit, sent: store, transactions } = this.dependencies;
    return transactions.run(async (transaction) => {
      if ((await store.change(transaction, sent.requestId, sent.state, change)) === 'wrong-state') return false;
      await alongside?.(transaction);
      await audit.append(transaction, entry);
      return true;
    });
  }

  /** Notes the failure and gives the error to throw. */
  private async failed(sent: SentRequest, cause: unknown): Promise<unknown> {
    const { clock, logger } = this.dependencies;
    const error = asExchangeError(cause);
    const outcomeCode = error instanceof ExchangeError ? error.code : 'INTERNAL_ERROR';
    const change = { state: nextSent(sent.state, 'fail'), outcomeCode, settledAt: clock.now() };
    const actor = { kind: 'system', id: 'exchange' } as const;
    try {
      await this.write(sent, change, { ...entryOf(sent), type: 'access-refused', outcome: 'failure', actor, reasonCode: outcomeCode });
    } catch (unrecorded) {
      logger.error('access-failure-not-recorded', { requestId: sent.requestId }, unrecorded);
    }
    return error;
  }
}

type Alongside = (transaction: Transaction) => Promise<void>;

/** Faults of what the holder sent, which sending it again does not mend. */
const GRANT_FAULTS: ReadonlySet<string> = new Set(['GRANT_INVALID', 'GRANT_EXPIRED', 'GRANT_KEY_DESTROYED', 'TOO_MANY_RECORDS']);

function outcomeOf(request: SentRequest | undefined): RequestOutcome {
  if (request?.state !== 'released' && request?.state !== 'referred' && request?.state !== 'refused') {
    throw new ExchangeError('WRONG_STATE', 'The request ended before its answer was taken.');
  }
  const { requestId, state, outcomeCode } = request;
  return { requestId, state, ...(outcomeCode === undefined ? {} : { code: outcomeCode as RefusalCode }) };
}

function entryOf(request: SentRequest): Pick<AuditEntry, 'counterparty' | 'purpose' | 'requestId'> {
  return { counterparty: request.holder, purpose: request.purpose, requestId: request.requestId };
}

function staffActor(request: SentRequest): AuditActor {
  return { kind: 'staff', id: request.staffId, role: request.role };
}

/** An error of the network as one of ours; any other stays what it is. */
function asExchangeError(cause: unknown): unknown {
  if (!(cause instanceof NetworkError)) return cause;
  if (cause.code !== 'BLOCK_INVALID') return unreachable(cause);
  return new ExchangeError('CIPHERTEXT_TAMPERED', 'The holder gave bytes that are not those it granted.', { cause });
}

function unreachable(cause?: unknown): ExchangeError {
  return new ExchangeError('HOLDER_UNREACHABLE', 'The hospital asked cannot be reached, or broke off: try again later.', { cause });
}
