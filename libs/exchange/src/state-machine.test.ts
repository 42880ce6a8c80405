import { describe, expect, it } from '@jest/globals';
import { EXPIRING_STATES, mayFollow, nextReceived, nextSent } from './state-machine.ts';
import type { ReceivedEvent, ReceivedState, SentEvent, SentState } from './state-machine.ts';

const RECEIVED_STATES: ReceivedState[] = ['asked', 'referred', 'permitted', 'released', 'denied'];
const RECEIVED_EVENTS: ReceivedEvent[] = ['permit', 'deny', 'refer', 'release', 'withdraw'];
const SENT_STATES: SentState[] = ['asked', 'referred', 'released', 'refused', 'failed', 'expired'];
const SENT_EVENTS: SentEvent[] = ['release', 'refer', 'refuse', 'fail', 'expire'];

describe('the life of a request', () => {
  it('takes these steps at the holder, and no other', () => {
    const steps = pairs(RECEIVED_STATES, RECEIVED_EVENTS).flatMap(([state, event]) => stepOf(state, event, () => nextReceived(state, event)));
    expect(steps).toEqual([
      'asked permit permitted',
      'asked deny denied',
      'asked refer referred',
      'referred permit permitted',
      'referred deny denied',
      'permitted release released',
      'permitted withdraw denied',
    ]);
  });

  it('takes these steps at the asker, and no other', () => {
    const steps = pairs(SENT_STATES, SENT_EVENTS).flatMap(([state, event]) => stepOf(state, event, () => nextSent(state, event)));
    expect(steps).toEqual([
      'asked release released',
      'asked refer referred',
      'asked refuse refused',
      'asked fail failed',
      'asked expire expired',
      'referred release released',
      'referred refuse refused',
      'referred fail failed',
      'referred expire expired',
      'released expire expired',
    ]);
    expect(EXPIRING_STATES).toEqual(['asked', 'referred', 'released']);
  });

  it('says the same when it is only asked whether a step exists', () => {
    for (const [state, event] of pairs(SENT_STATES, SENT_EVENTS)) {
      expect(mayFollow(state, event)).toBe(stepOf(state, event, () => nextSent(state, event)).length === 1);
    }
  });
});

function pairs<First, Second>(firsts: readonly First[], seconds: readonly Second[]): [First, Second][] {
  return firsts.flatMap((first) => seconds.map((second): [First, Second] => [first, second]));
}

/** The step as text; none when the table refuses it. */
function stepOf(state: string, event: string, next: () => string): string[] {
  try {
    return [`${state} ${event} ${next()}`];
  } catch (error) {
    expect(error).toMatchObject({ code: 'WRONG_STATE' });
    return [];
  }
}
