import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { certify, NETWORK_ID } from '../members.fixture.ts';
import { fixedTrust } from '../network/network-trust.ts';
import { memberNameSchema } from '../schemas.ts';
import { verifyMembership } from './membership.ts';
import type { Membership } from './membership.ts';
import type { MemberRole } from './membership-credential.ts';

let authorities: Identity[];
let hospital: Identity;
beforeAll(async () => {
  [hospital, ...authorities] = (await Promise.all(['h', 'a', 'b', 'c'].map(makeIdentity))) as [Identity, ...Identity[]];
});

/** What is believed by two of three, with the roles that each of them gives. */
async function rolesOf(...each: MemberRole[][]): Promise<Membership> {
  const credentials = await Promise.all(each.map((roles, at) => certify(hospital, authorities[at] ?? hospital, { roles })));
  return verifyMembership(credentials, { trust: fixedTrust(NETWORK_ID, authorities.map(({ resolved }) => resolved), 2), subject: hospital.resolved.did, now: START });
}

describe('one authority of three, when two are needed', () => {
  it('cannot shut a member out by giving it another role', async () => {
    const { roles, standings } = await rolesOf(['hospital'], ['guardian'], ['hospital']);
    expect(roles).toEqual(['hospital']);
    expect(standings.map(({ authority }) => authority)).toEqual([authorities[0], authorities[2]].map((authority) => authority?.resolved.did));
  });

  it('cannot take a role from a member that two others give', async () => {
    expect((await rolesOf(['authority'], ['authority', 'guardian'], ['authority', 'guardian'])).roles).toEqual(['authority', 'guardian']);
  });

  it('cannot give a member a role', async () => {
    const { roles, standings } = await rolesOf(['hospital', 'authority', 'guardian'], ['hospital'], ['hospital']);
    expect([roles, standings.length]).toEqual([['hospital'], 3]);
  });

  it('is not counted as two for two roles', async () => {
    await expect(rolesOf(['hospital', 'guardian'], ['authority'])).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
  });
});

describe('a name', () => {
  it.each(['Hospital A', 'Hôpital Saint-Éloi (Montpellier)', '東京病院', 'Ospedale “San Raffaele” 2', 'H'])('may be %s', (name) => {
    expect(memberNameSchema.safeParse(name).success).toBe(true);
  });

  it.each([
    ['orders to the terminal', 'Hospital A\u001b[2K\u001b[1A'],
    ['a line of its own', 'Hospital A\nadmitted  Hospital B'],
    ['a change of direction', 'Hospital \u202eA'],
    ['a letter without width', 'Hosp\u200bital A'],
    ['a letter without shape', 'Hospital\u3164A'],
    ['a blank that is no space', 'Hospital\u00a0A'],
    ['two spaces', 'Hospital  A'],
    ['a space in front', ' Hospital A'],
    ['a space behind', 'Hospital A '],
    ['nothing but a space', ' '],
    ['half a character', 'Hospital \ud800'],
    ['accents apart from their letters', 'Ho\u0302pital A'],
  ])('has no %s', (_what, name) => {
    expect(memberNameSchema.safeParse(name).success).toBe(false);
  });
});
