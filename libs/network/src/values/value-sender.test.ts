import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import type { Observation } from '../health/ports.ts';
import { NetworkError } from '../network-error.ts';
import type { NetworkHost } from '../ports.ts';
import type { StoreRequest } from './store-protocol.ts';
import { text } from './values.fixture.ts';
import type { CheckedValue } from './value-rules.ts';
import { ValueSender } from './value-sender.ts';
import { MAX_CONTENT_BYTES, MAX_MESSAGE_VALUES } from './wire-values.ts';

/** A sender to a member that answers like this, and what it was sent. */
function makeSender(answer: (request: StoreRequest) => Promise<{ outcomes: Uint8Array }> = (request) => Promise.resolve({ outcomes: new Uint8Array(request.values.length) })) {
  const clock = new ManualClock();
  const requests: StoreRequest[] = [];
  const observations: Observation[] = [];
  const ask = ((_protocol: unknown, _to: string, request: StoreRequest) => {
    requests.push(request);
    return answer(request);
  }) as unknown as NetworkHost['request'];
  return { clock, requests, observations, sender: new ValueSender({ ask, clock, observer: { observe: (_did, seen) => void observations.push(seen), reputation: () => 1, isShunned: () => false } }) };
}

const values = (count: number, bytes = 10, attachment?: Uint8Array): CheckedValue[] =>
  Array.from({ length: count }, (_, at) => ({ namespace: 'note', key: text(`${at}`), value: new Uint8Array(bytes), ...(attachment && { attachment }) }));

async function sendAll(sender: ValueSender, sent: readonly CheckedValue[], options: { signal?: AbortSignal; onSent?: (bytes: number) => void } = {}): Promise<string[]> {
  const outcomes: string[] = [];
  for await (const part of sender.send({ to: 'did:example:b', role: 'publisher', values: sent, signal: new AbortController().signal, ...options })) outcomes.push(...part.outcomes);
  return outcomes;
}

describe('ValueSender', () => {
  it('puts as many values into a message as fit, by number and by bytes', async () => {
    const { sender, requests } = makeSender();
    expect(await sendAll(sender, values(MAX_MESSAGE_VALUES + 1))).toHaveLength(MAX_MESSAGE_VALUES + 1);
    expect(requests.map((request) => request.values.length)).toEqual([MAX_MESSAGE_VALUES, 1]);
    requests.length = 0;
    const sizes: number[] = [];
    await sendAll(sender, values(50, 60_000), { onSent: (bytes) => sizes.push(bytes) });
    expect(requests.map((request) => request.values.length)).toEqual([17, 17, 16]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_CONTENT_BYTES);
  });

  it('sends an attachment once a message, whatever number of values has it', async () => {
    const { sender, requests } = makeSender();
    const [shared, other] = [new Uint8Array(3_000), new Uint8Array(3_000)];
    await sendAll(sender, [...values(100, 10, shared), ...values(3, 10, other), ...values(2)]);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.attachments).toHaveLength(2);
    expect(requests[0]?.values.map(({ attachment }) => attachment)).toEqual([...Array.from({ length: 100 }, () => 0), 1, 1, 1, undefined, undefined]);
  });

  it('sends nothing for nothing', async () => {
    const { sender, requests } = makeSender();
    expect(await sendAll(sender, [])).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('waits and asks again when a member has no time for more', async () => {
    let refusals = 2;
    const busy = new NetworkError('REMOTE_REFUSED', 'Busy.', { remoteCode: 'RATE_LIMITED' });
    const { clock, sender, requests } = makeSender((request) => (refusals-- > 0 ? Promise.reject(busy) : Promise.resolve({ outcomes: new Uint8Array(request.values.length) })));
    const sending = sendAll(sender, values(1));
    for (const asked of [1, 2]) {
      await waitUntil(() => clock.sleeping === 1);
      expect(requests).toHaveLength(asked);
      clock.advance(1_000);
    }
    expect(await sending).toEqual(['stored']);
  });

  it('waits for one member no longer than two minutes in all, whatever it has taken meanwhile', async () => {
    const busy = new NetworkError('REMOTE_REFUSED', 'Busy.', { remoteCode: 'RATE_LIMITED' });
    let asked = 0;
    // Every hundredth question is answered.
    const { clock, sender } = makeSender((request) => (++asked % 100 > 0 ? Promise.reject(busy) : Promise.resolve({ outcomes: new Uint8Array(request.values.length) })));
    const refused = expect(sendAll(sender, values(10 * MAX_MESSAGE_VALUES))).rejects.toMatchObject({ remoteCode: 'RATE_LIMITED' });
    for (let pauses = 0; pauses < 120; pauses++) {
      await waitUntil(() => clock.sleeping === 1);
      clock.advance(1_000);
    }
    await refused;
  });

  it('stops waiting when it is told to, and gives up on every other refusal', async () => {
    const busy = makeSender(() => Promise.reject(new NetworkError('REMOTE_REFUSED', 'Busy.', { remoteCode: 'RATE_LIMITED' })));
    const stop = new AbortController();
    const sending = sendAll(busy.sender, values(1), { signal: stop.signal });
    await waitUntil(() => busy.clock.sleeping === 1);
    stop.abort(new Error('Enough.'));
    await expect(sending).rejects.toThrow('Enough.');
    const gone = makeSender(() => Promise.reject(new NetworkError('UNREACHABLE', 'Gone.')));
    await expect(sendAll(gone.sender, values(1))).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(gone.requests).toHaveLength(1);
  });

  it('takes no answer about other values than it sent', async () => {
    const { sender, observations } = makeSender(() => Promise.resolve({ outcomes: new Uint8Array(7) }));
    await expect(sendAll(sender, values(2))).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
    expect(observations).toEqual([{ kind: 'malformed' }]);
  });
});
