import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { ManualClock, MemoryStatusListStore } from '@carecord/testkit';
import { makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { certify, listOf, listUrlOf, NETWORK_ID } from '../members.fixture.ts';
import { verifyMembership } from '../membership/membership.ts';
import type { Membership } from '../membership/membership.ts';
import { fixedTrust } from '../network/network-trust.ts';
import type { NetworkTrust } from '../network/network-trust.ts';
import { MIN_STATUS_LIST_BITS } from './status-bits.ts';
import { StatusBook } from './status-book.ts';
import { issueStatusList } from './status-list.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (minutes: number): Date => later(START, minutes * MINUTE);
const revoked = { index: 0, revoked: true, suspended: false };
const suspended = { index: 0, revoked: false, suspended: true };

let a: Identity;
let b: Identity;
let c: Identity;
let hospital: Identity;
let clock: ManualClock;
let store: MemoryStatusListStore;
beforeAll(async () => {
  [a, b, c, hospital] = await Promise.all([makeIdentity('a'), makeIdentity('b'), makeIdentity('c'), makeIdentity('h')]);
});
beforeEach(() => {
  clock = new ManualClock(START);
  store = new MemoryStatusListStore();
});

const trustIn = (authorities: readonly Identity[], threshold = 1): NetworkTrust =>
  fixedTrust(NETWORK_ID, authorities.map(({ resolved }) => resolved), threshold);
const bookOf = (trust: NetworkTrust): StatusBook => new StatusBook({ trust, store, clock });
/** The membership of number 0 by these authorities. */
const memberOf = async (authorities: readonly Identity[], index = 0): Promise<Membership> =>
  verifyMembership(await Promise.all(authorities.map((authority) => certify(hospital, authority, { index }))), {
    trust: trustIn(authorities),
    subject: hospital.resolved.did,
    now: START,
  });

describe('a member of one authority', () => {
  it('stands, is suspended, stands again, and is revoked, as the newest list says', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    const heard: string[] = [];
    const stop = book.onChange(() => heard.push(book.standing(member, at(5))));
    for (const [minutes, entries] of [[0, []], [1, [suspended]], [2, []], [3, [revoked]]] as const) {
      clock.advance(MINUTE);
      expect(await book.offer(await listOf(a, entries, at(minutes)))).toBe(true);
    }
    expect(heard).toEqual(['standing', 'suspended', 'standing', 'revoked']);
    stop();
    expect(await book.offer(await listOf(a, [], at(4)))).toBe(true);
    expect(heard).toHaveLength(4);
  });

  it('is not helped by an older list, nor by the same again', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    const [older, newer] = [await listOf(a, [], at(-1)), await listOf(a, [revoked])];
    expect([await book.offer(newer), await book.offer(older), await book.offer(newer)]).toEqual([true, false, false]);
    expect(book.standing(member, START)).toBe('revoked');
    expect(book.lists()).toEqual([newer]);
    const another = bookOf(trustIn([a]));
    expect(await another.offer(older)).toBe(true);
    expect(another.standing(member, START)).toBe('standing');
    expect((await store.all()).map(({ issuedAt }) => issuedAt)).toEqual([START]);
  });

  it('is unknown without a list, and with one that is older than a day, give or take the clock skew', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    expect(book.standing(member, START)).toBe('status-stale');
    await book.offer(await listOf(a));
    const day = later(START, 24 * HOUR);
    expect(book.standing(member, later(day, CLOCK_SKEW_MILLISECONDS))).toBe('standing');
    expect(book.standing({ ...member, standings: member.standings.map((one) => ({ ...one, validUntil: later(day, HOUR) })) }, later(day, CLOCK_SKEW_MILLISECONDS + 1))).toBe(
      'status-stale',
    );
  });

  it('is unknown after the end of the list, even where the list could be older', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    await book.offer(
      await issueStatusList({ issuer: a.resolved, signer: a.signer, listUrl: listUrlOf(a), entries: [], now: START, validForMilliseconds: HOUR }),
    );
    expect(book.standing(member, later(START, HOUR + CLOCK_SKEW_MILLISECONDS))).toBe('standing');
    expect(book.standing(member, later(START, HOUR + CLOCK_SKEW_MILLISECONDS + 1))).toBe('status-stale');
  });

  it('stays revoked however old the list is, and expires however new it is', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    await book.offer(await listOf(a, [revoked]));
    expect(book.standing({ ...member, standings: member.standings.map((one) => ({ ...one, validUntil: at(100_000) })) }, at(90_000))).toBe('revoked');
    const fresh = await listOf(a, [], at(2 * 24 * 60));
    clock.advance(48 * HOUR);
    await book.offer(fresh);
    expect(book.standing(member, clock.now())).toBe('expired');
  });

  it('is unknown by a list of another address, and by one that does not reach its number', async () => {
    const book = bookOf(trustIn([a]));
    const elsewhere = await issueStatusList({ issuer: a.resolved, signer: a.signer, listUrl: 'https://a.example/other', entries: [], now: START, validForMilliseconds: HOUR });
    await book.offer(elsewhere);
    expect(book.standing(await memberOf([a]), START)).toBe('status-stale');
    clock.advance(MINUTE);
    await book.offer(await listOf(a, [], at(1)));
    const last = MIN_STATUS_LIST_BITS / 2 - 1;
    expect([book.standing(await memberOf([a], last), at(1)), book.standing(await memberOf([a], last + 1), at(1))]).toEqual(['standing', 'status-stale']);
  });
});

describe('a member of two of three authorities', () => {
  it('stands as long as two stand by it, else falls by the gravest reason', async () => {
    const [book, member] = [bookOf(trustIn([a, b, c], 2)), await memberOf([a, b, c])];
    await book.offer(await listOf(a));
    expect(book.standing(member, START)).toBe('status-stale');
    await book.offer(await listOf(b));
    expect(book.standing(member, START)).toBe('standing');
    await book.offer(await listOf(c, [revoked]));
    expect(book.standing(member, START)).toBe('standing');
    clock.advance(MINUTE);
    await book.offer(await listOf(b, [suspended], at(1)));
    expect(book.standing(member, at(1))).toBe('revoked');
    clock.advance(MINUTE);
    await book.offer(await listOf(c, [], at(2)));
    expect(book.standing(member, at(2))).toBe('standing');
    clock.advance(MINUTE);
    await book.offer(await listOf(a, [suspended], at(3)));
    expect(book.standing(member, at(3))).toBe('suspended');
  });

  it('does not stand when an authority that stood by it is trusted no more', async () => {
    const trusted = { now: [a, b] };
    const trust = { ...trustIn([], 2), authorities: () => trusted.now.map(({ resolved }) => resolved) };
    const [book, member] = [bookOf(trust), await memberOf([a, b])];
    await book.offer(await listOf(a));
    await book.offer(await listOf(b));
    expect(book.standing(member, START)).toBe('standing');
    trusted.now = [a, c];
    expect(book.standing(member, START)).toBe('expired');
    expect(book.lists()).toHaveLength(1);
  });
});

describe('status book', () => {
  it('takes lists of trusted authorities alone', async () => {
    const book = bookOf(trustIn([a]));
    for (const wrong of [await listOf(b), { ...(await listOf(a)), signatures: (await listOf(b)).signatures }, await certify(hospital, a), undefined, 'text']) {
      await expect(book.offer(wrong)).rejects.toMatchObject({ code: 'STATUS_LIST_INVALID' });
    }
    expect(await store.all()).toEqual([]);
    expect(await book.offer(await listOf(a))).toBe(true);
  });

  it('takes no list of the future, with which it would refuse all others', async () => {
    const book = bookOf(trustIn([a]));
    await expect(book.offer(await listOf(a, [], later(START, CLOCK_SKEW_MILLISECONDS + 1)))).rejects.toMatchObject({ code: 'STATUS_LIST_INVALID' });
    expect(await book.offer(await listOf(a))).toBe(true);
  });

  it('goes on after a restart where it was, and sees what another replica was shown', async () => {
    const [book, replica, member] = [bookOf(trustIn([a])), bookOf(trustIn([a])), await memberOf([a])];
    await book.offer(await listOf(a, [revoked]));
    expect(replica.standing(member, START)).toBe('status-stale');
    await replica.load();
    expect(replica.standing(member, START)).toBe('revoked');
    expect(await replica.offer(await listOf(a, [], at(-1)))).toBe(false);
  });

  it('passes over what is stored and does not verify', async () => {
    const list = await listOf(b);
    await store.save({ authority: a.resolved.did, issuedAt: START, jws: list });
    await store.save({ authority: b.resolved.did, issuedAt: START, jws: list });
    const book = bookOf(trustIn([a, b]));
    await book.load();
    expect(book.lists()).toEqual([list]);
    const others = bookOf(trustIn([c]));
    await others.load();
    expect(others.lists()).toEqual([]);
  });

  it('takes the newest of several that come at once', async () => {
    const [book, member] = [bookOf(trustIn([a])), await memberOf([a])];
    const lists = await Promise.all([[0, []], [2, [revoked]], [1, []]].map(([minutes, entries]) => listOf(a, entries as [], at((minutes as number) - 5))));
    await Promise.all(lists.map((list) => book.offer(list)));
    expect(book.standing(member, START)).toBe('revoked');
  });

  it('tells the age of the oldest list, and of none when one is missing', async () => {
    const book = bookOf(trustIn([a, b], 2));
    await book.offer(await listOf(a));
    expect(book.oldestAge(at(5))).toBeUndefined();
    clock.advance(2 * MINUTE);
    await book.offer(await listOf(b, [], at(2)));
    expect([book.oldestAge(at(5)), book.oldestAge(at(-1))]).toEqual([5 * MINUTE, 0]);
  });
});

describe('when an authority replaces its keys', () => {
  it('as planned, what they signed still stands', async () => {
    const trusted = { now: a };
    const trust = { ...trustIn([]), authorities: () => [trusted.now.resolved] };
    const [book, member] = [bookOf(trust), await memberOf([a])];
    await book.offer(await listOf(a));
    trusted.now = await rotateIdentity(a, { keepPrevious: true });
    expect(book.standing(member, START)).toBe('standing');
  });

  it('at once, nothing that they signed stands, and no list of theirs stands in the way of a new one', async () => {
    const trusted = { now: a };
    const trust = { ...trustIn([]), authorities: () => [trusted.now.resolved] };
    const [book, member] = [bookOf(trust), await memberOf([a])];
    await book.offer(await listOf(a, [], at(1)));
    trusted.now = await rotateIdentity(a, { keepPrevious: false });
    expect(book.standing(member, START)).toBe('expired');
    const renewed = await verifyMembership([await certify(hospital, trusted.now)], { trust, subject: hospital.resolved.did, now: START });
    expect(book.standing(renewed, START)).toBe('status-stale');
    expect(await book.offer(await listOf(trusted.now))).toBe(true);
    expect(book.standing(renewed, START)).toBe('standing');
  });
});
