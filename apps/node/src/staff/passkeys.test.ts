import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { MAX_PASSKEYS } from './passkeys.ts';
import { SoftwareAuthenticator } from './software-authenticator.fixture.ts';
import type { Misbehaviour } from './software-authenticator.fixture.ts';
import { ORIGIN, PASSWORD, secondFactor, signedIn, staffFixture } from './staff.fixture.ts';
import type { StaffFixture } from './staff.fixture.ts';
import { CHALLENGE_MILLISECONDS } from '../sessions/sign-in-challenges.ts';

let hospital: StaffFixture;
let carla: StaffPrincipal;
beforeEach(async () => {
  hospital = staffFixture();
  carla = await hospital.add('carla');
});

const WRONG: readonly [string, Misbehaviour][] = [
  ['of another page', { origin: 'https://records.a.hospital.example.evil.example' }],
  ['of an insecure page', { origin: 'http://records.a.hospital.example' }],
  ['for another site', { relyingPartyId: 'b.hospital.example' }],
  ['without user verification', { userVerified: false }],
  ['of the other ceremony', { type: 'webauthn.other' }],
  ['from a page inside a page of somebody else', { crossOrigin: true }],
];

describe('registering a passkey', () => {
  it.each(['ES256', 'EdDSA'] as const)('takes on a key of %s, which then signs in', async (algorithm) => {
    const authenticator = await hospital.passkeyOf(carla, { algorithm });
    const session = signedIn(await hospital.signIn.withPasskey(authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN)));
    expect(session.staff).toEqual(carla);
    expect(hospital.stores.sessions.rows()[0]?.method).toBe('passkey');
  });

  it('asks for user verification, a discoverable credential and no attestation, and names what is there', async () => {
    const authenticator = await hospital.passkeyOf(carla);
    const options = await hospital.passkeys.beginRegistration(carla);
    expect(options).toMatchObject({
      rp: { id: 'a.hospital.example', name: 'Hospital A' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      excludeCredentials: [{ id: authenticator.credentialId.toString('base64url') }],
    });
    expect(Buffer.from(options.user.id, 'base64url').toString()).toBe(carla.staffId);
  });

  it.each(WRONG)('refuses one %s', async (_case, misbehaviour) => {
    const response = new SoftwareAuthenticator().create(await hospital.passkeys.beginRegistration(carla), ORIGIN, misbehaviour);
    await expect(hospital.passkeys.finishRegistration(carla, response, 'Key')).rejects.toMatchObject({ code: expect.stringMatching(/^(PASSKEY_REFUSED|SIGN_IN_EXPIRED)$/) });
    expect(await hospital.passkeys.list(carla.staffId)).toEqual([]);
  });

  it('answers a challenge once, in time, and for the person who asked', async () => {
    const options = await hospital.passkeys.beginRegistration(carla);
    const response = new SoftwareAuthenticator().create(options, ORIGIN);
    const dora = await hospital.add('dora');
    await expect(hospital.passkeys.finishRegistration(dora, response, 'Key')).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
    await expect(hospital.passkeys.finishRegistration(carla, response, 'Key')).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
    const late = new SoftwareAuthenticator().create(await hospital.passkeys.beginRegistration(carla), ORIGIN);
    hospital.clock.advance(CHALLENGE_MILLISECONDS);
    await expect(hospital.passkeys.finishRegistration(carla, late, 'Key')).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
    const good = new SoftwareAuthenticator().create(await hospital.passkeys.beginRegistration(carla), ORIGIN);
    await expect(hospital.passkeys.finishRegistration(carla, good, 'Key')).resolves.toMatchObject({ label: 'Key', staffId: carla.staffId });
  });

  it('takes no credential twice, whoever brings it', async () => {
    const authenticator = await hospital.passkeyOf(carla);
    const dora = await hospital.add('dora');
    const response = authenticator.create(await hospital.passkeys.beginRegistration(dora), ORIGIN);
    await expect(hospital.passkeys.finishRegistration(dora, response, 'Key')).rejects.toMatchObject({ code: 'PASSKEY_REFUSED' });
  });

  it('looks at no attestation', async () => {
    const response = new SoftwareAuthenticator().create(await hospital.passkeys.beginRegistration(carla), ORIGIN, { attestationFormat: 'packed' });
    await expect(hospital.passkeys.finishRegistration(carla, response, 'Key')).resolves.toBeDefined();
  });

  it('refuses what is no response, without telling more', async () => {
    const response = new SoftwareAuthenticator().create(await hospital.passkeys.beginRegistration(carla), ORIGIN);
    const broken = { ...response, response: { ...response.response, attestationObject: 'AAAA' } };
    await expect(hospital.passkeys.finishRegistration(carla, broken, 'Key')).rejects.toMatchObject({ code: 'PASSKEY_REFUSED' });
    const unreadable = { ...response, response: { ...response.response, clientDataJSON: 'AAAA' } };
    await expect(hospital.passkeys.finishRegistration(carla, unreadable, 'Key')).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
  });

  it('keeps a bounded number', async () => {
    for (let count = 0; count < MAX_PASSKEYS; count++) await hospital.passkeyOf(carla);
    await expect(hospital.passkeys.beginRegistration(carla)).rejects.toMatchObject({ code: 'SECOND_FACTOR_STATE' });
  });
});

describe('signing in with a passkey alone', () => {
  let authenticator: SoftwareAuthenticator;
  beforeEach(async () => {
    authenticator = await hospital.passkeyOf(carla);
  });

  it.each(WRONG)('refuses an answer %s', async (_case, misbehaviour) => {
    const response = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN, misbehaviour);
    await expect(hospital.signIn.withPasskey(response)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    expect(hospital.stores.sessions.rows()).toEqual([]);
  });

  it('refuses a replayed answer, and an answer to a challenge of nobody', async () => {
    const response = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN);
    await hospital.signIn.withPasskey(response);
    await expect(hospital.signIn.withPasskey(response)).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
    const invented = authenticator.get({ challenge: Buffer.alloc(32, 1).toString('base64url'), rpId: 'a.hospital.example' }, ORIGIN);
    await expect(hospital.signIn.withPasskey(invented)).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
  });

  it('refuses an answer that comes too late', async () => {
    const response = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN);
    hospital.clock.advance(CHALLENGE_MILLISECONDS);
    await expect(hospital.signIn.withPasskey(response)).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
  });

  it('refuses an answer to a challenge of another hospital', async () => {
    const other = staffFixture(new Uint8Array(32).fill(8));
    const response = authenticator.get(await other.signIn.beginPasskey(), ORIGIN);
    await expect(hospital.signIn.withPasskey(response)).rejects.toMatchObject({ code: 'SIGN_IN_EXPIRED' });
  });

  it.each<[string, (owner: StaffPrincipal) => string | null]>([
    ['names somebody else', () => Buffer.from('somebody-else').toString('base64url')],
    ['names nobody', () => null],
  ])('refuses a key that %s', async (_case, userHandle) => {
    const response = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN, { userHandle: userHandle(carla) });
    await expect(hospital.signIn.withPasskey(response)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it('refuses a changed signature, and a key that nobody registered', async () => {
    const response = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN);
    const other = authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN);
    await expect(hospital.signIn.withPasskey({ ...response, response: { ...response.response, signature: other.response.signature } })).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    const stranger = new SoftwareAuthenticator();
    const foreign = stranger.get(await hospital.signIn.beginPasskey(), ORIGIN, { userHandle: Buffer.from(carla.staffId).toString('base64url') });
    await expect(hospital.signIn.withPasskey(foreign)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it('refuses a count that did not go up: the key may have been copied', async () => {
    const attempt = async (signCount?: number): Promise<unknown> =>
      await hospital.signIn.withPasskey(authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN, signCount === undefined ? {} : { signCount }));
    await attempt(10);
    await expect(attempt(10)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await expect(attempt(9)).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await expect(attempt(11)).resolves.toBeDefined();
  });

  it('takes a key that never counts, such as one that lives on several devices', async () => {
    const synced = await hospital.passkeyOf(carla, { counts: false });
    for (let use = 0; use < 2; use++) {
      await expect(hospital.signIn.withPasskey(synced.get(await hospital.signIn.beginPasskey(), ORIGIN))).resolves.toMatchObject({ kind: 'signed-in' });
    }
  });

  it('refuses a disabled account, and a passkey that was deleted', async () => {
    await hospital.stores.transactions.run((transaction) => hospital.stores.staff.change(transaction, carla.staffId, { disabled: true }));
    await expect(hospital.signIn.withPasskey(authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN))).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    await hospital.stores.transactions.run((transaction) => hospital.stores.staff.change(transaction, carla.staffId, { disabled: false }));
    await hospital.passkeys.remove(carla, authenticator.credentialId);
    await expect(hospital.signIn.withPasskey(authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN))).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
  });

  it("deletes a person's own passkey, and nobody else's", async () => {
    const dora = await hospital.add('dora');
    await expect(hospital.passkeys.remove(dora, authenticator.credentialId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await hospital.passkeys.remove(carla, authenticator.credentialId);
    expect(await hospital.passkeys.list(carla.staffId)).toEqual([]);
    expect(hospital.entries.at(-1)).toMatchObject({ type: 'second-factor-removed', detail: { factor: 'passkey' } });
  });
});

describe('a passkey as second factor', () => {
  it('is asked for after the password, and completes the sign-in', async () => {
    const authenticator = await hospital.passkeyOf(carla);
    const step = secondFactor(await hospital.signIn.withPassword('carla', PASSWORD));
    expect(step.methods).toEqual(['passkey']);
    expect(step.passkeyOptions?.allowCredentials).toHaveLength(1);
    const session = signedIn(await hospital.signIn.withPasskey(authenticator.get(step.passkeyOptions ?? { challenge: '' }, ORIGIN)));
    expect(session.staff).toEqual(carla);
    expect(hospital.stores.sessions.rows()[0]?.method).toBe('password+passkey');
  });

  it("is not another person's", async () => {
    await hospital.passkeyOf(carla);
    const doras = await hospital.passkeyOf(await hospital.add('dora'));
    const step = secondFactor(await hospital.signIn.withPassword('carla', PASSWORD));
    await expect(hospital.signIn.withPasskey(doras.get(step.passkeyOptions ?? { challenge: '' }, ORIGIN))).rejects.toMatchObject({ code: 'SIGN_IN_REFUSED' });
    expect(hospital.stores.sessions.rows()).toEqual([]);
  });
});
