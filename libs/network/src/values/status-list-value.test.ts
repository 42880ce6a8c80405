import { beforeAll, describe, expect, it } from '@jest/globals';
import { encodeWire } from '@carecord/core';
import { generalJwsSchema } from '@carecord/crypto';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { makeTestAuthority, trustIn } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority } from '../../../testkit/src/network-fixture.ts';
import { statusListKey, StatusListKind, statusListOf, statusListValue } from './status-list-value.ts';

const clock = new ManualClock(new Date());
const DAY = 24 * 60 * 60 * 1000;

describe('a status list in the DHT', () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let kind: StatusListKind;
  beforeAll(async () => {
    [authority, stranger] = await Promise.all([makeTestAuthority('authority', clock), makeTestAuthority('stranger', clock)]);
    kind = new StatusListKind({ trust: trustIn([authority]), clock });
  });
  const valueBy = async (by: TestAuthority): Promise<Uint8Array> => statusListValue(await by.statusList()) ?? new Uint8Array();
  const key = (by = authority): Uint8Array => statusListKey(by.did, by.listUrl);

  it('stands under the key of its authority and address, newer over older, for as long as it is believed', async () => {
    const [older, newer] = [await valueBy(authority), await valueBy(authority)];
    const [before, after] = [await kind.validate(key(), older), await kind.validate(key(), newer)];
    expect(after.sequence).toBeGreaterThan(before.sequence);
    expect(after.owner).toBe(authority.did);
    expect(after.expiresAt).toEqual(new Date(after.sequence + DAY));
    expect(generalJwsSchema.parse(statusListOf(newer))).toMatchObject({ payload: expect.any(String) });
  });

  it('is refused under another key, by a stranger, changed, or when it is none', async () => {
    const list = await authority.statusList();
    const value = statusListValue(list) ?? new Uint8Array();
    await expect(kind.validate(statusListKey(authority.did, stranger.listUrl), value)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(kind.validate(statusListKey(stranger.did, authority.listUrl), value)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(kind.validate(key(stranger), await valueBy(stranger))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    const other = await authority.statusList();
    const changed = { payload: other.payload, signatures: [...list.signatures] };
    await expect(kind.validate(key(), encodeWire(generalJwsSchema, changed))).rejects.toMatchObject({ code: 'STATUS_LIST_INVALID' });
    await expect(kind.validate(key(), Uint8Array.of(1, 2, 3))).rejects.toThrow();
  });

  it('that is too large goes from member to member alone', () => {
    expect(statusListValue({ payload: 'A'.repeat(70_000), signatures: [{ protected: '', signature: '' }, { protected: '', signature: '' }] })).toBeUndefined();
  });
});
