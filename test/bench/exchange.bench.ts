/**
 * `npm run bench -- exchange [--json] [--full]`: the whole pass between real node processes on this machine, through GraphQL. Beside each figure
 * stands the sum of the cryptographic primitives that the step cannot do without, measured in the same run on the same machine.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { patientOfSize } from '@carecord/testkit';
import { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { type RunningHospital, startLocalNetwork } from '../../apps/cli/src/network/local-network.ts';
import { figurePrinter, percentile } from '../support/figure.ts';
import { measurePrimitives } from '../support/primitives.ts';
import { quietProgress, untilPublished } from '../support/running-network.ts';

const SUITE = 'exchange';
/** The patient whose exchange is timed. */
const RESOURCES = 100;
const full = process.argv.includes('--full');
const BUNDLES = full ? 200 : 40;
const ROUNDS = full ? 200 : 40;
const WARM_UP = 5;
const TARGET_RESOURCES_PER_SECOND = 500;
const TARGET_OPENED_MILLISECONDS = 250;

interface Identifier {
  readonly system: string;
  readonly value: string;
}

const print = figurePrinter(process.argv.includes('--json'));
const directory = await mkdtemp(join(tmpdir(), 'carecord-bench-'));
const network = await startLocalNetwork({ directory, progress: quietProgress });
try {
  const [a, b] = network.hospitals;
  if (a === undefined || b === undefined) throw new Error('The benchmark needs two hospitals.');
  const [clinicianA, privacyA, administratorA, clinicianB] = await Promise.all([as(a, 'clinician'), as(a, 'privacy-officer'), as(a, 'administrator'), as(b, 'clinician')]);
  const primitives = await measurePrimitives(Buffer.byteLength(JSON.stringify(patientOfSize(RESOURCES).bundle)) / RESOURCES);

  await measureAdmission();
  await measureExchange(await admitTimedPatient());

  async function measureAdmission(): Promise<void> {
    for (let round = 0; round < WARM_UP; round += 1) await clinicianA.admitBundle(patientOfSize(RESOURCES, { seed: 10_000 + round }).bundle, 'UNLISTED');
    const bundles = Array.from({ length: BUNDLES }, (_, index) => patientOfSize(RESOURCES, { seed: 20_000 + index }).bundle);
    const started = performance.now();
    let resources = 0;
    for (const bundle of bundles) resources += (await clinicianA.admitBundle(bundle, 'UNLISTED')).resources;
    const seconds = (performance.now() - started) / 1_000;
    const perSecond = resources / seconds;
    const reference = 1_000 / primitives.admitOneMilliseconds;
    print({
      suite: SUITE,
      metric: 'resources admitted (sealed and stored), one bundle after the other',
      value: perSecond,
      unit: '1/s',
      reference: { name: 'BLAKE3, AES-256-GCM and key wrap alone', value: reference },
      ratio: perSecond / reference,
      target: `>= ${TARGET_RESOURCES_PER_SECOND}`,
      meets: perSecond >= TARGET_RESOURCES_PER_SECOND,
    });
  }

  async function admitTimedPatient(): Promise<Identifier> {
    const made = patientOfSize(RESOURCES, { seed: 1 });
    const { patients } = await clinicianA.admitBundle(made.bundle, 'LISTED');
    const [id = ''] = patients;
    await privacyA.giveConsent({ patientId: id, recipientDid: b?.did ?? '', recipientName: 'B', purposes: ['TREAT'] });
    await untilPublished(administratorA);
    return made.nationalId;
  }

  async function measureExchange(identifier: Identifier): Promise<void> {
    const samples = { locate: [] as number[], release: [] as number[], opened: [] as number[] };
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const started = performance.now();
      const location = await clinicianB.locate(identifier, 'TREAT');
      const located = performance.now();
      const askedAt = Date.now();
      const answer = await clinicianB.requestAccess({ locationId: location.locationId, holderDid: a?.did ?? '', purpose: 'TREAT', reason: 'A measurement.' });
      if (answer.kind !== 'request' || answer.state !== 'RELEASED') throw new Error(`The exchange failed: ${JSON.stringify(answer)}`);
      const opened = await clinicianB.releasedRecords(answer.requestId);
      const finished = performance.now();
      if (opened.length < RESOURCES) throw new Error(`Only ${opened.length} resources were opened.`);
      // When A wrote the release into its log, in the transaction that made the grant; both clocks are this machine's.
      const [released] = (await privacyA.auditTrail({ requestId: answer.requestId, types: ['RECORDS_RELEASED'] })).map((event) => Date.parse(event.recordedAt));
      if (round < 0) continue;
      samples.locate.push(located - started);
      samples.release.push((released ?? Number.NaN) - askedAt);
      samples.opened.push(finished - located);
      // The guardian gives each hospital two evaluations a second in the long run.
      if (round % 100 === 99) await pause(1_000);
    }
    report('locate', samples.locate, 'OPRF blind, evaluate, prove, verify', primitives.locateMilliseconds);
    report(`request to release, ${RESOURCES} resources`, samples.release, 'signatures, key unwraps and wraps, HPKE', primitives.releaseMilliseconds);
    report(
      `request to last resource opened, ${RESOURCES} resources`,
      samples.opened,
      'the same, and BLAKE3 and AES-256-GCM of every resource',
      primitives.openedMilliseconds,
      TARGET_OPENED_MILLISECONDS,
    );
  }

  function report(metric: string, values: readonly number[], name: string, reference: number, target?: number): void {
    for (const [label, share] of [['p50', 0.5], ['p95', 0.95]] as const) {
      const value = percentile(values, share);
      print({
        suite: SUITE,
        metric: `${metric}, ${label}`,
        value,
        unit: 'ms',
        reference: { name, value: reference },
        ratio: value / reference,
        ...(target === undefined || label !== 'p50' ? {} : { target: `<= ${target}`, meets: value <= target }),
      });
    }
  }
} finally {
  await network.stop();
  await rm(directory, { recursive: true, force: true });
}

async function as(hospital: RunningHospital, role: string): Promise<HospitalClient> {
  const user = hospital.users.find((candidate) => candidate.role === role);
  if (user === undefined) throw new Error(`There is no account with the role ${role}.`);
  return HospitalClient.signIn(hospital.graphql, user);
}
