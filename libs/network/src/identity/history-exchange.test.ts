import { beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger, systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { DidHistories, MEMBER_POLICY } from '@carecord/identity';
import type { LocalIdentity, LocalMember } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryDidHistoryStore } from '../../../testkit/src/memory/did-history-store.ts';
import { makeTestIdentity, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestIdentity } from '../../../testkit/src/network-fixture.ts';
import { NetworkError } from '../network-error.ts';
import type { Member } from '../ports.ts';
import { HistoryExchange } from './history-exchange.ts';
import { MAX_HISTORIES_BYTES } from './history-protocol.ts';
import type { HistoryAnswer } from './history-protocol.ts';

/** What a peer answers; `undefined`: nothing. */
type Answer = (request: { kind: string; history?: string; dids?: string[] }) => HistoryAnswer | Promise<HistoryAnswer> | undefined;

function makeExchange(own: TestIdentity, peers: Record<string, { did?: string; answer: Answer }> = {}, clock: Clock = systemClock) {
  const asked: string[] = [];
  const histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock: systemClock, policy: MEMBER_POLICY });
  const local: LocalIdentity = { did: own.did, networkId: 'test-network', current: () => ({ resolved: own.resolved }) as LocalMember };
  const exchange = new HistoryExchange({
    local,
    histories,
    registry: { renew: () => undefined },
    peers: {
      connected: () => Object.entries(peers).map(([peerId, { did }]) => ({ peerId, did: did ?? `did:web:${peerId}.example` }) as Member),
      ask: (_protocol, peerId, request) => {
        asked.push(`${peerId} ${(request as { kind: string }).kind}`);
        const answer = peers[peerId]?.answer(request as Parameters<Answer>[0]);
        return answer === undefined ? Promise.reject(new NetworkError('TIMEOUT', 'No answer.')) : (Promise.resolve(answer) as never);
      },
    },
    clock,
    logger: silentLogger,
  });
  let handler: ((request: unknown, from: Member) => Promise<HistoryAnswer>) | undefined;
  exchange.register({ handle: (_protocol: unknown, handle: unknown) => void (handler = handle as never) });
  const serve = (request: object, from = 'did:web:x.example'): Promise<HistoryAnswer> => handler?.(request, { did: from } as Member) ?? Promise.reject(new Error('No handler.'));
  return { asked, exchange, histories, serve };
}

const taken = (): HistoryAnswer => ({ kind: 'taken' });
const knows = (did: string, history: string) => (): HistoryAnswer => ({ kind: 'known', histories: [{ did, history }] });

describe('HistoryExchange', () => {
  let own: TestIdentity;
  let other: TestIdentity;
  let older: string;
  beforeAll(async () => {
    [own, other] = await Promise.all([makeTestIdentity('own'), makeTestIdentity('other')]);
    older = other.resolved.log;
    await other.rotate();
  });

  it('tells every peer once, counts those that do not answer, and tells these again', async () => {
    let silent = true;
    const { asked, exchange } = makeExchange(own, { one: { answer: taken }, two: { answer: () => (silent ? undefined : taken()) } });
    exchange.shown('one', own.resolved.versionNumber);
    expect(await exchange.announce()).toEqual({ told: 1, failed: 1 });
    expect(asked).toEqual(['two announce']);
    silent = false;
    expect(await Promise.all([exchange.tell('two'), exchange.tell('two')])).toEqual([true, true]);
    expect(asked).toEqual(['two announce', 'two announce']);
    exchange.gone('two');
    expect(await exchange.tell('two')).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it('waits two seconds for a peer that is silent, and tells the others meanwhile', async () => {
    const clock = new ManualClock(new Date());
    const silence = Promise.withResolvers<HistoryAnswer>();
    const { asked, exchange } = makeExchange(own, { silent: { answer: () => silence.promise }, one: { answer: taken }, two: { answer: taken } }, clock);
    let result: unknown;
    const announced = exchange.announce().then((told) => (result = told));
    await waitUntil(() => asked.length === 3);
    clock.advance(1_999);
    expect(await Promise.all(['one', 'two'].map((peer) => exchange.tell(peer)))).toEqual([true, true]);
    expect(result).toBeUndefined();
    clock.advance(1);
    await announced;
    expect(result).toEqual({ told: 2, failed: 1 });
    expect(clock.sleeping).toBe(0);
    // What was on its way still counts when it arrives, and is not sent twice.
    const again = exchange.tell('silent');
    silence.resolve(taken());
    expect(await again).toBe(true);
    expect(asked).toHaveLength(3);
  });

  it('announces nothing that it would not take itself', async () => {
    const { asked, exchange } = makeExchange(own, { one: { answer: taken } });
    await expect(exchange.announce(other.resolved.log)).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(asked).toEqual([]);
  });

  it('gives what it knows of the DIDs asked for, and of itself', async () => {
    const { histories, serve } = makeExchange(own);
    await histories.accept(other.did, other.resolved.log);
    expect(await serve({ kind: 'ask', dids: [other.did, own.did, 'did:web:nobody.example', own.did] })).toEqual({
      kind: 'known',
      histories: [
        { did: other.did, history: other.resolved.log },
        { did: own.did, history: own.resolved.log },
      ],
    });
  });

  it('leaves out what does not fit into one answer', async () => {
    const { histories, serve } = makeExchange(own);
    const large = 'x'.repeat(MAX_HISTORIES_BYTES - own.resolved.log.length + 1);
    histories.known = () => Promise.resolve({ ...other.resolved, log: large });
    expect(await serve({ kind: 'ask', dids: [own.did, 'did:web:one.example'] })).toMatchObject({ histories: [{ did: own.did }] });
    expect(await serve({ kind: 'ask', dids: ['did:web:one.example', own.did] })).toMatchObject({ histories: [{ did: 'did:web:one.example' }] });
  });

  it('takes a history from its own DID alone', async () => {
    const { histories, serve } = makeExchange(own);
    await expect(serve({ kind: 'announce', history: other.resolved.log }, own.did)).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
    expect(await serve({ kind: 'announce', history: other.resolved.log }, other.did)).toEqual({ kind: 'taken' });
    expect((await histories.known(other.did))?.versionId).toBe(other.resolved.versionId);
    await expect(serve({ kind: 'announce', history: older }, other.did)).rejects.toMatchObject({ code: 'DID_VERSION_OLDER' });
  });

  it('finds the newest history that verifies, whatever others say', async () => {
    const { exchange } = makeExchange(own, {
      liar: { answer: knows(other.did, `${other.resolved.log}{"versionId":"99-x"}\n`) },
      silent: { answer: () => undefined },
      late: { answer: knows(other.did, older) },
      current: { answer: knows(other.did, other.resolved.log) },
    });
    expect(await exchange.find(other.did)).toBe(other.resolved.log);
    const liars = makeExchange(own, { liar: { answer: knows(other.did, own.resolved.log) }, ignorant: { answer: () => ({ kind: 'known', histories: [] }) } });
    expect(await liars.exchange.find(other.did)).toBeUndefined();
  });

  it('asks the member itself first, others only when it gives nothing, and never a replica of its own', async () => {
    const own_ = { did: own.did, answer: knows(other.did, other.resolved.log) };
    const itself = makeExchange(own, { replica: own_, itself: { did: other.did, answer: knows(other.did, other.resolved.log) }, third: { answer: taken } });
    expect(await itself.exchange.find(other.did)).toBe(other.resolved.log);
    expect(itself.asked).toEqual(['itself ask']);
    const dumb = makeExchange(own, { replica: own_, itself: { did: other.did, answer: () => undefined }, third: { answer: knows(other.did, older) } });
    expect(await dumb.exchange.find(other.did)).toBe(older);
    expect(dumb.asked).toEqual(['itself ask', 'third ask']);
  });
});
