import { hashPassword, randomNonce, sha256, verifyPassword } from '@carecord/crypto';
import { TOTP_PERIOD_SECONDS } from '../../../apps/node/src/staff/totp.ts';
import { codeAt, enrolTotp } from '../../../apps/node/src/staff/totp.fixture.ts';
import type { AssertionResponse } from '../../../apps/node/src/staff/passkey-response.ts';
import { ORIGIN, PASSWORD, secondFactor, signedIn, staffFixture } from '../../../apps/node/src/staff/staff.fixture.ts';
import { measureInTurn } from '../../support/cpu.ts';
import type { Measured } from '../../support/cpu.ts';
import { verifyP256 } from './primitives.ts';
import { printRate } from './report.ts';
import type { BenchOptions } from './report.ts';

const PASSWORD_RUNS = 8;
const PASSKEY_RUNS = 20;
const SESSION_RUNS = 200;
const HASH_RUNS = 2_000;

/** Staff of one hospital signing in, with stores in memory: what a database adds is not in it. */
export async function measureSignIns(options: BenchOptions): Promise<void> {
  const hash = await hashPassword(PASSWORD);
  const token = randomNonce(32);
  const costs = await measureInTurn(
    {
      password: await withPassword(),
      totp: await withTotp(),
      passkey: await withPasskey(),
      session: await withSession(),
      argon2: { runs: PASSWORD_RUNS, run: () => verifyPassword(PASSWORD, hash) },
      p256: { runs: PASSKEY_RUNS, run: verifyP256 },
      sha256: { runs: HASH_RUNS, run: () => sha256(token) },
    },
    options.rounds,
  );
  const argon2 = { name: 'Argon2id alone', cpu: costs.argon2.cpu };
  printRate(options, 'sign-ins with a password (stores in memory)', costs.password, argon2);
  printRate(options, 'sign-ins with a password and a one-time code (stores in memory)', costs.totp, argon2);
  printRate(options, "sign-ins with a passkey's answer (stores in memory)", costs.passkey, { name: 'an ES256 verification', cpu: costs.p256.cpu });
  printRate(options, 'requests whose session is found (stores in memory)', costs.session, { name: 'SHA-256 of the token', cpu: costs.sha256.cpu });
}

async function withPassword(): Promise<Measured> {
  const hospital = staffFixture();
  await hospital.add('carla');
  return { runs: PASSWORD_RUNS, run: async () => signedIn(await hospital.signIn.withPassword('carla', PASSWORD)) };
}

async function withTotp(): Promise<Measured> {
  const hospital = staffFixture();
  const { secret } = await enrolTotp(hospital, await hospital.add('carla'));
  return {
    runs: PASSWORD_RUNS,
    run: async () => {
      // Each code is good once.
      hospital.clock.advance(TOTP_PERIOD_SECONDS * 1_000);
      const { challenge } = secondFactor(await hospital.signIn.withPassword('carla', PASSWORD));
      signedIn(await hospital.signIn.withCode(challenge, codeAt(secret, hospital.clock.now())));
    },
  };
}

async function withPasskey(): Promise<Measured> {
  const hospital = staffFixture();
  const authenticator = await hospital.passkeyOf(await hospital.add('carla'));
  const answers: AssertionResponse[] = [];
  return {
    runs: PASSKEY_RUNS,
    // What the person's authenticator does is no work of ours.
    prepare: async () => {
      for (let at = 0; at < PASSKEY_RUNS; at += 1) answers.push(authenticator.get(await hospital.signIn.beginPasskey(), ORIGIN));
    },
    run: async () => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error('There are not enough answers.');
      signedIn(await hospital.signIn.withPasskey(answer));
    },
  };
}

async function withSession(): Promise<Measured> {
  const hospital = staffFixture();
  await hospital.add('carla');
  const { token } = await hospital.session('carla');
  return { runs: SESSION_RUNS, run: () => hospital.sessions.authenticate(token) };
}
