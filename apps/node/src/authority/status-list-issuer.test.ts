import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { readStatusList, StatusBook, verifyStatusList } from '@carecord/identity';
import type { StatusList } from '@carecord/identity';
import { ManualClock, MemoryStatusListStore } from '@carecord/testkit';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { StatusListIssuer } from './status-list-issuer.ts';
import type { StatusListIssuerOptions } from './status-list-issuer.ts';

const DAY = 24 * 60 * 60_000;
let clock: ManualClock;
let authority: AuthorityNode;

const resolved = () => authority.replica.identity.signing().resolved;
const current = (): Promise<StatusList> => verifyStatusList(authority.statusLists.current(), { authority: resolved(), now: clock.now() });
async function admitted(domain: string): Promise<TestApplicant> {
  const applicant = await TestApplicant.make(clock, domain);
  await authority.office.apply(await applicant.application(authority.did));
  await authority.office.decide(applicant.did, 'admit', REGISTRAR);
  return applicant;
}
function issuer(change: Partial<StatusListIssuerOptions>): StatusListIssuer {
  const { memberships, statuses, replica, home } = authority;
  const { identity } = replica;
  return new StatusListIssuer({ identity, memberships, statuses, transactions: home.transactions, statusListUrl: 'https://authority.example/status-list', validForMilliseconds: DAY, announce: () => undefined, clock, logger: silentLogger, ...change });
}

beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
});

describe('StatusListIssuer', () => {
  it('has no list before it has signed one', async () => {
    expect(authority.statusLists.current()).toBeUndefined();
    await authority.statusLists.issue();
    expect(await current()).toMatchObject({ authority: authority.did, url: 'https://authority.example/status-list', validFrom: clock.now() });
  });

  it('says of each member how it stands, as soon as that is decided', async () => {
    const [a] = [await admitted('a.hospital.example'), await admitted('b.hospital.example')];
    const standings = async (): Promise<unknown[]> => ((list) => [0, 1].map((index) => list.statusOf(index)))(await current());
    expect(await standings()).toEqual(['standing', 'standing']);
    await authority.office.decide(a.did, 'suspend', REGISTRAR);
    expect(await standings()).toEqual(['suspended', 'standing']);
    await authority.office.decide(a.did, 'reinstate', REGISTRAR);
    expect(await standings()).toEqual(['standing', 'standing']);
    await authority.office.decide(a.did, 'revoke', REGISTRAR);
    expect(await standings()).toEqual(['revoked', 'standing']);
  });

  it('signs a list that is newer than all before, although the clock stands still: members take no second one of an instant', async () => {
    const trust = { networkId: NETWORK_ID, threshold: 1, statusMaxAgeMilliseconds: DAY, authorities: () => [resolved()] };
    const member = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
    const a = await admitted('a.hospital.example');
    await authority.office.decide(a.did, 'revoke', REGISTRAR);
    const taken: boolean[] = [];
    for (const list of authority.announced) taken.push(await member.offer(list));
    expect(taken).toEqual([true, true]);
    expect(authority.announced.map((list) => readStatusList(list).validFrom.getTime() - clock.now().getTime())).toEqual([0, 1]);
  });

  it('signs a newer one than another replica of the authority whose clock is ahead', async () => {
    const ahead = new ManualClock(new Date(clock.now().getTime() + 30_000));
    await issuer({ clock: ahead }).issue();
    await authority.statusLists.issue();
    expect((await current()).validFrom.getTime() - ahead.now().getTime()).toBe(1);
  });

  it('signs one after the other: the last has what was decided last', async () => {
    const a = await admitted('a.hospital.example');
    await Promise.all([authority.statusLists.issue(), authority.office.decide(a.did, 'suspend', REGISTRAR), authority.statusLists.issue()]);
    expect((await current()).statusOf(0)).toBe('suspended');
    const dates = authority.announced.map((list) => readStatusList(list).validFrom.getTime());
    expect(dates).toEqual([...new Set(dates)].sort((one, other) => one - other));
  });

  it('signs one after the other over all replicas, too', async () => {
    const announced: ReturnType<typeof readStatusList>[] = [];
    const a = await admitted('a.hospital.example');
    const replicas = [1, 2, 3].map(() => issuer({ announce: () => (list) => Promise.resolve(announced.push(readStatusList(list))) }));
    await Promise.all([...replicas.map((replica) => replica.issue()), authority.office.decide(a.did, 'revoke', REGISTRAR)]);
    expect(new Set(announced.map(({ validFrom }) => validFrom.getTime())).size).toBe(3);
    expect((await current()).statusOf(0)).toBe('revoked');
    for (const replica of replicas) expect(replica.current()).toEqual(authority.statusLists.current());
  });

  it('stands although nobody could be told', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (event) => void warnings.push(event) };
    const alone = issuer({ announce: () => () => Promise.reject(new Error('failed on purpose')), logger });
    await alone.issue();
    expect([alone.current(), warnings]).toEqual([expect.anything(), ['status-list-not-announced']]);
  });
});
