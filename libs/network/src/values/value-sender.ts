import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import type { Observer } from '../health/ports.ts';
import { NetworkError } from '../network-error.ts';
import type { NetworkHost } from '../ports.ts';
import { decodeOutcomes, STORE_PROTOCOL } from './store-protocol.ts';
import type { StoreOutcome, StoreRequest } from './store-protocol.ts';
import type { CheckedValue } from './value-rules.ts';
import { AttachmentList, MAX_CONTENT_BYTES, MAX_MESSAGE_VALUES, VALUE_OVERHEAD_BYTES } from './wire-values.ts';

/** A member that is busy with others, or with us, is asked again after so long, */
const PAUSE_MILLISECONDS = 1_000;
/** so many times in all of a delivery, or nobody could end it: 100,000 pointers take a minute at the rate that a storer allows. */
const MAX_PAUSES = 120;

/** What {@link ValueSender} works with. */
export interface ValueSenderOptions {
  readonly ask: NetworkHost['request'];
  readonly observer: Observer;
  readonly clock: Clock;
}

/** Values for one member. */
export interface Delivery<Value extends CheckedValue> {
  readonly to: string;
  readonly role: StoreRequest['role'];
  readonly values: readonly Value[];
  readonly signal: AbortSignal;
  /** Called for each message that is sent. */
  readonly onSent?: (bytes: number) => void;
}

/** Gives values to members, in as few messages as they fit into. */
export class ValueSender {
  constructor(private readonly options: ValueSenderOptions) {}

  /**
   * Sends one member its values, one message after the other, and tells of each message how its values were taken.
   * @throws NetworkError when the member does not answer, or not as it must: what was not told of is not stored there for sure
   */
  async *send<Value extends CheckedValue>(delivery: Delivery<Value>): AsyncGenerator<{ readonly values: readonly Value[]; readonly outcomes: readonly StoreOutcome[] }, void> {
    const pauses = { left: MAX_PAUSES };
    for (const { values, request, bytes } of messagesOf(delivery)) {
      delivery.onSent?.(bytes);
      const { outcomes } = await this.askPatiently(delivery, request, pauses);
      const decoded = decodeOutcomes(outcomes, values.length);
      if (decoded === undefined) {
        this.options.observer.observe(delivery.to, { kind: 'malformed' });
        throw new NetworkError('RESPONSE_INVALID', 'A storer answered about other values than it was sent.');
      }
      yield { values, outcomes: decoded };
    }
  }

  private async askPatiently({ to, signal }: Delivery<CheckedValue>, request: StoreRequest, pauses: { left: number }): Promise<{ outcomes: Uint8Array }> {
    const { ask, clock } = this.options;
    for (;;) {
      try {
        return await ask(STORE_PROTOCOL, to, request, { signal });
      } catch (error) {
        const isBusy = error instanceof NetworkError && error.remoteCode === 'RATE_LIMITED';
        if (!isBusy || pauses.left <= 0) throw error;
        pauses.left -= 1;
        await clock.sleepUntil(later(clock.now(), PAUSE_MILLISECONDS), signal);
      }
    }
  }
}

interface Message<Value> {
  readonly values: Value[];
  readonly request: StoreRequest;
  bytes: number;
}

function* messagesOf<Value extends CheckedValue>({ role, values }: Delivery<Value>): Generator<Message<Value>, void> {
  let [message, attachments] = emptyMessage<Value>(role);
  for (const value of values) {
    const cost = value.value.length + value.key.length + VALUE_OVERHEAD_BYTES + attachments.costOf(value.attachment);
    if (message.values.length > 0 && (message.bytes + cost > MAX_CONTENT_BYTES || message.values.length >= MAX_MESSAGE_VALUES)) {
      yield message;
      [message, attachments] = emptyMessage(role);
    }
    message.bytes += value.value.length + value.key.length + VALUE_OVERHEAD_BYTES + attachments.costOf(value.attachment);
    message.values.push(value);
    message.request.values.push({ kind: value.namespace, key: value.key, value: value.value, ...attachments.refer(value.attachment) });
  }
  if (message.values.length > 0) yield message;
}

function emptyMessage<Value>(role: StoreRequest['role']): [Message<Value>, AttachmentList] {
  const attachments = new AttachmentList();
  return [{ values: [], request: { role, attachments: attachments.all, values: [] }, bytes: 0 }, attachments];
}
