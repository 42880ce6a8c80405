import { ExchangeError } from './exchange-error.ts';

/**
 * The life of a request, on both sides, in one table each: `state: { event: next state }`. What is not in the table does
 * not happen.
 */
const RECEIVED = {
  asked: { permit: 'permitted', deny: 'denied', refer: 'referred' },
  referred: { permit: 'permitted', deny: 'denied' },
  /** Granted, and not handed over yet: `withdraw` when the grant ended, or was not taken, before it was. */
  permitted: { release: 'released', withdraw: 'denied' },
  released: {},
  denied: {},
} as const satisfies Table<string>;

const SENT = {
  asked: { release: 'released', refer: 'referred', refuse: 'refused', fail: 'failed', expire: 'expired' },
  referred: { release: 'released', refuse: 'refused', fail: 'failed', expire: 'expired' },
  released: { expire: 'expired' },
  refused: {},
  failed: {},
  expired: {},
} as const satisfies Table<string>;

type Table<State extends string> = Readonly<Record<State, Readonly<Record<string, string>>>>;

/** Where a request stands at the hospital that was asked. */
export type ReceivedState = keyof typeof RECEIVED;
/** What may happen to it there. */
export type ReceivedEvent = 'permit' | 'deny' | 'refer' | 'release' | 'withdraw';

/** Where a request stands at the hospital that asked. */
export type SentState = keyof typeof SENT;
/** What may happen to it there. */
export type SentEvent = 'release' | 'refer' | 'refuse' | 'fail' | 'expire';

/**
 * The state after `event`.
 * @throws ExchangeError `WRONG_STATE` when the table has no such step
 */
export function nextReceived(state: ReceivedState, event: ReceivedEvent): ReceivedState {
  return step(RECEIVED, state, event);
}

/** {@link nextReceived} for the side that asked. */
export function nextSent(state: SentState, event: SentEvent): SentState {
  return step(SENT, state, event);
}

/** Whether the table has a step for `event` in `state`. */
export function mayFollow(state: SentState, event: SentEvent): boolean {
  return Object.hasOwn(SENT[state], event);
}

/** All states in which a received request can stand for long. */
export const RECEIVED_STATES = Object.keys(RECEIVED) as readonly ReceivedState[];

/** The states that end by themselves when their deadline has passed. */
export const EXPIRING_STATES: readonly SentState[] = (Object.keys(SENT) as SentState[]).filter((state) => mayFollow(state, 'expire'));

function step<State extends string>(table: Table<State>, state: State, event: string): State {
  const next = Object.hasOwn(table[state], event) ? table[state][event] : undefined;
  if (next === undefined) throw new ExchangeError('WRONG_STATE', `A request that is ${state} cannot ${event} any more.`);
  return next as State;
}
