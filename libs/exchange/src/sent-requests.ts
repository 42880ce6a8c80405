import type { PurposeOfUse } from '@carecord/fhir';
import type { RequesterDependencies } from './dependencies.ts';
import { MAX_LISTED_REQUESTS } from './limits.ts';
import type { SentRequest } from './ports.ts';
import type { SealedValues } from './sealed-values.ts';
import { EXPIRING_STATES } from './state-machine.ts';
import type { SentState } from './state-machine.ts';

/** A request as the staff member sees it who asked. */
export interface SentRequestView {
  readonly requestId: string;
  /** DID of the hospital asked. */
  readonly holder: string;
  readonly state: SentState;
  readonly purpose: PurposeOfUse;
  readonly reason: string;
  /** Undefined: all. */
  readonly resourceTypes?: readonly string[];
  /** Code of the refusal or failure. */
  readonly outcomeCode?: string;
  readonly askedAt: Date;
  /** When the present state ends by itself: with `released`, until when it can be read. */
  readonly deadline: Date;
  readonly settledAt?: Date;
}

/** The list of what was asked, and its end. */
export class SentRequests {
  constructor(
    private readonly dependencies: Pick<RequesterDependencies, 'blocks' | 'clock' | 'recipientKeys' | 'sent' | 'transactions'>,
    private readonly sealed: SealedValues,
  ) {}

  async list(staffId: string): Promise<SentRequestView[]> {
    const { clock, sent } = this.dependencies;
    const now = clock.now();
    const requests = await sent.listByStaff(staffId, MAX_LISTED_REQUESTS);
    return requests.map((request) => this.viewOf(request, now));
  }

  async expireOverdue(): Promise<void> {
    const { blocks, clock, sent, transactions } = this.dependencies;
    await transactions.run(async (transaction) => {
      await sent.expire(transaction, EXPIRING_STATES, clock.now());
      await blocks.deleteExpired(transaction, clock.now());
    });
  }

  /**
   * A grant names its key. Before there is one, the holder may seal it to the key that was current when we asked or to any newer
   * one, whichever it knows at that moment; a request of which no key is known may need any.
   */
  async recipientKeysInUse(): Promise<Set<string>> {
    const { clock, recipientKeys, sent } = this.dependencies;
    const keyIds = recipientKeys().map(({ keyId }) => keyId);
    const uses = await sent.recipientKeyUses(EXPIRING_STATES, clock.now());
    return new Set(uses.flatMap(({ recipientKeyId, state }) => {
      if (state === 'released' && recipientKeyId !== undefined) return [recipientKeyId];
      const at = recipientKeyId === undefined ? -1 : keyIds.indexOf(recipientKeyId);
      return at === -1 ? keyIds : keyIds.slice(0, at + 1);
    }));
  }

  private viewOf(request: SentRequest, now: Date): SentRequestView {
    const { requestId, holder, purpose, resourceTypes, outcomeCode, askedAt, deadline, settledAt } = request;
    const isOver = EXPIRING_STATES.includes(request.state) && deadline <= now;
    return {
      requestId,
      holder,
      state: isOver ? 'expired' : request.state,
      purpose,
      reason: this.sealed.openReason(requestId, request.sealedReason),
      resourceTypes,
      outcomeCode,
      askedAt,
      deadline,
      settledAt,
    };
  }
}
