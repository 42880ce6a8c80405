import { decodeWire, encodeWire, silentLogger } from '@carecord/core';
import type { Connection, Libp2p, StreamHandler } from '@libp2p/interface';
import { lpStream, streamPair } from '@libp2p/utils';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { NetworkCounters } from '../health/network-counters.ts';
import { Reputations } from '../health/reputations.ts';
import type { Member } from '../ports.ts';
import { envelopeOf } from './envelope.ts';
import { MessageServer } from './message-server.ts';

const emptySchema = z.strictObject({});
const PROTOCOL = { name: '/carecord/test/open/1', request: emptySchema, response: emptySchema, maxRequestBytes: 64, maxResponseBytes: 64, timeoutMilliseconds: 60_000, rate: { burst: 10_000, perSecond: 0 } };
const MOST = 128;

describe('requests that are open', () => {
  it('are so many of one member, whichever peers they come from; more are refused, and what is refused does not fill the log', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    let listener: StreamHandler = () => undefined;
    const node = { handle: (_name: string, given: StreamHandler) => Promise.resolve((listener = given)) } as unknown as Libp2p;
    const registry = { byPeer: (peerId: string) => ({ did: peerId.split('-')[0], peerId }) as Member };
    const server = new MessageServer({ node, registry, observer: new Reputations(clock), counters: new NetworkCounters(), clock, logger: { ...silentLogger, info: (line) => lines.push(line) } });
    const waiting = Promise.withResolvers<Record<string, never>>();
    let asked = 0;
    server.handle(PROTOCOL, () => (asked++, waiting.promise));
    server.start();
    const ask = async (peerId: string): Promise<string> => {
      const [outbound, inbound] = await streamPair();
      void listener(inbound, { remotePeer: { toString: () => peerId } } as Connection);
      const frames = lpStream(outbound);
      await frames.write(encodeWire(emptySchema, {}));
      const answer = decodeWire(envelopeOf(emptySchema), (await frames.read()).subarray(), 1_000);
      return answer.ok ? 'answered' : answer.code;
    };
    const answers = Array.from({ length: MOST }, (_, at) => ask(`a-${at}`));
    await waitUntil(() => asked === MOST);
    for (let at = 0; at < 100; at++) expect(await ask(`a-more-${at}`)).toBe('RATE_LIMITED');
    expect(lines).toHaveLength(60);
    const other = ask('b-1');
    await waitUntil(() => asked === MOST + 1);
    waiting.resolve({});
    expect(new Set(await Promise.all([...answers, other]))).toEqual(new Set(['answered']));
    expect(await ask('a-1')).toBe('answered');
    await server.stop();
  });
});
