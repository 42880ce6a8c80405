import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWire, encodeWire } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS, DidHistories, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { LocalMember } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryDidHistoryStore } from '../../../testkit/src/memory/did-history-store.ts';
import { MemoryStatusListStore } from '../../../testkit/src/memory/status-list-store.ts';
import { admitForTest, makeTestAuthority, makeTestIdentity, trustIn } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority, TestIdentity } from '../../../testkit/src/network-fixture.ts';
import { z } from 'zod';
import { advertKey, AdvertKind, HistoryUnknown, makeAdvert } from './advert.ts';
import { MAX_VALUE_BYTES } from './value-rules.ts';

const HOUR = 60 * 60 * 1000;
const clock = new ManualClock(new Date());
const PEER = '12D3KooWGkdssoujKxGoPbVAjGrFE6m5wBumSf67hjSv4S5MGegm';
const place = { peerId: PEER, addresses: [`/ip4/127.0.0.1/tcp/1/p2p/${PEER}`], sequence: 1, advertisedAt: clock.now(), expiresAt: new Date(clock.now().getTime() + HOUR) };

describe('an advert', () => {
  let authority: TestAuthority;
  let keys: TestIdentity;
  let reader: TestIdentity;
  beforeAll(async () => {
    authority = await makeTestAuthority('authority', clock);
    [keys, reader] = await Promise.all([makeTestIdentity('a', clock), makeTestIdentity('reader', clock)]);
    await authority.admit(keys);
  });

  /** The kind as a node has it that has seen the newest status list, and these histories. */
  async function makeKind(histories: readonly string[] = []) {
    const trust = trustIn([authority]);
    const statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
    await statuses.offer(await authority.statusList());
    const remembered = new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY });
    for (const history of histories) await remembered.accept(keys.did, history);
    const local = { did: reader.did, networkId: trust.networkId, current: (): LocalMember => ({ ...member, resolved: reader.resolved }) };
    const member = await admitForTest(reader, authority);
    return { kind: new AdvertKind({ trust, statuses, histories: remembered, local, clock }), remembered, statuses };
  }
  const local = (): Promise<LocalMember> => admitForTest(keys, authority);
  /** The member with a history that is too long for an advert. */
  const withLongHistory = async (): Promise<LocalMember> => {
    while (keys.resolved.log.length < MAX_VALUE_BYTES) await keys.rotate();
    return local();
  };

  it('carries the history while it fits, and is remembered with it', async () => {
    const { kind, remembered } = await makeKind();
    const value = await makeAdvert(await local(), place);
    expect(await kind.open(value)).toMatchObject({ did: keys.did, name: 'Hospital a', resolved: { versionId: keys.resolved.versionId } });
    expect((await remembered.known(keys.did))?.versionId).toBe(keys.resolved.versionId);
    await expect(kind.validate(advertKey(keys.did), value)).resolves.toMatchObject({ owner: keys.did });
    expect(kind.known(keys.did)).toMatchObject({ did: keys.did });
  });

  it('says what a member offers, when it said so, and by which version of its DID', async () => {
    const { kind } = await makeKind();
    const offer = { capabilities: ['relay', 'blocks'], capacity: 'scarce' as const };
    expect(await kind.open(await makeAdvert(await local(), { ...place, ...offer }))).toMatchObject({ ...offer, advertisedAt: place.advertisedAt, versionId: keys.resolved.versionId });
    expect(await kind.open(await makeAdvert(await local(), place))).toMatchObject({ capabilities: [], capacity: 'ample' });
    expect(kind.allKnown().map(({ did }) => did)).toEqual([keys.did]);
    await expect(makeAdvert(await local(), { ...place, capabilities: ['No Word'] })).rejects.toMatchObject({ code: 'WIRE_SCHEMA' });
  });

  it('of the future is refused, but not one of a clock that runs a little ahead', async () => {
    const { kind } = await makeKind();
    const ahead = (milliseconds: number) => ({ ...place, advertisedAt: new Date(clock.now().getTime() + milliseconds) });
    await expect(kind.open(await makeAdvert(await local(), ahead(CLOCK_SKEW_MILLISECONDS)))).resolves.toMatchObject({ did: keys.did });
    await expect(kind.open(await makeAdvert(await local(), ahead(CLOCK_SKEW_MILLISECONDS + 1)))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
  });

  it('with credentials of others, or without any, is refused before its history is looked at', async () => {
    const { kind, remembered } = await makeKind();
    const other = await admitForTest(reader, authority);
    for (const credentials of [[], other.credentials]) {
      await expect(kind.open(await makeAdvert({ ...(await local()), credentials }, place))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    }
    expect(await remembered.known(keys.did)).toBeUndefined();
    const broken = { ...(await local()), resolved: { ...keys.resolved, log: 'nonsense' } };
    await expect(kind.open(await makeAdvert(broken, place))).rejects.toMatchObject({ cause: { code: 'DID_LOG_INVALID' } });
  });

  it('not signed by the DID, or with another text of its history, leaves nothing behind', async () => {
    const { kind, remembered } = await makeKind();
    const copied = { ...(await local()), signer: reader.signer };
    await expect(kind.open(await makeAdvert(copied, place))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    const { resolved: { log } } = keys;
    const padded = `${log}${JSON.stringify({ witnessProofs: [{ proof: [], versionId: keys.resolved.versionId }] })}\n`;
    await expect(remembered.verify(keys.did, padded)).resolves.toMatchObject({ versionId: keys.resolved.versionId });
    const changed = replaceHistory(await makeAdvert(await local(), place), padded);
    await expect(kind.open(changed)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    expect(await remembered.known(keys.did)).toBeUndefined();
    await expect(kind.open(replaceHistory(changed, log))).resolves.toMatchObject({ did: keys.did });
    expect((await remembered.known(keys.did))?.log).toBe(log);
  });

  it('counts by the newest history that is known, though it carries an older one', async () => {
    const [before, value] = [keys.resolved, await makeAdvert(await local(), place)];
    await keys.rotate();
    const planned = await makeKind([before.log, keys.resolved.log]);
    expect((await planned.kind.open(value)).resolved.versionId).toBe(keys.resolved.versionId);
    const urgent = await makeAdvert(await local(), place);
    await keys.rotate({ keepPrevious: false });
    const { kind } = await makeKind([keys.resolved.log]);
    await expect(kind.open(urgent)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(kind.open(await makeAdvert(await local(), place))).resolves.toMatchObject({ did: keys.did });
  });

  it('without its history is good where that is known, and elsewhere says that it is missing', async () => {
    const long = await withLongHistory();
    const value = await makeAdvert(long, place);
    expect(value.length).toBeLessThan(MAX_VALUE_BYTES / 3);
    const knowing = await makeKind([long.resolved.log]);
    await expect(knowing.kind.validate(advertKey(keys.did), value)).resolves.toMatchObject({ owner: keys.did });
    const { kind } = await makeKind();
    await expect(kind.validate(advertKey(keys.did), value)).rejects.toThrow(HistoryUnknown);
    await expect(kind.open(value)).rejects.toMatchObject({ code: 'VALUE_REFUSED', did: keys.did, versionNumber: long.resolved.versionNumber });
    await keys.rotate();
    await expect(knowing.kind.open(await makeAdvert(await local(), place))).rejects.toThrow(HistoryUnknown);
  });

  it('of a member that was revoked is refused, and what was verified before counts no more', async () => {
    const { kind, statuses } = await makeKind([keys.resolved.log]);
    const value = await makeAdvert(await local(), place);
    await kind.open(value);
    authority.mark(keys.did, { revoked: true });
    await statuses.offer(await authority.statusList());
    expect(kind.known(keys.did)).toBeUndefined();
    await expect(kind.open(value)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    authority.mark(keys.did, { revoked: false });
    await statuses.offer(await authority.statusList());
    await expect(kind.open(value)).resolves.toMatchObject({ did: keys.did });
  });
});

/** The same signed advert with another text in the place of its history. */
function replaceHistory(value: Uint8Array, history: string): Uint8Array {
  const anything = z.looseObject({});
  return encodeWire(anything, { ...decodeWire(anything, value, MAX_VALUE_BYTES), history });
}
