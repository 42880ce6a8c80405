import { beforeAll, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { admit, END, makeIdentity, NETWORK_ID, START } from './identities.fixture.ts';
import type { Identity } from './identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from './limits.ts';
import { createMembershipApplication, verifyMembershipApplication } from './membership-application.ts';
import { verifyMembershipCredential } from './membership-credential.ts';
import { issueNetworkDescription, verifyNetworkDescription } from './network-description.ts';

let authority: Identity;
let hospital: Identity;
let stranger: Identity;
beforeAll(async () => {
  [authority, hospital, stranger] = await Promise.all([makeIdentity('authority'), makeIdentity('a'), makeIdentity('stranger')]);
});

/** The JSON that a JWS carries. */
const payloadOf = (jws: GeneralJws): Record<string, unknown> => JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as Record<string, unknown>;
const signAs = (by: Identity, type: string, payload: unknown): Promise<GeneralJws> =>
  signJws(by.signer, type, by.resolved.signingKeyIds, Buffer.from(JSON.stringify(payload)));

describe('membership credential', () => {
  let credential: GeneralJws;
  beforeAll(async () => {
    ({ credential } = await admit(hospital, authority));
  });
  const expected = (change: object = {}): Parameters<typeof verifyMembershipCredential>[1] => ({
    authority: authority.resolved,
    networkId: NETWORK_ID,
    subject: hospital.resolved.did,
    now: START,
    ...change,
  });

  it('says who is a member, until when and as what', async () => {
    expect(await verifyMembershipCredential(JSON.parse(JSON.stringify(credential)), expected())).toEqual({
      did: hospital.resolved.did,
      name: 'A Hospital',
      roles: ['hospital'],
      networkId: NETWORK_ID,
      validUntil: END,
    });
  });

  it('is a W3C Verifiable Credential, version 2.0', () => {
    expect(payloadOf(credential)).toMatchObject({ type: ['VerifiableCredential', 'CarecordMembershipCredential'], issuer: authority.resolved.did });
    expect(JSON.parse(Buffer.from(credential.signatures[0]?.protected ?? '', 'base64url').toString())).toMatchObject({ typ: 'vc+jwt' });
  });

  it('is refused for another authority, subject or network', async () => {
    await expect(verifyMembershipCredential(credential, expected({ authority: stranger.resolved }))).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
    await expect(verifyMembershipCredential(credential, expected({ subject: stranger.resolved.did }))).rejects.toMatchObject({ code: 'CREDENTIAL_WRONG_SUBJECT' });
    await expect(verifyMembershipCredential(credential, expected({ networkId: 'other' }))).rejects.toMatchObject({ code: 'CREDENTIAL_WRONG_NETWORK' });
  });

  it('is refused before and after its time, give or take the clock skew', async () => {
    const at = (now: Date): Promise<unknown> => verifyMembershipCredential(credential, expected({ now }));
    await expect(at(later(START, -CLOCK_SKEW_MILLISECONDS))).resolves.toBeDefined();
    await expect(at(later(START, -CLOCK_SKEW_MILLISECONDS - 1))).rejects.toMatchObject({ code: 'CREDENTIAL_NOT_YET_VALID' });
    await expect(at(later(END, CLOCK_SKEW_MILLISECONDS))).resolves.toBeDefined();
    await expect(at(later(END, CLOCK_SKEW_MILLISECONDS + 1))).rejects.toMatchObject({ code: 'CREDENTIAL_EXPIRED' });
  });

  it('is refused when somebody else signed it, names another issuer, or is changed', async () => {
    const content = payloadOf(credential);
    const wrong = [
      await signAs(stranger, 'vc+jwt', content),
      await signAs(authority, 'vc+jwt', { ...content, issuer: stranger.resolved.did }),
      await signAs(authority, 'vc+jwt', { ...content, credentialSubject: { id: hospital.resolved.did } }),
      await signAs(authority, 'jwt', content),
      { ...credential, payload: Buffer.from(JSON.stringify({ ...content, validUntil: '2099-01-01T00:00:00Z' })).toString('base64url') },
      { ...credential, signatures: credential.signatures.slice(0, 1) },
      undefined,
      'a.b.c',
    ];
    for (const jws of wrong) await expect(verifyMembershipCredential(jws, expected())).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
  });
});

describe('network description', () => {
  const describe_ = (by: Identity, authorityDid: string): Promise<GeneralJws> =>
    issueNetworkDescription({
      issuer: by.resolved,
      signer: by.signer,
      description: { networkId: NETWORK_ID, authority: authorityDid, guardian: authorityDid, guardianPublicKey: new Uint8Array(32).fill(7), epoch: 1 },
    });

  it('comes back from its signed form', async () => {
    const { did } = authority.resolved;
    expect(await verifyNetworkDescription(await describe_(authority, did), authority.resolved)).toEqual({
      networkId: NETWORK_ID,
      authority: did,
      guardian: did,
      guardianPublicKey: new Uint8Array(32).fill(7),
      epoch: 1,
    });
  });

  it('is refused when it is by, or about, another authority, or is a credential', async () => {
    const wrong = [
      await describe_(stranger, authority.resolved.did),
      await describe_(authority, stranger.resolved.did),
      (await admit(hospital, authority)).credential,
      null,
    ];
    for (const jws of wrong) await expect(verifyNetworkDescription(jws, authority.resolved)).rejects.toMatchObject({ code: 'NETWORK_DESCRIPTION_INVALID' });
  });
});

describe('membership application', () => {
  let application: GeneralJws;
  beforeAll(async () => {
    application = await createMembershipApplication({
      subject: hospital.resolved,
      signer: hospital.signer,
      name: 'A Hospital',
      ticket: 'ticket',
      audience: authority.resolved.did,
      clock: new ManualClock(START),
    });
  });
  const verify = (jws: unknown, now = START, audience = authority.resolved.did): ReturnType<typeof verifyMembershipApplication> =>
    verifyMembershipApplication(jws, { audience, now });

  it('proves that the applicant holds its keys', async () => {
    expect(await verify(JSON.parse(JSON.stringify(application)))).toEqual({ subject: hospital.resolved, name: 'A Hospital', ticket: 'ticket' });
  });

  it('is refused at another authority, and after two minutes', async () => {
    await expect(verify(application, START, stranger.resolved.did)).rejects.toMatchObject({ code: 'APPLICATION_WRONG_AUDIENCE' });
    await expect(verify(application, later(START, 120_000))).resolves.toBeDefined();
    await expect(verify(application, later(START, 120_001))).rejects.toMatchObject({ code: 'APPLICATION_EXPIRED' });
    await expect(verify(application, later(START, -CLOCK_SKEW_MILLISECONDS - 1))).rejects.toMatchObject({ code: 'APPLICATION_EXPIRED' });
  });

  it('is refused when another signs for the DID, or the history is wrong', async () => {
    const content = payloadOf(application);
    const type = 'carecord-application+jws';
    await expect(verify(await signAs(stranger, type, content))).rejects.toMatchObject({ code: 'APPLICATION_INVALID' });
    await expect(verify(await signAs(stranger, type, { ...content, didLog: stranger.resolved.log }))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
    await expect(verify({ ...application, payload: Buffer.from(JSON.stringify({ ...content, name: 'B' })).toString('base64url') })).rejects.toMatchObject({
      code: 'APPLICATION_INVALID',
    });
    for (const jws of [undefined, {}, { ...application, payload: 'AAAA' }, { ...application, payload: 'A'.repeat(1_000_000) }]) {
      await expect(verify(jws)).rejects.toMatchObject({ code: 'APPLICATION_INVALID' });
    }
  });
});
