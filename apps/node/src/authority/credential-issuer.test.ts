import { beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS, fixedTrust, verifyMembership } from '@carecord/identity';
import type { Membership } from '@carecord/identity';
import type { StoredMembership } from '@carecord/storage';
import { ManualClock } from '@carecord/testkit';
import { AuthorityNode, NETWORK_ID } from './authority.fixture.ts';
import { CREDENTIAL_MILLISECONDS, CredentialIssuer } from './credential-issuer.ts';

const HOSPITAL = 'did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:a.hospital.example';
const FELLOW = 'did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:authority-2.example';
let clock: ManualClock;
let authority: AuthorityNode;
const member = (change: Partial<StoredMembership> = {}): StoredMembership => ({ did: HOSPITAL, name: 'Hospital A', state: 'admitted', statusIndex: 7, history: '', reasonCode: undefined, appliedAt: clock.now(), decidedAt: clock.now(), decidedBy: undefined, ...change });

async function verified(of: StoredMembership): Promise<Membership> {
  const { identity } = authority.replica;
  const issuer = new CredentialIssuer({ identity, statusListUrl: 'https://authority.example/status-list', authorities: [authority.did, FELLOW], clock });
  return await verifyMembership([await issuer.credentialFor(of)], { trust: fixedTrust(NETWORK_ID, [identity.signing().resolved]), subject: of.did, now: clock.now() });
}

beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
});

describe('CredentialIssuer', () => {
  it('says what the register says, for a quarter of a year', async () => {
    expect(await verified(member())).toMatchObject({
      did: HOSPITAL,
      name: 'Hospital A',
      roles: ['hospital'],
      networkId: NETWORK_ID,
      validUntil: later(clock.now(), CREDENTIAL_MILLISECONDS),
      standings: [{ authority: authority.did, statusListUrl: 'https://authority.example/status-list', statusIndex: 7 }],
    });
  });

  it('is good at once, also where a clock is behind', async () => {
    const { identity } = authority.replica;
    const credential = await authority.issuer.credentialFor(member());
    const behind = later(clock.now(), -2 * CLOCK_SKEW_MILLISECONDS);
    await expect(verifyMembership([credential], { trust: fixedTrust(NETWORK_ID, [identity.signing().resolved]), subject: HOSPITAL, now: behind })).resolves.toBeDefined();
  });

  it('gives the role of an authority to those of the network file alone', async () => {
    expect((await verified(member({ did: FELLOW }))).roles).toEqual(['authority']);
    expect((await verified(member({ did: authority.did }))).roles).toEqual(['authority']);
    expect((await verified(member())).roles).toEqual(['hospital']);
  });

  it.each(['pending', 'refused', 'suspended', 'revoked'] as const)('says nothing for a hospital that is %s', async (state) => {
    await expect(authority.issuer.credentialFor(member({ state }))).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it('says nothing for one without a place in the status list', async () => {
    await expect(authority.issuer.credentialFor(member({ statusIndex: undefined }))).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });
});
