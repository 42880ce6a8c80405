import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { errorCodeOf, silentLogger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { readStatusList, StatusBook } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryStatusListStore } from '../../../testkit/src/memory/status-list-store.ts';
import { makeTestAuthority, trustIn, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority } from '../../../testkit/src/network-fixture.ts';
import type { Member } from '../ports.ts';
import { StatusGossip } from './status-gossip.ts';
import type { StatusAnswer } from './status-protocol.ts';

describe('StatusGossip, when an authority issues list after list', () => {
  let clock: ManualClock;
  let bad: TestAuthority;
  let good: TestAuthority;
  let flood: GeneralJws[];
  let genuine: GeneralJws;
  let statuses: StatusBook;
  /** Who was pushed what. */
  let pushed: { peerId: string; list: GeneralJws }[];
  let gossip: StatusGossip;
  let push: (list: GeneralJws, from?: string) => Promise<StatusAnswer>;

  beforeAll(async () => {
    const start = new ManualClock(new Date());
    [bad, good] = [await makeTestAuthority('bad', start), await makeTestAuthority('good', start)];
    flood = [];
    for (let at = 0; at < 30; at += 1) flood.push(await bad.statusList());
    genuine = await good.statusList();
  });
  beforeEach(() => {
    clock = new ManualClock(new Date(Date.now() + 1_000));
    const trust = trustIn([bad, good]);
    statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
    pushed = [];
    gossip = new StatusGossip({
      statuses,
      trust,
      peers: {
        connected: () => ['one', 'two'].map((peerId) => ({ peerId, did: `did:web:${peerId}.example` }) as Member),
        ask: (_protocol, peerId, request) => {
          pushed.push({ peerId, list: (request as { list: GeneralJws }).list });
          return Promise.resolve({ kind: 'taken', newer: true }) as never;
        },
      },
      clock,
      logger: silentLogger,
    });
    gossip.register({
      handle: (_protocol: unknown, handler: unknown) => {
        push = (list, from = 'did:web:one.example') => (handler as (request: unknown, from: unknown) => Promise<StatusAnswer>)({ kind: 'push', list }, { did: from, peerId: from });
      },
    });
    gossip.start();
  });

  const toOne = (): GeneralJws[] => pushed.filter(({ peerId }) => peerId === 'one').map(({ list }) => list);

  it('passes on the first and, three seconds later, the newest; another authority waits for neither', async () => {
    for (const list of flood) await statuses.offer(list);
    await statuses.offer(genuine);
    await waitUntil(() => toOne().length === 2);
    expect(toOne()).toEqual([flood[0], genuine]);
    clock.advance(2_999);
    expect(toOne()).toHaveLength(2);
    clock.advance(1);
    await waitUntil(() => toOne().length === 3);
    expect(toOne()[2]).toEqual(flood.at(-1));
    expect(pushed).toHaveLength(6);
  });

  it('says to all who announce meanwhile how the newest went', async () => {
    const [first, second, third] = flood as [GeneralJws, GeneralJws, GeneralJws];
    expect(await gossip.announce(first)).toEqual({ told: 2, failed: 0 });
    await statuses.offer(second);
    const waiting = gossip.announce(third);
    await waitUntil(() => statuses.lists()[0]?.payload === third.payload);
    clock.advance(3_000);
    expect(await waiting).toEqual({ told: 2, failed: 0 });
    expect(toOne()).toEqual([first, third]);
  });

  it('takes only so many of one authority from a member, and still the other authority', async () => {
    const outcomes: string[] = [];
    for (const list of flood) outcomes.push(await push(list).then(({ kind }) => kind, errorCodeOf));
    expect(outcomes.filter((outcome) => outcome === 'taken')).toHaveLength(10);
    expect(outcomes.at(-1)).toBe('TOO_MANY_LISTS');
    expect(await push(genuine)).toEqual({ kind: 'taken', newer: true });
    // What one member has used up is not used up for others, and comes back with time.
    const newest = flood.at(-1) ?? genuine;
    expect(await push(newest, 'did:web:two.example')).toEqual({ kind: 'taken', newer: true });
    clock.advance(1_000);
    expect(await push(newest)).toEqual({ kind: 'taken', newer: false });
    expect(readStatusList(statuses.lists()[0]).issuer).toBe(bad.did);
  });

  it('has one budget for all issuers that a member makes up', async () => {
    const outcomes: string[] = [];
    for (let at = 0; at < 12; at += 1) {
      const stranger = await (await makeTestAuthority(`stranger-${at}`, clock)).statusList();
      outcomes.push(await push(stranger).then(({ kind }) => kind, errorCodeOf));
    }
    expect(outcomes).toEqual([...Array<string>(10).fill('STATUS_LIST_INVALID'), 'TOO_MANY_LISTS', 'TOO_MANY_LISTS']);
    expect(await push(genuine)).toEqual({ kind: 'taken', newer: true });
  });

  it('passes on nothing that waits when it is stopped', async () => {
    for (const list of flood.slice(0, 2)) await statuses.offer(list);
    await waitUntil(() => pushed.length === 2);
    gossip.stop();
    clock.advance(3_000);
    expect(clock.sleeping).toBe(0);
    expect(toOne()).toEqual([flood[0]]);
  });
});
