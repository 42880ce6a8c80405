import { readFile, writeFile } from 'node:fs/promises';
import { HospitalClient } from '../client/hospital-client.ts';
import { CliError } from '../cli-error.ts';
import { scenarioHospitals } from '../network/demo-hospitals.ts';
import type { LocalNetwork, RunningHospital } from '../network/local-network.ts';
import type { Progress } from '../progress.ts';
import type { Report } from '../report.ts';
import type { PatientPlan } from './patients.ts';
import {
  admitPatients,
  checkBothAuditLogs,
  compareRefusals,
  giveConsent,
  locatePatient,
  readReleasedRecords,
  requestRecords,
  waitUntilPublished,
  withdrawConsent,
} from './steps.ts';

/** The three hospitals of the scenario, each with a client a staff member. */
export interface Stage {
  readonly a: HospitalStage;
  readonly b: HospitalStage;
  readonly c: HospitalStage;
}

/** One hospital with its staff signed in. */
export interface HospitalStage {
  readonly hospital: RunningHospital;
  readonly clinician: HospitalClient;
  readonly privacyOfficer: HospitalClient;
  readonly administrator: HospitalClient;
}

/**
 * The whole pass through the product, each step through the hospitals' own GraphQL, as their staff would do it.
 * @throws CliError `SCENARIO_FAILED` with what was expected and what was seen
 */
export async function runScenario(network: LocalNetwork, plan: PatientPlan, report: Report, progress: Progress): Promise<void> {
  const [a, b, c] = await Promise.all(network.hospitals.slice(0, scenarioHospitals.length).map(signInStaff));
  if (a === undefined || b === undefined || c === undefined) throw new CliError('SCENARIO_FAILED', 'The scenario needs three hospitals.');
  const stage: Stage = { a, b, c };

  if ((await admittedBefore(network)) === plan.digest) {
    report.step({ step: 'reuse', title: 'The patients of an earlier start are there: nobody is admitted again. "npm run reset" starts afresh.', facts: { patients: plan.patients } });
  } else {
    report.step(await admitPatients(stage, plan, progress));
    await writeFile(network.layout.admitted, JSON.stringify({ digest: plan.digest }), { mode: 0o600 });
  }
  report.step(await waitUntilPublished(stage, progress));
  const consent = await giveConsent(stage, plan);
  report.step(consent.shown);
  const location = await locatePatient(stage, plan);
  report.step(location.shown);
  const request = await requestRecords(stage, location.locationId);
  report.step(request.shown);
  report.step(await readReleasedRecords(stage, request.requestId));
  report.step(await checkBothAuditLogs(stage, request.requestId));
  report.step(await compareRefusals(stage, plan));
  report.step(await withdrawConsent(stage, consent.consentId, location.locationId));
}

async function signInStaff(hospital: RunningHospital): Promise<HospitalStage> {
  const as = async (role: string): Promise<HospitalClient> => {
    const user = hospital.users.find((candidate) => candidate.role === role);
    if (user === undefined) throw new CliError('SCENARIO_FAILED', `${hospital.hospital.name} has no demo account with the role ${role}.`);
    return HospitalClient.signIn(hospital.graphql, user);
  };
  const [clinician, privacyOfficer, administrator] = await Promise.all([as('clinician'), as('privacy-officer'), as('administrator')]);
  return { hospital, clinician, privacyOfficer, administrator };
}

async function admittedBefore(network: LocalNetwork): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(network.layout.admitted, 'utf8')) as { digest?: string }).digest;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
