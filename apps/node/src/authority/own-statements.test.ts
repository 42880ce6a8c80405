import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { fixedTrust, verifyMembership, verifyNetworkDescription, verifyStatusList } from '@carecord/identity';
import type { NetworkDescription } from '@carecord/identity';
import { ManualClock } from '@carecord/testkit';
import { IdentityRotation } from '../identity/identity-rotation.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { OwnStatements } from './own-statements.ts';

const DAY = 24 * 60 * 60_000;
let clock: ManualClock;
let authority: AuthorityNode;
let network: NetworkDescription;
let kept: GeneralJws[];
let statements: OwnStatements;

/** Whether those who know the authority as it is now believe all that it says. */
async function expectBelieved(): Promise<void> {
  const trust = fixedTrust(NETWORK_ID, [authority.replica.identity.signing().resolved]);
  const expected = { trust, subject: authority.did, now: clock.now() };
  expect(await verifyMembership(kept.slice(-1), expected)).toMatchObject({ name: 'Authority', roles: ['authority'] });
  expect(await verifyNetworkDescription([statements.description()], trust)).toMatchObject({ networkId: NETWORK_ID, sequence: 1 });
  const [resolved] = trust.authorities();
  if (resolved === undefined) throw new Error('There is one.');
  expect((await verifyStatusList(authority.statusLists.current(), { authority: resolved, now: clock.now() })).statusOf(0)).toBe('standing');
}

beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
  const listed = { did: authority.did, url: 'https://authority.example', witness: authority.witness };
  network = { sequence: 1, networkId: NETWORK_ID, threshold: 1, authorities: [listed], guardians: { members: [authority.did], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 1 };
  kept = [];
  const { office, issuer, statusLists, replica } = authority;
  const membership = { keep: (_did: string, { credential }: { readonly credential: GeneralJws }) => Promise.resolve(void kept.push(credential)), useStored: () => Promise.resolve(true) };
  statements = new OwnStatements({ identity: replica.identity, name: 'Authority', describe: () => network, office, issuer, membership, statusLists, clock });
});

describe('what an authority says by itself', () => {
  it('is signed once, and believed', async () => {
    expect(() => statements.description()).toThrow('Nothing was signed yet.');
    await statements.refresh();
    await expectBelieved();
    await statements.refresh();
    expect([kept.length, authority.announced.length]).toEqual([1, 1]);
  });

  it('is signed anew when other guardians are appointed', async () => {
    await statements.refresh();
    network = { ...network, sequence: 2, epoch: 2 };
    await statements.refresh();
    const trust = fixedTrust(NETWORK_ID, [authority.replica.identity.signing().resolved]);
    expect(await verifyNetworkDescription([statements.description()], trust)).toMatchObject({ sequence: 2, epoch: 2 });
  });

  it.each([false, true])('is signed anew, and believed, after a rotation: urgent %s', async (urgent) => {
    await statements.refresh();
    const { identity, ring } = authority.replica;
    const nothing = { services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce: () => Promise.resolve() };
    const rotation = new IdentityRotation({ identity, ring, settings: authority.home.settings, ...nothing, clock, logger: silentLogger });
    rotation.afterwards(() => statements.refresh());
    clock.advance(60_000);
    await rotation.rotate({ urgent });
    expect([kept.length, authority.announced.length]).toEqual([2, 2]);
    await expectBelieved();
  });

  it('is signed anew when a third of its time is left', async () => {
    await statements.refresh();
    clock.advance(59 * DAY);
    await statements.refresh();
    expect(kept).toHaveLength(1);
    clock.advance(2 * DAY);
    await statements.refresh();
    expect(kept).toHaveLength(2);
    await expectBelieved();
  });

  it('has no credential once its own staff has suspended it, but still a list and a network', async () => {
    await statements.refresh();
    await authority.office.decide(authority.did, 'suspend', REGISTRAR);
    clock.advance(61 * DAY);
    await statements.refresh();
    expect(kept).toHaveLength(1);
    expect(authority.announced).toHaveLength(3);
  });
});
