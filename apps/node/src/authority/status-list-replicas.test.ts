import { beforeEach, expect, it } from '@jest/globals';
import { later, silentLogger } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { StatusBook, verifyStatusList } from '@carecord/identity';
import { ManualClock, MemoryStatusListStore } from '@carecord/testkit';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { StatusListIssuer } from './status-list-issuer.ts';

const DAY = 24 * 60 * 60_000;
let clock: ManualClock;
let authority: AuthorityNode;
let store: MemoryStatusListStore;
beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
  store = new MemoryStatusListStore();
});

/** A replica whose clock is ahead, and that pauses once it has read the register, until it is told to go on. */
function replica(options: { readonly ahead?: number; readonly hold?: Promise<unknown>; readonly onRead?: () => void } = {}): StatusListIssuer {
  const { ahead = 0, hold, onRead } = options;
  const { memberships, replica: { identity }, home: { transactions } } = authority;
  const ownClock: Clock = { now: () => later(clock.now(), ahead), sleepUntil: clock.sleepUntil.bind(clock) };
  const trust = { networkId: NETWORK_ID, threshold: 1, statusMaxAgeMilliseconds: DAY, authorities: () => [identity.signing().resolved] };
  const slow = {
    find: memberships.find.bind(memberships),
    statuses: async () => {
      const entries = await memberships.statuses();
      onRead?.();
      await hold;
      return entries;
    },
  };
  const statuses = new StatusBook({ trust, store, clock: ownClock });
  return new StatusListIssuer({ identity, memberships: slow, transactions, statuses, statusListUrl: 'https://authority.example/status-list', validForMilliseconds: DAY, announce: () => undefined, clock: ownClock, logger: silentLogger });
}

/** What everybody believes in the end: the newest list that any replica signed. */
async function believed(index: number): Promise<string | undefined> {
  const [newest] = await store.all();
  return (await verifyStatusList(newest?.jws, { authority: authority.replica.identity.signing().resolved, now: clock.now() })).statusOf(index);
}

async function member(): Promise<TestApplicant> {
  const hospital = await TestApplicant.make(clock);
  await authority.office.apply(await hospital.application(authority.did));
  await authority.office.decide(hospital.did, 'admit', REGISTRAR);
  return hospital;
}

it('a list that a replica began before a revocation does not take the revoked member back', async () => {
  const hospital = await member();
  const read = Promise.withResolvers<undefined>();
  const goOn = Promise.withResolvers<undefined>();
  const hourly = replica({ ahead: 20_000, hold: goOn.promise, onRead: () => read.resolve(undefined) }).issue();
  await read.promise;
  // Meanwhile another replica revokes it, and signs a list at once.
  const revoking = authority.office.decide(hospital.did, 'revoke', REGISTRAR).then(() => replica().issue());
  await new Promise((resolve) => setImmediate(resolve));
  goOn.resolve(undefined);
  await Promise.all([hourly, revoking]);
  expect(await believed(0)).toBe('revoked');
});

it('a replica whose clock is behind dates its list after those of the others', async () => {
  const hospital = await member();
  await replica({ ahead: 20_000 }).issue();
  await authority.office.decide(hospital.did, 'revoke', REGISTRAR);
  const behind = replica();
  await behind.issue();
  expect(await believed(0)).toBe('revoked');
  expect(behind.current()).toEqual((await store.all())[0]?.jws);
});
