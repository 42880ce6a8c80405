import { beforeAll, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { createHospitalDid } from '../did/hospital-did.ts';
import { didKeyOf } from '../did/multikey.ts';
import { CREATED, makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { payloadOf } from '../members.fixture.ts';
import { createMembershipApplication, verifyMembershipApplication } from './membership-application.ts';
import type { Applicant } from './membership-application.ts';

let authority: Identity;
let hospital: Identity;
let stranger: Identity;
let application: GeneralJws;
beforeAll(async () => {
  [authority, hospital, stranger] = await Promise.all([makeIdentity('authority'), makeIdentity('a'), makeIdentity('stranger')]);
  application = await apply(hospital, { ticket: 'ticket' });
});

const apply = (by: Identity, options: { ticket?: string; subject?: Applicant } = {}): Promise<GeneralJws> => {
  const { ticket, subject = by.resolved } = options;
  return createMembershipApplication({
    subject,
    signer: by.signer,
    name: 'A Hospital',
    ...(ticket === undefined ? {} : { ticket }),
    audience: authority.resolved.did,
    clock: new ManualClock(START),
  });
};
const verify = (jws: unknown, now = START, audience = authority.resolved.did): ReturnType<typeof verifyMembershipApplication> =>
  verifyMembershipApplication(jws, { audience, now });
const signAs = (by: Identity, payload: unknown): Promise<GeneralJws> =>
  signJws(by.signer, 'carecord-application+jws', by.resolved.signingKeyIds, Buffer.from(JSON.stringify(payload)));

describe('membership application', () => {
  it('proves that the applicant holds its keys', async () => {
    const { did, log } = hospital.resolved;
    expect(await verify(JSON.parse(JSON.stringify(application)))).toEqual({ did, history: log, resolved: hospital.resolved, name: 'A Hospital', ticket: 'ticket' });
  });

  it('needs no ticket: then a person decides', async () => {
    expect(await verify(await apply(hospital))).toEqual({
      did: hospital.resolved.did,
      history: hospital.resolved.log,
      resolved: hospital.resolved,
      name: 'A Hospital',
    });
  });

  it('carries a DID that waits for its witnesses', async () => {
    const witness = { threshold: 1, witnesses: [didKeyOf(authority.signer.publicKeys.ed25519)] };
    const subject = await createHospitalDid({ domain: 'new.hospital.example', keys: hospital.keys, witness, clock: new ManualClock(CREATED) });
    expect(subject.needsWitnesses).toBe(true);
    expect(await verify(await apply(hospital, { subject }))).toMatchObject({ did: subject.did, history: subject.history, resolved: { versionNumber: 1 } });
    const spoiled = { ...subject, history: subject.history.replace('"threshold":1', '"threshold":2') };
    await expect(verify(await apply(hospital, { subject: spoiled }))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });

  it('is signed with the present keys, not with earlier ones', async () => {
    const rotated = await rotateIdentity(hospital, { keepPrevious: true });
    await expect(verify(await apply(rotated))).resolves.toMatchObject({ resolved: { versionNumber: 2 } });
    await expect(verify(await apply(hospital, { subject: rotated.resolved }))).rejects.toMatchObject({ code: 'APPLICATION_INVALID' });
  });

  it('is refused at another authority, and after two minutes', async () => {
    await expect(verify(application, START, stranger.resolved.did)).rejects.toMatchObject({ code: 'APPLICATION_WRONG_AUDIENCE' });
    await expect(verify(application, later(START, 120_000))).resolves.toBeDefined();
    await expect(verify(application, later(START, 120_001))).rejects.toMatchObject({ code: 'APPLICATION_EXPIRED' });
    await expect(verify(application, later(START, -CLOCK_SKEW_MILLISECONDS - 1))).rejects.toMatchObject({ code: 'APPLICATION_EXPIRED' });
  });

  it('is refused when another signs for the DID, or the history is wrong', async () => {
    const content = payloadOf(application);
    await expect(verify(await signAs(stranger, content))).rejects.toMatchObject({ code: 'APPLICATION_INVALID' });
    await expect(verify(await signAs(stranger, { ...content, didHistory: stranger.resolved.log }))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
    await expect(verify({ ...application, payload: Buffer.from(JSON.stringify({ ...content, name: 'B' })).toString('base64url') })).rejects.toMatchObject({
      code: 'APPLICATION_INVALID',
    });
    for (const jws of [undefined, {}, { ...application, payload: 'AAAA' }, { ...application, payload: 'A'.repeat(4_000_000) }]) {
      await expect(verify(jws)).rejects.toMatchObject({ code: 'APPLICATION_INVALID' });
    }
  });
});
