import { beforeAll, describe, expect, it } from '@jest/globals';
import type { GeneralJws } from '@carecord/crypto';
import { makeIdentity } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { certify, NETWORK_ID } from '../members.fixture.ts';
import { issueNetworkDescription, verifyNetworkDescription } from './network-description.ts';
import type { NetworkDescription } from './network-description.ts';
import { fixedTrust } from './network-trust.ts';

let a: Identity;
let b: Identity;
let c: Identity;
let stranger: Identity;
let description: NetworkDescription;
beforeAll(async () => {
  [a, b, c, stranger] = await Promise.all([makeIdentity('a'), makeIdentity('b'), makeIdentity('c'), makeIdentity('s')]);
  description = {
    networkId: NETWORK_ID,
    sequence: 3,
    authorities: [a, b, c].map(({ resolved }, at) => ({ did: resolved.did, url: `https://${at}.example`, witness: `did:key:z6Mk${'abc'.charAt(at).repeat(44)}` })),
    threshold: 2,
    guardians: { members: [a.resolved.did, b.resolved.did, c.resolved.did], threshold: 2 },
    epoch: 1,
    statusMaxAgeHours: 24,
    witnessThreshold: 1,
  };
});

const issue = (by: Identity, change: Partial<NetworkDescription> = {}): Promise<GeneralJws> =>
  issueNetworkDescription({ issuer: by.resolved, signer: by.signer, description: { ...description, ...change } });
const verify = (statements: unknown, known?: { sequence: number }): Promise<NetworkDescription> =>
  verifyNetworkDescription(statements, fixedTrust(NETWORK_ID, [a, b, c].map(({ resolved }) => resolved), 2), known);
const refusal = { code: 'NETWORK_DESCRIPTION_INVALID' };

describe('network description', () => {
  it('comes back from its signed form, by two of three authorities', async () => {
    expect(await verify([await issue(a), await issue(b)])).toEqual(description);
    expect(await verify([await issue(c), await issue(stranger), await issue(a)])).toEqual(description);
  });

  it('is refused by fewer, by one twice, and by a stranger', async () => {
    for (const by of [[a], [a, a], [a, stranger], [stranger]]) await expect(verify(await Promise.all(by.map((one) => issue(one))))).rejects.toMatchObject(refusal);
  });

  it('is refused when they do not say the same, or when it is changed', async () => {
    await expect(verify([await issue(a), await issue(b, { epoch: 2 })])).rejects.toMatchObject(refusal);
    const changed = [await issue(a), await issue(b)].map((jws) => ({
      ...jws,
      payload: Buffer.from(Buffer.from(jws.payload, 'base64url').toString().replace('"threshold":2', '"threshold":1')).toString('base64url'),
    }));
    await expect(verify(changed)).rejects.toMatchObject(refusal);
  });

  it('is the newest that enough of them say, while they come to it one after the other', async () => {
    const [old, next] = [{ sequence: 3 }, { sequence: 4, epoch: 2 }];
    expect(await verify([await issue(a, next), await issue(b, old), await issue(c, old)])).toMatchObject({ sequence: 3, epoch: 1 });
    expect(await verify([await issue(a, next), await issue(b, old), await issue(c, next)])).toMatchObject({ sequence: 4, epoch: 2 });
    await expect(verify([await issue(a, next), await issue(b, old), await issue(stranger, old)])).rejects.toMatchObject(refusal);
  });

  it('names who guards the look-up, and is not signed when that could not work', async () => {
    const members = [a, b].map(({ resolved }) => resolved.did);
    for (const guardians of [{ members, threshold: 1 }, { members, threshold: 3 }, { members: [...members, ...members], threshold: 2 }, { members, threshold: 0 }]) {
      await expect(issue(a, { guardians })).rejects.toMatchObject(refusal);
      await expect(issue(a, { formerGuardians: guardians })).rejects.toMatchObject(refusal);
    }
    for (const guardians of [{ members: [], threshold: 1 }, { members, threshold: 2 }, { members: members.slice(0, 1), threshold: 1 }]) {
      const change = { guardians, formerGuardians: { members, threshold: 2 } };
      expect(await verify([await issue(a, change), await issue(b, change)])).toEqual({ ...description, ...change });
    }
  });

  it('is refused when it is of another network, no description, or nothing', async () => {
    const other = [await issue(a, { networkId: 'other' }), await issue(b, { networkId: 'other' })];
    for (const wrong of [other, [await certify(a, a), await certify(a, b)], [], null, await issue(a), Array.from({ length: 17 }, () => other[0])]) {
      await expect(verify(wrong)).rejects.toMatchObject(refusal);
    }
  });

  it('is refused when a newer one is known', async () => {
    const statements = [await issue(a), await issue(b)];
    expect(await verify(statements, { sequence: 3 })).toEqual(description);
    await expect(verify(statements, { sequence: 4 })).rejects.toMatchObject({ code: 'NETWORK_DESCRIPTION_OLDER' });
  });

  it('is not signed when nobody could be admitted by it', async () => {
    await expect(issue(a, { threshold: 4 })).rejects.toMatchObject({ ...refusal, message: expect.stringContaining('larger than the number of authorities') });
  });
});
