import { beforeAll, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { gzipSync } from 'node:zlib';
import { makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { certify, listOf, listUrlOf, payloadOf } from '../members.fixture.ts';
import { MAX_STATUS_INDEX, MAX_STATUS_LIST_BITS, MIN_STATUS_LIST_BITS } from './status-bits.ts';
import { verifyStatusList } from './status-list.ts';
import type { StatusList } from './status-list.ts';

let authority: Identity;
let stranger: Identity;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([makeIdentity('a'), makeIdentity('s')]);
});

const verify = (jws: unknown, by: Identity = authority, now = START): Promise<StatusList> => verifyStatusList(jws, { authority: by.resolved, now });
const signAs = (by: Identity, payload: unknown, type = 'vc+jwt'): Promise<GeneralJws> =>
  signJws(by.signer, type, by.resolved.signingKeyIds, Buffer.from(JSON.stringify(payload)));
const refusal = { code: 'STATUS_LIST_INVALID' };

describe('status list', () => {
  it('says how each member stands', async () => {
    const list = await verify(
      await listOf(authority, [
        { index: 0, revoked: true, suspended: false },
        { index: 1, revoked: false, suspended: true },
        { index: 2, revoked: true, suspended: true },
        { index: 3, revoked: false, suspended: false },
      ]),
    );
    expect([0, 1, 2, 3, 4].map((index) => list.statusOf(index))).toEqual(['revoked', 'suspended', 'revoked', 'standing', 'standing']);
    expect(list).toMatchObject({ authority: authority.resolved.did, url: listUrlOf(authority), validFrom: START });
  });

  it('is as long as its highest number needs, and says nothing beyond', async () => {
    const within = MIN_STATUS_LIST_BITS / 2 - 1;
    const short = await verify(await listOf(authority, [{ index: within, revoked: false, suspended: true }]));
    expect([within, within + 1, -1].map((index) => short.statusOf(index))).toEqual(['suspended', undefined, undefined]);
    const long = await verify(await listOf(authority, [{ index: MAX_STATUS_INDEX, revoked: true, suspended: false }]));
    expect([within + 1, MAX_STATUS_INDEX, MAX_STATUS_INDEX + 1].map((index) => long.statusOf(index))).toEqual(['standing', 'revoked', undefined]);
  });

  it('is not issued with a number out of range, or twice the same', async () => {
    const entry = { revoked: false, suspended: false };
    for (const indexes of [[-1], [0.5], [MAX_STATUS_INDEX + 1], [1, 1]]) {
      await expect(listOf(authority, indexes.map((index) => ({ index, ...entry })))).rejects.toMatchObject(refusal);
    }
    await expect(certify(stranger, authority, { index: MAX_STATUS_INDEX + 1 })).rejects.toMatchObject(refusal);
    await expect(certify(stranger, authority, { index: MAX_STATUS_INDEX })).resolves.toBeDefined();
  });

  it('is a BitstringStatusListCredential (Bitstring Status List v1.0, section 2.2)', async () => {
    const jws = await listOf(authority);
    expect(payloadOf(jws)).toMatchObject({
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      id: listUrlOf(authority),
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      credentialSubject: { id: `${listUrlOf(authority)}#list`, type: 'BitstringStatusList', statusPurpose: ['revocation', 'suspension'], encodedList: expect.stringMatching(/^uH4sI/) },
    });
    expect(JSON.parse(Buffer.from(jws.signatures[1]?.protected ?? '', 'base64url').toString())).toMatchObject({ typ: 'vc+jwt', alg: 'ML-DSA-65' });
  });

  it('is refused by another than the authority, changed, or as something else', async () => {
    const jws = await listOf(authority);
    const content = payloadOf(jws);
    const byStranger = await signAs(stranger, content);
    await expect(verify(await signAs(authority, content))).resolves.toBeDefined();
    const wrong = [
      byStranger,
      await signAs(authority, { ...content, issuer: stranger.resolved.did }),
      await signAs(authority, { ...content, type: ['VerifiableCredential'] }),
      await signAs(authority, content, 'jwt'),
      await certify(stranger, authority),
      { ...jws, payload: (await listOf(authority, [{ index: 1, revoked: true, suspended: false }])).payload },
      { ...jws, signatures: [jws.signatures[0], byStranger.signatures[1]] },
      { ...jws, payload: 'A'.repeat(1_000_000) },
      undefined,
      {},
    ];
    for (const one of wrong) await expect(verify(one)).rejects.toMatchObject(refusal);
  });

  it('is refused when its bits are too few, too many, or a bomb', async () => {
    const content = payloadOf(await listOf(authority));
    const ofBytes = (bytes: number): Promise<GeneralJws> => {
      const encodedList = `u${gzipSync(new Uint8Array(bytes)).toString('base64url')}`;
      return signAs(authority, { ...content, credentialSubject: { ...(content.credentialSubject as object), encodedList } });
    };
    for (const bytes of [MIN_STATUS_LIST_BITS / 8, MAX_STATUS_LIST_BITS / 8]) await expect(verify(await ofBytes(bytes))).resolves.toBeDefined();
    for (const bytes of [MIN_STATUS_LIST_BITS / 8 - 1, MAX_STATUS_LIST_BITS / 8 + 1, 100 * 1024 * 1024]) await expect(verify(await ofBytes(bytes))).rejects.toMatchObject(refusal);
  });

  it('is refused when it is of the future, give or take the clock skew', async () => {
    await expect(verify(await listOf(authority, [], later(START, CLOCK_SKEW_MILLISECONDS)))).resolves.toBeDefined();
    await expect(verify(await listOf(authority, [], later(START, CLOCK_SKEW_MILLISECONDS + 1)))).rejects.toMatchObject(refusal);
  });

  it('stands after a planned rotation of the authority, and not after one at once', async () => {
    const jws = await listOf(authority);
    await expect(verify(jws, await rotateIdentity(authority, { keepPrevious: true }))).resolves.toBeDefined();
    await expect(verify(jws, await rotateIdentity(authority, { keepPrevious: false }))).rejects.toMatchObject(refusal);
  });
});
