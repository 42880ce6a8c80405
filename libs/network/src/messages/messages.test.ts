import { CarecordError, encodeWire } from '@carecord/core';
import type { Connection, Libp2p } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { makeTestNetwork, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { NetworkError } from '../network-error.ts';
import type { MessageProtocol } from '../ports.ts';

const textSchema = z.strictObject({ text: z.string() });

/** A protocol of its own for each test: handlers stay registered. */
function protocolOf(name: string, overrides: Partial<MessageProtocol<typeof textSchema, typeof textSchema>> = {}) {
  return {
    name: `/carecord/test/${name}/1`,
    request: textSchema,
    response: textSchema,
    maxRequestBytes: 1_000,
    maxResponseBytes: 1_000,
    timeoutMilliseconds: 5_000,
    rate: { burst: 1_000, perSecond: 1_000 },
    ...overrides,
  };
}

class HandlerError extends CarecordError<'TOLD' | 'SECRET'> {
  constructor(code: 'TOLD' | 'SECRET') {
    super(code, 'A sentence that must not leave.');
  }
}

const echo = ({ text }: { text: string }): Promise<{ text: string }> => Promise.resolve({ text });

describe('messages between members', () => {
  let network: TestNetwork;
  let a: TestNode;
  let b: TestNode;

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 2 });
    [a, b] = network.hospitals as [TestNode, TestNode];
  });
  afterAll(() => network.stop());

  it('gives a request, with the proven member that asks, to the handler', async () => {
    const protocol = protocolOf('greeting');
    a.host.handle(protocol, ({ text }, from) => Promise.resolve({ text: `${text}, ${from.name}, ${String(from.did === b.resolved.did)}` }));
    expect(await b.host.request(protocol, a.resolved.did, { text: 'hello' })).toEqual({ text: 'hello, Hospital b, true' });
  });

  it('answers many requests at once, each with its own answer', async () => {
    const protocol = protocolOf('many');
    a.host.handle(protocol, echo);
    const texts = Array.from({ length: 50 }, (_, at) => `${at}`);
    const answers = await Promise.all(texts.map((text) => b.host.request(protocol, a.resolved.did, { text })));
    expect(answers.map(({ text }) => text)).toEqual(texts);
  });

  it('carries an answer of megabytes', async () => {
    const protocol = protocolOf('large', { maxResponseBytes: 9_000_000 });
    a.host.handle(protocol, () => Promise.resolve({ text: 'x'.repeat(8_000_000) }));
    expect((await b.host.request(protocol, a.resolved.did, { text: '' })).text).toHaveLength(8_000_000);
  });

  it('refuses to send what is over the limit, and what has not the shape', async () => {
    const protocol = protocolOf('asker-limits');
    a.host.handle(protocol, echo);
    await expect(b.host.request(protocol, a.resolved.did, { text: 'x'.repeat(2_000) })).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' });
    await expect(b.host.request(protocol, a.resolved.did, { text: 1 } as never)).rejects.toMatchObject({ code: 'WIRE_SCHEMA' });
  });

  it('refuses a request over its limit with a code, however large', async () => {
    const protocol = protocolOf('too-large');
    let asked = 0;
    a.host.handle(protocol, (request) => Promise.resolve((asked++, request)));
    for (const size of [1_001, 100_000, 3_000_000]) {
      const unlimited = { ...protocol, maxRequestBytes: 10_000_000 };
      await expect(b.host.request(unlimited, a.resolved.did, { text: 'x'.repeat(size) })).rejects.toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'REQUEST_TOO_LARGE' });
    }
    expect(asked).toBe(0);
  });

  it('refuses more bytes of requests than one member may send', async () => {
    const protocol = protocolOf('volume', { requestBytes: { burst: 2_000, perSecond: 0 } });
    let answered = 0;
    a.host.handle(protocol, (request) => Promise.resolve((answered++, request)));
    const ask = (size: number): Promise<unknown> => b.host.request(protocol, a.resolved.did, { text: 'x'.repeat(size) });
    await ask(900);
    await ask(900);
    await expect(ask(900)).rejects.toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'RATE_LIMITED' });
    await ask(20);
    expect(answered).toBe(3);
  });

  it('refuses a request of another shape with a code', async () => {
    const protocol = protocolOf('shape');
    a.host.handle(protocol, echo);
    const other = { ...protocol, request: z.strictObject({ text: z.string(), extra: z.boolean() }) };
    await expect(b.host.request(other, a.resolved.did, { text: 'a', extra: true })).rejects.toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'REQUEST_MALFORMED' });
  });

  it('refuses bytes that are not deterministic CBOR', async () => {
    const protocol = protocolOf('bytes', { request: z.instanceof(Uint8Array) as never });
    a.host.handle(protocol, echo);
    const stream = await connectionTo(b, a).newStream(protocol.name);
    const frames = lpStream(stream);
    await frames.write(Uint8Array.of(0xff, 0xff, 0xff));
    const refusal = encodeWire(z.any(), { ok: false, code: 'REQUEST_MALFORMED' });
    expect((await frames.read()).subarray()).toEqual(refusal);
  });

  it('refuses more than the rate of one member with a code, and lets the other ask', async () => {
    const protocol = protocolOf('rate', { rate: { burst: 3, perSecond: 0 } });
    a.host.handle(protocol, echo);
    b.host.handle(protocol, echo);
    for (let at = 0; at < 3; at++) await b.host.request(protocol, a.resolved.did, { text: '' });
    await expect(b.host.request(protocol, a.resolved.did, { text: '' })).rejects.toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'RATE_LIMITED' });
    expect(await a.host.request(protocol, b.resolved.did, { text: 'mine' })).toEqual({ text: 'mine' });
  });

  it('tells the codes that the protocol names, and nothing of any other error', async () => {
    const protocol = protocolOf('codes', { refusalCodes: ['TOLD'] });
    a.host.handle(protocol, ({ text }) => {
      if (text === 'told') return Promise.reject(new HandlerError('TOLD'));
      if (text === 'secret') throw new HandlerError('SECRET');
      return Promise.reject(new Error('stack and all'));
    });
    await expect(b.host.request(protocol, a.resolved.did, { text: 'told' })).rejects.toMatchObject({ remoteCode: 'TOLD' });
    await expect(b.host.request(protocol, a.resolved.did, { text: 'secret' })).rejects.toMatchObject({ remoteCode: 'INTERNAL' });
    const unexpected: unknown = await b.host.request(protocol, a.resolved.did, { text: 'unexpected' }).catch((error: unknown) => error);
    expect(unexpected).toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'INTERNAL' });
    expect((unexpected as Error).message).not.toContain('stack');
  });

  it('never sends an answer over its limit or of another shape', async () => {
    const protocol = protocolOf('answers');
    a.host.handle(protocol, ({ text }) => Promise.resolve(text === 'long' ? { text: 'x'.repeat(2_000) } : ({ text: 5 } as never)));
    await expect(b.host.request(protocol, a.resolved.did, { text: 'long' })).rejects.toMatchObject({ remoteCode: 'INTERNAL' });
    await expect(b.host.request(protocol, a.resolved.did, { text: 'shape' })).rejects.toMatchObject({ remoteCode: 'INTERNAL' });
  });

  it('does not accept an answer over its limit or of another shape', async () => {
    const protocol = protocolOf('foreign-answers', { maxResponseBytes: 100_000 });
    a.host.handle(protocol, ({ text }) => Promise.resolve({ text: 'x'.repeat(Number(text)) }));
    await expect(b.host.request({ ...protocol, maxResponseBytes: 100 }, a.resolved.did, { text: '50000' })).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
    const other = { ...protocol, response: z.strictObject({ number: z.number() }) };
    await expect(b.host.request(other, a.resolved.did, { text: '1' })).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
  });

  it('ends a request that is not answered in time, on both sides', async () => {
    const protocol = protocolOf('slow', { timeoutMilliseconds: 200 });
    const { promise, resolve } = Promise.withResolvers<{ text: string }>();
    a.host.handle(protocol, () => promise);
    await expect(b.host.request(protocol, a.resolved.did, { text: '' })).rejects.toMatchObject({ code: expect.stringMatching(/^(TIMEOUT|REMOTE_REFUSED)$/) });
    await expect(b.host.request({ ...protocol, timeoutMilliseconds: 5_000 }, a.resolved.did, { text: '' })).rejects.toMatchObject({ remoteCode: 'TIMED_OUT' });
    resolve({ text: 'late' });
  });

  it('stops waiting when the asker gives up', async () => {
    const protocol = protocolOf('given-up');
    const { promise, resolve } = Promise.withResolvers<{ text: string }>();
    a.host.handle(protocol, () => promise);
    const controller = new AbortController();
    const asking = b.host.request(protocol, a.resolved.did, { text: '' }, { signal: controller.signal });
    controller.abort(new Error('given up'));
    await expect(asking).rejects.toThrow('given up');
    resolve({ text: 'late' });
  });

  it('does not reach a member that has no such protocol, nor one that nobody knows, nor itself', async () => {
    const protocol = protocolOf('nowhere');
    await expect(b.host.request(protocol, a.resolved.did, { text: '' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(b.host.request(protocol, 'did:webvh:unknown:nobody.example', { text: '' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(b.host.request(protocol, b.resolved.did, { text: '' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('takes one handler a protocol', () => {
    const protocol = protocolOf('twice');
    a.host.handle(protocol, echo);
    expect(() => a.host.handle(protocol, echo)).toThrow(NetworkError);
  });
});

describe('a membership that ends while its holder is connected', () => {
  it('ends the connection at the next request', async () => {
    const { ManualClock } = await import('../../../testkit/src/manual-clock.ts');
    const clock = new ManualClock(new Date());
    const network = await makeTestNetwork({ hospitals: 2, clock });
    const [a, b] = network.hospitals as [TestNode, TestNode];
    a.host.handle(protocolOf('ended'), echo);
    const connection = connectionTo(b, a);
    clock.advance(366 * 24 * 60 * 60 * 1000);
    expect(a.host.members()).toEqual([]);
    await expect(connection.newStream('/carecord/test/ended/1').then((stream) => lpStream(stream).read())).rejects.toThrow();
    await waitUntil(() => connection.status !== 'open');
    await network.stop();
  });
});

/** The libp2p connection under two hosts, to send what a well-behaved host would not. */
function connectionTo(from: TestNode, to: TestNode): Connection {
  const { node } = (from.host as unknown as { parts: { node: Libp2p } }).parts;
  const connection = node.getConnections().find(({ remotePeer }) => remotePeer.toString() === to.host.peerId);
  if (connection === undefined) throw new Error('The hosts are not connected.');
  return connection;
}
