import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { httpModule } from '../../composition/http-module.ts';
import { LocalHospital } from '../../composition/local-hospital.ts';
import { PublishedDid } from '../../did/published-did.ts';
import { Readiness } from '../../health/readiness.ts';
import { createApplication } from '../../http/application.ts';
import { listen } from '../../http/listen.ts';
import { Sessions } from '../../sessions/sessions.ts';
import { Passkeys } from '../../staff/passkeys.ts';
import { SecondFactors } from '../../staff/second-factors.ts';
import { SignIn } from '../../staff/sign-in.ts';
import { SoftwareAuthenticator } from '../../staff/software-authenticator.fixture.ts';
import { StaffAdministration } from '../../staff/staff-administration.ts';
import { ORIGIN, PASSWORD, staffFixture } from '../../staff/staff.fixture.ts';
import type { StaffFixture } from '../../staff/staff.fixture.ts';
import { StepUp } from '../../staff/step-up.ts';
import { codeAt } from '../../staff/totp.fixture.ts';
import { graphqlModule } from '../graphql-module.ts';
import { StaffResolver } from '../staff/staff-resolver.ts';
import { OwnAccountResolver } from './own-account-resolver.ts';
import { SessionResolver } from './session-resolver.ts';

const MAX_BODY = 64 * 1024;

let hospital: StaffFixture;
let application: NestExpressApplication;
let base: string;

beforeAll(async () => {
  hospital = staffFixture();
  const providers = [
    { provide: LocalHospital, useValue: new LocalHospital('did:example:a', 'Hospital A', 'unlisted') },
    { provide: PublishedDid, useValue: {} },
    { provide: Sessions, useValue: hospital.sessions },
    { provide: SignIn, useValue: hospital.signIn },
    { provide: StepUp, useValue: hospital.stepUp },
    { provide: SecondFactors, useValue: hospital.factors },
    { provide: Passkeys, useValue: hospital.passkeys },
    { provide: StaffAdministration, useValue: hospital.administration },
    SessionResolver,
    OwnAccountResolver,
    StaffResolver,
  ];
  const basics = { authenticator: hospital.sessions, readiness: new Readiness([], silentLogger), logger: silentLogger, pino: pino({ level: 'silent' }) };
  application = await createApplication(httpModule(basics, { imports: [graphqlModule(silentLogger)], controllers: [], providers }), { logger: silentLogger, maxBodyBytes: MAX_BODY });
  base = await listen(application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger: silentLogger });
});
afterAll(() => application.close());

type Result = Readonly<Record<string, unknown>> & { readonly __typename: string };

/** The one root field of an operation. */
async function ask(document: string, variables: object = {}, token?: string): Promise<Result> {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Record<string, Result>; errors?: unknown };
  const [result] = Object.values(data ?? {});
  if (result === undefined) throw new Error(JSON.stringify(errors));
  return result;
}

const FAILURE = '__typename ... on Failure { code message }';
const STEP = `${FAILURE} ... on SignedInSession { token } ... on SecondFactorRequired { challenge methods passkeyOptions } ... on PasswordExpired { ownPasswordChallenge }`;
const SIGN_IN = `mutation ($username: String!, $password: String!) { signIn(username: $username, password: $password) { ${STEP} } }`;
const SIGN_IN_WITH_CODE = `mutation ($challenge: String!, $code: String!) { signInWithCode(challenge: $challenge, code: $code) { ${STEP} } }`;
const SIGN_IN_WITH_PASSKEY = `mutation ($response: WebAuthnJson!) { signInWithPasskey(response: $response) { ${STEP} } }`;
const SET_OWN_PASSWORD = `mutation ($challenge: String!, $password: String!) { setOwnPassword(challenge: $challenge, password: $password) { ${STEP} } }`;
const STEP_UP = `mutation ($proof: StepUpProofInput!) { stepUp(proof: $proof) { ${FAILURE} ... on SteppedUp { until } } }`;
const CREATE = `mutation ($username: String!, $role: StaffRole!) { createStaff(username: $username, role: $role) { ${FAILURE} ... on InitialPassword { staffId username initialPassword } } }`;

const tokenOf = async (username: string, password = PASSWORD): Promise<string> => (await ask(SIGN_IN, { username, password }))['token'] as string;

describe('staff over GraphQL', () => {
  it('leads a new person from the administrator to an own password, codes, a passkey and back', async () => {
    await hospital.add('admin', 'administrator');
    const admin = await tokenOf('admin');
    const dora = { username: 'dora', role: 'CLINICIAN' };
    expect(await ask(CREATE, dora, admin)).toMatchObject({ code: 'STEP_UP_REQUIRED' });
    expect(await ask(`mutation { beginStepUp { ${FAILURE} ... on StepUpOptions { methods } } }`, {}, admin)).toMatchObject({ methods: ['PASSWORD'] });
    expect(await ask(STEP_UP, { proof: { password: PASSWORD } }, admin)).toMatchObject({ __typename: 'SteppedUp' });
    const created = await ask(CREATE, dora, admin);
    expect(created).toMatchObject({ __typename: 'InitialPassword', username: 'dora' });

    // The first sign-in asks for an own password.
    const expired = await ask(SIGN_IN, { username: 'dora', password: created['initialPassword'] });
    expect(expired.__typename).toBe('PasswordExpired');
    const challenge = expired['ownPasswordChallenge'];
    expect(await ask(SET_OWN_PASSWORD, { challenge, password: 'dora' })).toMatchObject({ code: 'PASSWORD_UNACCEPTABLE' });
    const token = (await ask(SET_OWN_PASSWORD, { challenge, password: 'a long one of dora' }))['token'] as string;

    // One-time codes.
    const beginTotp = `mutation { beginTotp { ${FAILURE} ... on TotpEnrolment { secret uri } } }`;
    expect(await ask(beginTotp, {}, token)).toMatchObject({ code: 'STEP_UP_REQUIRED' });
    await ask(STEP_UP, { proof: { password: 'a long one of dora' } }, token);
    const secret = (await ask(beginTotp, {}, token))['secret'] as string;
    const confirmed = await ask(`mutation ($code: String!) { confirmTotp(code: $code) { ${FAILURE} ... on RecoveryCodes { codes } } }`, { code: codeAt(secret, hospital.clock.now()) }, token);
    expect(confirmed['codes']).toHaveLength(10);
    hospital.clock.advance(30_000);
    const second = await ask(SIGN_IN, { username: 'dora', password: 'a long one of dora' });
    expect(second).toMatchObject({ __typename: 'SecondFactorRequired', methods: ['TOTP', 'RECOVERY_CODE'], passkeyOptions: null });
    expect(await ask(SIGN_IN_WITH_CODE, { challenge: second['challenge'], code: codeAt(secret, hospital.clock.now()) })).toMatchObject({ __typename: 'SignedInSession' });

    // A passkey.
    const begun = await ask(`mutation { beginPasskeyRegistration { ${FAILURE} ... on PasskeyRegistration { options } } }`, {}, token);
    const authenticator = new SoftwareAuthenticator();
    const response = authenticator.create(begun['options'] as never, ORIGIN);
    const finish = `mutation ($response: WebAuthnJson!) { finishPasskeyRegistration(response: $response, label: "Phone") { ${FAILURE} ... on OwnPasskey { id label } } }`;
    expect(await ask(finish, { response }, token)).toMatchObject({ label: 'Phone' });
    const { options } = await ask(`mutation { beginPasskeySignIn { ${FAILURE} ... on PasskeySignIn { options } } }`);
    expect(await ask(SIGN_IN_WITH_PASSKEY, { response: authenticator.get(options as never, ORIGIN) })).toMatchObject({ __typename: 'SignedInSession' });
    const factors = `{ secondFactors { ${FAILURE} ... on OwnSecondFactors { totpSince recoveryCodesLeft passkeys { id label lastUsedAt } } } }`;
    expect(await ask(factors, {}, token)).toMatchObject({ recoveryCodesLeft: 10, passkeys: [{ label: 'Phone' }] });

    // Sessions, and what the administrator sees and ends.
    const own = await ask(`{ sessions { ${FAILURE} ... on OwnSessions { sessions { id method current } } } }`, {}, token);
    expect((own['sessions'] as { method: string }[]).map(({ method }) => method).sort()).toEqual(['passkey', 'password', 'password+totp']);
    expect(await ask(`mutation { endOtherSessions { ${FAILURE} ... on EndedSessions { ended } } }`, {}, token)).toMatchObject({ ended: 2 });
    const list = await ask(`{ staff { ${FAILURE} ... on StaffList { accounts { username role hasTotp passkeys } } } }`, {}, admin);
    expect(list['accounts']).toEqual([
      { username: 'admin', role: 'ADMINISTRATOR', hasTotp: false, passkeys: 0 },
      { username: 'dora', role: 'CLINICIAN', hasTotp: true, passkeys: 1 },
    ]);
    const reset = `mutation ($staffId: ID!) { resetStaffSecondFactor(staffId: $staffId) { ${FAILURE} ... on StaffAccountEntry { hasTotp passkeys } } }`;
    expect(await ask(reset, { staffId: created['staffId'] }, admin)).toMatchObject({ hasTotp: false, passkeys: 0 });
    expect(await ask('{ me { __typename ... on Failure { code } } }', {}, token)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('refuses a clinician what is for administrators, whatever was proved', async () => {
    await hospital.add('carla');
    const token = await tokenOf('carla');
    await ask(STEP_UP, { proof: { password: PASSWORD } }, token);
    expect(await ask(CREATE, { username: 'eve', role: 'ADMINISTRATOR' }, token)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await ask(`{ staff { ${FAILURE} } }`, {}, token)).toMatchObject({ code: 'FORBIDDEN' });
    expect(hospital.entries.filter(({ type }) => type === 'operation-refused').map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([{ operation: 'createStaff' }, { operation: 'staff' }]),
    );
  });

  it.each([{}, { code: '123456', password: 'x' }, { passkey: { id: 'x' } }, { code: '' }])('takes one proof of the right form: %j', async (proof) => {
    await hospital.add(`proof-${JSON.stringify(proof).length}`);
    expect(await ask(STEP_UP, { proof }, await tokenOf(`proof-${JSON.stringify(proof).length}`))).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('refuses what is no passkey answer, no challenge and no user name', async () => {
    expect(await ask(SIGN_IN_WITH_PASSKEY, { response: { id: 'x', hasOwnProperty: 1 } })).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await ask(SIGN_IN_WITH_CODE, { challenge: 'made-up', code: '123456' })).toMatchObject({ code: 'SIGN_IN_EXPIRED' });
    const admin = await tokenOf('admin');
    await ask(STEP_UP, { proof: { password: PASSWORD } }, admin);
    expect(await ask(CREATE, { username: 'No Body', role: 'CLINICIAN' }, admin)).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await ask(CREATE, { username: 'nobody', role: 'INTEGRATION_CLIENT' }, admin)).toMatchObject({ code: 'ROLE_UNAVAILABLE' });
  });
});
