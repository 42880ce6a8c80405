import { CarecordError, decodeWire, encodeWire, WireError } from '@carecord/core';
import type { Member } from '@carecord/network';
import { ENVELOPE_BYTES, envelopeOf } from '../../../libs/network/src/messages/envelope.ts';
import type { SkippingClock } from '../network-process/skipping-clock.ts';
import type { Outcome, Target } from './fuzz.ts';
import type { ServedProtocol } from './protocol-book.ts';

/** Longer than any handler sleeps before it answers. */
const PATIENCE_MILLISECONDS = 5_000;

/**
 * Both directions of a protocol, as the message server and the message client take them from a stream: the frame's size and shape, then
 * the real handler of a real host. A handler may refuse, but only as an error of ours, with a code: anything else is one that it does not know of.
 * @param from the member that asks
 * @param clock that of the hosts
 */
export function protocolTargets({ protocol, handler, requests, answers }: ServedProtocol, from: Member, clock: SkippingClock): Target[] {
  const envelope = envelopeOf(protocol.response);
  const ask = async (frame: Uint8Array): Promise<Outcome> => {
    const answer = await handler(decodeWire(protocol.request, frame, protocol.maxRequestBytes), from);
    const encoded = encodeWire(envelope, { ok: true, value: answer });
    if (encoded.length > protocol.maxResponseBytes + ENVELOPE_BYTES) throw new Error(`An answer has ${encoded.length} bytes.`);
    return 'answered';
  };
  const read = (frame: Uint8Array): Promise<Outcome> => {
    decodeWire(envelope, frame, protocol.maxResponseBytes + ENVELOPE_BYTES);
    return Promise.resolve('read');
  };
  const wait = async (): Promise<void> => {
    clock.skip(PATIENCE_MILLISECONDS);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return [
    { name: `${protocol.name}: requests`, good: requests, feed: (frame) => orCode(() => ask(frame)), wait },
    { name: `${protocol.name}: answers`, good: answers.map((answer) => encodeWire(envelope, { ok: true, value: decodeWire(protocol.response, answer, protocol.maxResponseBytes) })), feed: (frame) => orCode(() => read(frame)) },
  ];
}

async function orCode(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError || error instanceof CarecordError) return error.code as string;
    throw error;
  }
}
