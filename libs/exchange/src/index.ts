/**
 * How a record goes from one hospital to another, and only to the one that may have it: signed requests, decisions,
 * grants, and the opening of what was released.
 *
 * @example
 * const holder = new AccessHolder({ network, identity, records, locator, consent, received, grants, … });
 * const requester = new AccessRequester({ network, identity, recipientKeys, sent, blocks, … });
 * holder.start();
 * requester.start();
 * outboxWorker.on(ACCESS_DECIDED, (payload) => holder.pushOutcome(payload));
 *
 * const { requestId, state } = await requester.requestAccess({ handle, holder: did, purpose: 'TREAT', reason, staff });
 * if (state === 'released') show(await requester.readReleased(requestId, staff));
 */
export { AccessHolder } from './access-holder.ts';
export { AccessRequester } from './access-requester.ts';
export { ExchangeError } from './exchange-error.ts';
export { MAX_REASON_CHARACTERS, REFUSAL_DEADLINE_MILLISECONDS } from './limits.ts';
export { ACCESS_DECIDED } from './referrals.ts';
export type { RequestOutcome } from './access-requester.ts';
export type { HolderDependencies, RecipientKey, RequesterDependencies, Staff } from './dependencies.ts';
export type { ExchangeErrorCode } from './exchange-error.ts';
export type {
  GrantStore,
  ReceivedBlock,
  ReceivedBlockStore,
  ReceivedChange,
  ReceivedRequest,
  ReceivedRequestStore,
  RecipientKeyUse,
  SentChange,
  SentRequest,
  SentRequestStore,
  StoredGrant,
} from './ports.ts';
export type { RefusalCode } from './protocols.ts';
export type { AccessQuestion } from './question.ts';
export type { InboxEntry, ReferralDecision } from './referrals.ts';
export type { SentRequestView } from './sent-requests.ts';
export type { ReceivedState, SentState } from './state-machine.ts';
