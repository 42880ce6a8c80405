import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { fixedIdentity, StatusBook } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryStatusListStore } from '../../../testkit/src/memory/status-list-store.ts';
import { admitForTest, makeTestAuthority, makeTestIdentity, trustIn } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority } from '../../../testkit/src/network-fixture.ts';
import { valueRefused } from '../network-error.ts';
import { statusListKey, statusListOf, statusListValue } from '../values/status-list-value.ts';
import { StatusListsInDht } from './status-lists-in-dht.ts';

describe('StatusListsInDht', () => {
  const clock = new ManualClock(new Date());
  let authorities: [TestAuthority, TestAuthority];
  let values: Map<string, Uint8Array>;
  let statuses: StatusBook;
  let lists: StatusListsInDht;
  let refuse = false;

  beforeEach(async () => {
    authorities = [await makeTestAuthority('one', clock), await makeTestAuthority('two', clock)];
    values = new Map();
    refuse = false;
    const trust = trustIn(authorities);
    const member = await admitForTest(await makeTestIdentity('a', clock), authorities);
    statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
    const host = {
      get: (_kind: unknown, key: Uint8Array) => Promise.resolve(values.get(hex(key))),
      put: (_kind: unknown, key: Uint8Array, value: Uint8Array) => {
        if (refuse) return Promise.reject(valueRefused('A newer one is there.'));
        values.set(hex(key), value);
        return Promise.resolve({ stored: 1 });
      },
    };
    lists = new StatusListsInDht({ host, local: fixedIdentity(member), trust, statuses, members: () => [], clock, logger: silentLogger });
  });

  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const keyOf = ({ did, listUrl }: TestAuthority): string => hex(statusListKey(did, listUrl));
  const inDht = (authority: TestAuthority): GeneralJws | undefined => {
    const value = values.get(keyOf(authority));
    return value && statusListOf(value);
  };
  const put = (authority: TestAuthority, list: GeneralJws): void => void values.set(keyOf(authority), statusListValue(list) ?? new Uint8Array());

  it('finds the lists of all authorities that admitted us, without any of them and without a member', async () => {
    const [one, two] = [await authorities[0].statusList(), await authorities[1].statusList()];
    put(authorities[0], one);
    put(authorities[1], two);
    expect(await lists.refresh()).toBe(true);
    expect(statuses.lists()).toEqual([one, two]);
    expect(await lists.refresh()).toBe(false);
  });

  it('puts there what is newer here, and leaves what is newer there', async () => {
    const [older, newer, newest] = [await authorities[0].statusList(), await authorities[0].statusList(), await authorities[0].statusList()];
    put(authorities[0], older);
    await statuses.offer(newer);
    expect(await lists.refresh()).toBe(false);
    expect(inDht(authorities[0])).toEqual(newer);
    expect(inDht(authorities[1])).toBeUndefined();
    put(authorities[0], newest);
    expect(await lists.refresh()).toBe(true);
    expect(inDht(authorities[0])).toEqual(newest);
    expect(statuses.lists()).toEqual([newest]);
  });

  it('does not mind that the DHT would not take a list, or gives one that does not verify', async () => {
    const [list, other] = [await authorities[0].statusList(), await authorities[0].statusList()];
    await statuses.offer(list);
    refuse = true;
    expect(await lists.refresh()).toBe(false);
    put(authorities[0], { payload: other.payload, signatures: list.signatures });
    expect(await lists.refresh()).toBe(false);
    expect(statuses.lists()).toEqual([list]);
  });
});
