import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { POINTER_LIFETIME_MILLISECONDS } from '@carecord/locator';
import { ManualClock } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';
import type { Replica } from './identity.fixture.ts';
import { IdentityRotation } from './identity-rotation.ts';
import { KeyCleaning } from './key-cleaning.ts';

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

let clock: ManualClock;
let home: Home;
let node: Replica;
let inUse: Set<string>;
let cleaning: KeyCleaning;
const idsOf = (...states: string[]): string[] => node.ring.list().filter(({ state }) => states.includes(state)).map(({ id }) => id);

beforeEach(async () => {
  clock = new ManualClock();
  home = new Home();
  node = await startReplica(home, { clock });
  const { identity, ring } = node;
  inUse = new Set();
  cleaning = new KeyCleaning({ ring, did: identity.did, recipientKeysInUse: () => Promise.resolve(inUse), clock, logger: silentLogger });
  const nothing = { services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce: () => Promise.resolve() };
  await new IdentityRotation({ identity, ring, settings: home.settings, ...nothing, clock, logger: silentLogger }).rotate({ urgent: false });
});

describe('KeyCleaning', () => {
  it('destroys nothing before every replica has followed', async () => {
    clock.advance(MINUTE - 1);
    expect(await cleaning.run()).toEqual([]);
    expect(idsOf('destroyed')).toEqual([]);
  });

  it('destroys retired keys that sign, write and cosign, then, but not the one that opens', async () => {
    const secret = node.ring.find('did-signing-1')?.secret;
    clock.advance(MINUTE);
    expect([...(await cleaning.run())].sort()).toEqual(['did-cosigning-1', 'did-signing-1', 'did-update-1']);
    expect([secret, node.ring.find('did-signing-1')]).toEqual([new Uint8Array(64), undefined]);
    expect(idsOf('retired')).toEqual(['did-recipient-1']);
    expect(await cleaning.run()).toEqual([]);
  });

  it('destroys a retired key that opens once nothing is sealed to it, pointers in the DHT included', async () => {
    clock.advance(POINTER_LIFETIME_MILLISECONDS - 1);
    await cleaning.run();
    expect(idsOf('retired')).toEqual(['did-recipient-1']);
    inUse.add(`${node.identity.did}#recipient-1`);
    clock.advance(YEAR);
    expect(await cleaning.run()).toEqual([]);
    inUse.clear();
    expect(await cleaning.run()).toEqual(['did-recipient-1']);
    expect(node.identity.recipientKeys().map(({ keyId }) => keyId)).toEqual([`${node.identity.did}#recipient-2`]);
  });

  it('never destroys keys in use, committed keys, or keys of another kind', async () => {
    const { ring } = node;
    await ring.ensure('locator-index', () => new Uint8Array(32));
    await ring.change((transaction) => ring.retire(transaction, 'locator-index-1'));
    clock.advance(YEAR);
    await cleaning.run();
    expect(idsOf('active', 'pending', 'retired')).toEqual(['did-cosigning-2', 'did-cosigning-3', 'did-recipient-2', 'did-signing-2', 'did-update-2', 'did-update-3', 'locator-index-1']);
  });

  it('destroys nothing when nobody can tell what is in use', async () => {
    const { ring, identity } = node;
    const blind = new KeyCleaning({ ring, did: identity.did, recipientKeysInUse: () => Promise.reject(new Error('failed on purpose')), clock, logger: silentLogger });
    clock.advance(YEAR);
    await expect(blind.run()).rejects.toThrow('failed on purpose');
    expect(idsOf('destroyed')).toEqual([]);
  });
});
