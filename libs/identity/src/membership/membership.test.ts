import { beforeAll, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { END, makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { certify, listUrlOf, NETWORK_ID, payloadOf } from '../members.fixture.ts';
import { fixedTrust } from '../network/network-trust.ts';
import { MAX_CREDENTIALS, verifyMembership } from './membership.ts';
import type { Membership } from './membership.ts';

let a: Identity;
let b: Identity;
let c: Identity;
let hospital: Identity;
let stranger: Identity;
beforeAll(async () => {
  [a, b, c, hospital, stranger] = await Promise.all([makeIdentity('a'), makeIdentity('b'), makeIdentity('c'), makeIdentity('h'), makeIdentity('s')]);
});

const signAs = (by: Identity, type: string, payload: unknown): Promise<GeneralJws> =>
  signJws(by.signer, type, by.resolved.signingKeyIds, Buffer.from(JSON.stringify(payload)));

interface Expected {
  readonly authorities?: readonly Identity[];
  readonly threshold?: number;
  readonly networkId?: string;
  readonly subject?: string;
  readonly now?: Date;
}
/** One authority, `a`, unless told otherwise. */
const verify = (credentials: unknown, expected: Expected = {}): Promise<Membership> => {
  const { authorities = [a], threshold = 1, networkId = NETWORK_ID, subject = hospital.resolved.did, now = START } = expected;
  return verifyMembership(credentials, { trust: fixedTrust(networkId, authorities.map(({ resolved }) => resolved), threshold), subject, now });
};
const refused = (code: string): object => expect.objectContaining({ code });

describe('membership credential', () => {
  let credential: GeneralJws;
  beforeAll(async () => {
    credential = await certify(hospital, a, { index: 7 });
  });

  it('says who is a member, until when and as what', async () => {
    expect(await verify(JSON.parse(JSON.stringify([credential])))).toEqual({
      did: hospital.resolved.did,
      name: 'A Hospital',
      roles: ['hospital'],
      networkId: NETWORK_ID,
      validUntil: END,
      standings: [{ authority: a.resolved.did, statusListUrl: listUrlOf(a), statusIndex: 7, validUntil: END, signedWith: expect.any(String) }],
    });
  });

  it('is a W3C Verifiable Credential, version 2.0, with two entries of a Bitstring Status List', () => {
    const entry = { type: 'BitstringStatusListEntry', statusListCredential: listUrlOf(a) };
    expect(payloadOf(credential)).toMatchObject({
      type: ['VerifiableCredential', 'CarecordMembershipCredential'],
      issuer: a.resolved.did,
      credentialStatus: [
        { ...entry, statusPurpose: 'revocation', statusListIndex: '14' },
        { ...entry, statusPurpose: 'suspension', statusListIndex: '15' },
      ],
    });
    expect(JSON.parse(Buffer.from(credential.signatures[0]?.protected ?? '', 'base64url').toString())).toMatchObject({ typ: 'vc+jwt' });
  });

  it('is refused for another authority, subject or network', async () => {
    await expect(verify([credential], { authorities: [stranger] })).rejects.toThrow(refused('CREDENTIAL_INVALID'));
    await expect(verify([credential], { subject: stranger.resolved.did })).rejects.toThrow(refused('CREDENTIAL_WRONG_SUBJECT'));
    await expect(verify([credential], { networkId: 'other' })).rejects.toThrow(refused('CREDENTIAL_WRONG_NETWORK'));
  });

  it('is refused before and after its time, give or take the clock skew', async () => {
    const at = (now: Date): Promise<unknown> => verify([credential], { now });
    await expect(at(later(START, -CLOCK_SKEW_MILLISECONDS))).resolves.toBeDefined();
    await expect(at(later(START, -CLOCK_SKEW_MILLISECONDS - 1))).rejects.toThrow(refused('CREDENTIAL_NOT_YET_VALID'));
    await expect(at(later(END, CLOCK_SKEW_MILLISECONDS))).resolves.toBeDefined();
    await expect(at(later(END, CLOCK_SKEW_MILLISECONDS + 1))).rejects.toThrow(refused('CREDENTIAL_EXPIRED'));
  });

  it('is refused when somebody else signed it, names another issuer, or is changed, also after it verified once', async () => {
    await expect(verify([credential])).resolves.toBeDefined();
    const content = payloadOf(credential);
    const [ed25519, mlDsa65] = credential.signatures;
    const byStranger = await signAs(stranger, 'vc+jwt', content);
    const [entry, other] = content.credentialStatus as [object, object];
    const wrong = [
      byStranger,
      await signAs(a, 'vc+jwt', { ...content, issuer: stranger.resolved.did }),
      await signAs(a, 'vc+jwt', { ...content, credentialSubject: { id: hospital.resolved.did } }),
      await signAs(a, 'vc+jwt', { ...content, credentialStatus: undefined }),
      await signAs(a, 'vc+jwt', { ...content, credentialStatus: [entry, { ...other, statusListIndex: '17' }] }),
      await signAs(a, 'vc+jwt', { ...content, credentialStatus: [{ ...entry, statusListIndex: '15' }, { ...other, statusListIndex: '16' }] }),
      await signAs(a, 'vc+jwt', { ...content, credentialStatus: [entry, { ...other, statusListCredential: 'https://other.example/list' }] }),
      await signAs(a, 'jwt', content),
      { ...credential, payload: Buffer.from(JSON.stringify({ ...content, validUntil: '2099-01-01T00:00:00Z' })).toString('base64url') },
      { ...credential, signatures: [ed25519, byStranger.signatures[1]] },
      { ...credential, signatures: [byStranger.signatures[0], mlDsa65] },
      { ...credential, signatures: [ed25519] },
      { ...credential, payload: 'A'.repeat(100_000) },
      undefined,
      'a.b.c',
    ];
    for (const jws of wrong) await expect(verify([jws])).rejects.toThrow(refused('CREDENTIAL_INVALID'));
  });

  it('stands after a planned rotation of the authority, and not after one at once', async () => {
    const planned = await rotateIdentity(a, { keepPrevious: true });
    await expect(verify([credential], { authorities: [planned] })).resolves.toMatchObject({ name: 'A Hospital' });
    const atOnce = await rotateIdentity(a, { keepPrevious: false });
    await expect(verify([credential])).resolves.toBeDefined();
    await expect(verify([credential], { authorities: [atOnce] })).rejects.toThrow(refused('CREDENTIAL_INVALID'));
    await expect(verify([await certify(hospital, atOnce)], { authorities: [atOnce] })).resolves.toBeDefined();
  });

  it('is refused when it is not in a list, or in one that is too long', async () => {
    for (const wrong of [undefined, null, credential, 'text', Array.from({ length: MAX_CREDENTIALS + 1 }, () => credential)]) {
      await expect(verify(wrong)).rejects.toThrow(refused('CREDENTIAL_INVALID'));
    }
    await expect(verify(Array.from({ length: MAX_CREDENTIALS }, () => credential))).resolves.toMatchObject({ standings: [{ statusIndex: 7 }] });
    await expect(verify([])).rejects.toThrow(refused('CREDENTIALS_TOO_FEW'));
  });
});

describe('membership by two of three authorities', () => {
  const twoOfThree = (): Expected => ({ authorities: [a, b, c], threshold: 2 });

  it('stands by any two of them and by all three', async () => {
    const credentials = await Promise.all([certify(hospital, a), certify(hospital, b), certify(hospital, c)]);
    for (const left of credentials) {
      for (const right of credentials.filter((other) => other !== left)) {
        await expect(verify([left, right], twoOfThree())).resolves.toMatchObject({ name: 'A Hospital' });
      }
      await expect(verify([left], twoOfThree())).rejects.toThrow(refused('CREDENTIALS_TOO_FEW'));
    }
    expect((await verify(credentials, twoOfThree())).standings.map(({ authority }) => authority)).toEqual([a, b, c].map(({ resolved }) => resolved.did));
  });

  it('does not stand by one of them twice, be it the same credential or two', async () => {
    const one = await certify(hospital, a);
    await expect(verify([one, one], twoOfThree())).rejects.toThrow(refused('CREDENTIALS_TOO_FEW'));
    await expect(verify([one, await certify(hospital, a, { index: 1 })], twoOfThree())).rejects.toThrow(refused('CREDENTIALS_TOO_FEW'));
    await expect(verify([one, await certify(hospital, b)], twoOfThree())).resolves.toBeDefined();
  });

  it('says why one does not count, when it is missing, and passes it over, when it is not', async () => {
    const [one, two] = [await certify(hospital, a), await certify(hospital, b)];
    const spoiled: readonly [string, GeneralJws][] = [
      ['CREDENTIAL_EXPIRED', await certify(hospital, c, { validFrom: later(START, -2), validUntil: later(START, -CLOCK_SKEW_MILLISECONDS - 1) })],
      ['CREDENTIAL_WRONG_NETWORK', await certify(hospital, c, { networkId: 'other' })],
      ['CREDENTIAL_WRONG_SUBJECT', await certify(stranger, c)],
      ['CREDENTIAL_INVALID', await certify(hospital, stranger)],
      ['CREDENTIAL_INVALID', { ...(await certify(hospital, c)), signatures: one.signatures }],
    ];
    for (const [code, third] of spoiled) {
      await expect(verify([one, third], twoOfThree())).rejects.toThrow(refused(code));
      await expect(verify([one, third, two], twoOfThree())).resolves.toMatchObject({ standings: [{}, {}] });
    }
  });

  it('has the roles that all of them give', async () => {
    const roles = async (...each: ('hospital' | 'guardian')[][]): Promise<Membership> =>
      verify(await Promise.all(each.map((given, at) => certify(hospital, [a, b, c][at] ?? a, { roles: given }))), twoOfThree());
    expect((await roles(['hospital', 'guardian'], ['guardian', 'hospital'])).roles).toEqual(['hospital', 'guardian']);
    expect((await roles(['hospital', 'guardian'], ['hospital'])).roles).toEqual(['hospital']);
    await expect(roles(['guardian'], ['hospital'])).rejects.toThrow(refused('CREDENTIAL_INVALID'));
  });

  it('has the name that enough of them state', async () => {
    const named = (by: Identity, subjectName: string): Promise<GeneralJws> => certify(hospital, by, { subjectName });
    const liar = await named(a, 'The Other Hospital');
    await expect(verify([liar, await named(b, 'A Hospital')], twoOfThree())).rejects.toThrow(refused('CREDENTIALS_TOO_FEW'));
    const agreed = await verify([liar, await named(b, 'A Hospital'), await named(c, 'A Hospital')], twoOfThree());
    expect(agreed).toMatchObject({ name: 'A Hospital', standings: [{ authority: b.resolved.did }, { authority: c.resolved.did }] });
  });

  it('ends when fewer than two are valid', async () => {
    const ends = [3, 1, 2].map((minutes) => later(START, minutes * 60_000));
    const credentials = await Promise.all([a, b, c].map((by, at) => certify(hospital, by, { validUntil: ends[at] ?? END })));
    expect((await verify(credentials, twoOfThree())).validUntil).toEqual(ends[2]);
    expect((await verify(credentials.slice(0, 2), twoOfThree())).validUntil).toEqual(ends[1]);
    const past = later(ends[2] ?? END, CLOCK_SKEW_MILLISECONDS + 1);
    await expect(verify(credentials, { ...twoOfThree(), now: past })).rejects.toThrow(refused('CREDENTIAL_EXPIRED'));
  });

  it('counts the newest credential of each', async () => {
    const old = await certify(hospital, a, { subjectName: 'Old Name', validFrom: later(START, -60_000) });
    const credentials = [old, await certify(hospital, a), await certify(hospital, b)];
    expect(await verify(credentials, twoOfThree())).toMatchObject({ name: 'A Hospital' });
  });
});
