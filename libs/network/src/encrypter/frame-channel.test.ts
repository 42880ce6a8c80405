import { duplexPair } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameChannel } from './frame-channel.ts';

function pair() {
  const [left, right] = duplexPair();
  return { left, right, sender: new FrameChannel(left), receiver: new FrameChannel(right) };
}

describe('FrameChannel', () => {
  it('receives what was sent, message by message, however it was cut up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), async (messages, step) => {
        const { left, receiver } = pair();
        const bytes = Buffer.concat(messages.flatMap((message) => [Buffer.from(Uint32Array.of(message.length).buffer).reverse(), message]));
        for (let at = 0; at < bytes.length; at += step) left.write(bytes.subarray(at, at + step));
        for (const message of messages) expect(await receiver.receive(400)).toEqual(message);
        left.destroy();
      }),
      { numRuns: 30 },
    );
  });

  it('takes a message larger than the stream buffers', async () => {
    const { sender, receiver } = pair();
    const message = new Uint8Array(2_000_000).fill(7);
    const sent = sender.send(message);
    expect(Buffer.compare(await receiver.receive(2_000_000), message)).toBe(0);
    await sent;
  });

  it('leaves the process free while it waits for the rest of a large message', async () => {
    const { left, receiver } = pair();
    const message = Buffer.alloc(1_000_000, 7);
    const receiving = receiver.receive(1_000_000);
    left.write(Buffer.concat([Buffer.from(Uint32Array.of(message.length).buffer).reverse(), message.subarray(0, 5_000)]));
    // A timer fires only when nobody keeps the process busy.
    await new Promise((resolve) => setTimeout(resolve, 20));
    left.write(message.subarray(5_000));
    expect(Buffer.compare(await receiving, message)).toBe(0);
  });

  it('refuses a message over the limit before reading it', async () => {
    const { sender, receiver } = pair();
    await sender.send(new Uint8Array(11));
    await expect(receiver.receive(10)).rejects.toMatchObject({ code: 'WIRE_TOO_LARGE' });
  });

  it('leaves what comes behind a message to whoever reads next', async () => {
    const { left, right, sender, receiver } = pair();
    await sender.send(Uint8Array.of(1, 2, 3));
    left.write('for the muxer');
    expect(await receiver.receive(10)).toEqual(Uint8Array.of(1, 2, 3));
    const rest = new Promise((resolve) => right.once('data', (data: Buffer) => resolve(data.toString())));
    expect(await rest).toBe('for the muxer');
  });

  it('fails when the peer closes in the middle of a message', async () => {
    const { left, receiver } = pair();
    left.write(Buffer.from([0, 0, 0, 9, 1, 2]));
    const receiving = receiver.receive(10);
    left.end();
    await expect(receiving).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });

  it('fails when the peer has closed before a message', async () => {
    const { left, receiver } = pair();
    left.end();
    await expect(receiver.receive(10)).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
    await expect(receiver.receive(10)).rejects.toMatchObject({ code: 'ENCRYPTION_REFUSED' });
  });
});
