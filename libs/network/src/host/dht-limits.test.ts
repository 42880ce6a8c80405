import type { Connection, Stream } from '@libp2p/interface';
import { StreamMessageEvent } from '@libp2p/interface';
import { silentLogger } from '@carecord/core';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { limitDhtStreams } from './dht-limits.ts';

/** As much of a stream as the limits look at. */
class FakeStream extends EventTarget {
  aborted: string | undefined;

  abort(error: Error): void {
    this.aborted ??= error.message;
  }
}

function limited(clock = new ManualClock(), isMember: (peerId: string) => boolean = () => true) {
  let handled = 0;
  let hungUp = 0;
  const handler = limitDhtStreams(
    () => {
      handled++;
    },
    { isMember, clock, logger: silentLogger },
  );
  const open = (peer: string): FakeStream => {
    const stream = new FakeStream();
    void handler(stream as unknown as Stream, { remotePeer: { toString: () => peer }, abort: () => (hungUp += 1) } as unknown as Connection);
    return stream;
  };
  return { clock, open, handled: () => handled, hungUp: () => hungUp };
}

const message = (size: number): StreamMessageEvent => new StreamMessageEvent(new Uint8Array(size));

describe('limitDhtStreams', () => {
  it('hands streams of members on, and hangs up on a peer whose membership has ended', () => {
    const members = new Set(['one', 'other']);
    const { open, handled, hungUp } = limited(undefined, (peer) => members.has(peer));
    open('one');
    expect([handled(), hungUp()]).toEqual([1, 0]);
    members.delete('one');
    open('one');
    expect([handled(), hungUp()]).toEqual([1, 1]);
    open('other');
    expect([handled(), hungUp()]).toEqual([2, 1]);
  });

  it('lets a burst of requests through, and then as many as are refilled', () => {
    const { clock, open, handled } = limited();
    for (let at = 0; at < 4_000; at++) expect(open('one').aborted).toBeUndefined();
    expect(open('one').aborted).toBe('TOO_MANY_REQUESTS');
    expect(handled()).toBe(4_000);
    expect(open('other').aborted).toBeUndefined();
    clock.advance(1);
    expect(open('one').aborted).toBeUndefined();
    expect(open('one').aborted).toBe('TOO_MANY_REQUESTS');
  });

  it('lets a stream carry as much as a request needs and no more', () => {
    const stream = limited().open('one');
    stream.dispatchEvent(message(200 * 1024));
    expect(stream.aborted).toBeUndefined();
    stream.dispatchEvent(message(57 * 1024));
    expect(stream.aborted).toBe('STREAM_TOO_LARGE');
  });

  it('bounds the bytes of a peer over all its streams', () => {
    const { clock, open } = limited();
    const send = (peer: string): string | undefined => {
      const stream = open(peer);
      stream.dispatchEvent(message(256 * 1024));
      return stream.aborted;
    };
    for (let at = 0; at < 128; at++) expect(send('one')).toBeUndefined();
    expect(send('one')).toBe('TOO_MANY_BYTES');
    expect(send('other')).toBeUndefined();
    clock.advance(1_000);
    expect(send('one')).toBeUndefined();
  });
});
