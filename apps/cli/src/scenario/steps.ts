import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import type { Progress } from '../progress.ts';
import type { ScenarioStep } from '../report.ts';
import type { PatientIdentifier, PatientPlan } from './patients.ts';
import type { HospitalStage, Stage } from './scenario.ts';

/** What the kinds of value in the distributed hash table are called here. */
const VALUES: Readonly<Record<string, string>> = { advert: 'hospitalAdverts', pointer: 'blindedPointers', reference: 'contentReferences' };
const PURPOSE = 'TREAT';
/** Publishing a dozen patients takes seconds: longer means that it is stuck. */
const PUBLISH_TIMEOUT_MILLISECONDS = 120_000;
const PUBLISH_POLL_MILLISECONDS = 250;

/** Each hospital admits its bundles; one bundle is one transaction. */
export async function admitPatients(stage: Stage, plan: PatientPlan, progress: Progress): Promise<ScenarioStep> {
  const hospitals = [stage.a, stage.b, stage.c];
  const resources = await progress.during(`Admitting ${plan.patients} patients`, async (update) => {
    let admitted = 0;
    let total = 0;
    for (const admission of plan.admissions) {
      const hospital = hospitals[admission.hospital];
      if (hospital === undefined) throw new CliError('SCENARIO_FAILED', 'A bundle is meant for a hospital that does not exist.');
      total += (await hospital.clinician.admitBundle(admission.bundle, admission.listing)).resources;
      admitted += 1;
      update(`${admitted} of ${plan.admissions.length} bundles, ${total} resources`);
    }
    return total;
  });
  return {
    step: 'admit',
    title: 'Patients are admitted: every resource is checked, sealed with a key of its own and stored; a bundle goes in whole or not at all.',
    facts: { patients: plan.patients, bundles: plan.admissions.length, resources },
  };
}

/** References and blinded pointers leave through the outbox, after the admission's transaction. */
export async function waitUntilPublished(stage: Stage, progress: Progress): Promise<ScenarioStep> {
  const hospitals = [stage.a, stage.b, stage.c];
  const left = await progress.during('Publishing references and blinded pointers', async (update) => {
    const deadline = Date.now() + PUBLISH_TIMEOUT_MILLISECONDS;
    for (;;) {
      const pending = (await Promise.all(hospitals.map((hospital) => hospital.administrator.nodeStatus()))).reduce((sum, status) => sum + status.pendingPublications, 0);
      if (pending === 0 || Date.now() > deadline) return pending;
      update(`${pending} changes left`);
      await pause(PUBLISH_POLL_MILLISECONDS);
    }
  });
  const status = await stage.a.administrator.nodeStatus();
  return {
    step: 'publish',
    title: 'Only references leave a hospital: content ids of sealed lists and blinded pointers, kept by all members together in the distributed hash table.',
    facts: {
      ...Object.fromEntries(status.dhtValues.map(({ kind, count }) => [`${VALUES[kind] ?? kind}StoredAt${name(stage.a).split(' ')[0] ?? ''}`, count])),
      // A change that cannot be published (the node's log says why) must not keep the hospitals from running.
      ...(left === 0 ? {} : { notPublishedYet: left }),
    },
  };
}

/** The patient allows B to read, for treatment. */
export async function giveConsent(stage: Stage, plan: PatientPlan): Promise<{ consentId: string; shown: ScenarioStep }> {
  const patientId = await stage.a.privacyOfficer.findPatient(plan.listed);
  const consentId = await stage.a.privacyOfficer.giveConsent({ patientId, recipientDid: stage.b.hospital.did, recipientName: name(stage.b), purposes: [PURPOSE] });
  return {
    consentId,
    shown: {
      step: 'consent',
      title: `The patient consents at ${name(stage.a)}: ${name(stage.b)} may read, for treatment. The consent is a FHIR Consent, compiled to a policy.`,
      facts: { recipient: name(stage.b), purpose: PURPOSE },
    },
  };
}

/** B's clinician finds out where the patient has records, without showing the identifier to anyone. */
export async function locatePatient(stage: Stage, plan: PatientPlan): Promise<{ locationId: string; shown: ScenarioStep }> {
  const location = await stage.b.clinician.locate(plan.listed, PURPOSE);
  const found = location.holders.map((holder) => holder.did);
  if (!found.includes(stage.a.hospital.did)) throw new CliError('SCENARIO_FAILED', `${name(stage.b)} did not find ${name(stage.a)} as a holder of records.`);
  return {
    locationId: location.locationId,
    shown: {
      step: 'locate',
      title: `A clinician at ${name(stage.b)} looks for the patient elsewhere. The identifier is blinded: the guardian that helps sees neither it nor the result.`,
      facts: { holders: location.holders.map((holder) => holder.name), wholeNetworkAsked: !location.incomplete },
    },
  };
}

/** B asks A, A decides by the consent and releases. */
export async function requestRecords(stage: Stage, locationId: string): Promise<{ requestId: string; shown: ScenarioStep }> {
  const answer = await stage.b.clinician.requestAccess({
    locationId,
    holderDid: stage.a.hospital.did,
    purpose: PURPOSE,
    reason: 'Admitted with chest pain; earlier findings needed.',
  });
  if (answer.kind !== 'request' || answer.state !== 'RELEASED') {
    throw new CliError('SCENARIO_FAILED', `${name(stage.a)} was to release the records and answered ${answer.kind === 'request' ? answer.state : answer.code}.`);
  }
  return {
    requestId: answer.requestId,
    shown: {
      step: 'request',
      title: `${name(stage.b)} asks ${name(stage.a)}, saying why. The consent decides; the record keys are released, sealed to ${name(stage.b)} alone.`,
      facts: { purpose: PURPOSE, state: answer.state },
    },
  };
}

/** B opens what it fetched: each ciphertext was checked against its content id before. */
export async function readReleasedRecords(stage: Stage, requestId: string): Promise<ScenarioStep> {
  const records = await stage.b.clinician.releasedRecords(requestId);
  if (records.length === 0) throw new CliError('SCENARIO_FAILED', `${name(stage.b)} opened no record.`);
  const counts = new Map<string, number>();
  for (const { resourceType } of records) counts.set(resourceType, (counts.get(resourceType) ?? 0) + 1);
  return {
    step: 'read',
    title: `${name(stage.b)} fetched the ciphertext by content id, verified it, and opens it for the clinician who asked.`,
    facts: { resources: records.length, kinds: [...counts].map(([type, count]) => `${count} ${type}`) },
  };
}

/** The release stands in both logs. */
export async function checkBothAuditLogs(stage: Stage, requestId: string): Promise<ScenarioStep> {
  const [atA, atB] = await Promise.all([stage.a.privacyOfficer.auditTrail({ requestId }), stage.b.privacyOfficer.auditTrail({ requestId })]);
  requireTypes(name(stage.a), atA.map((event) => event.type), ['RECORDS_RELEASED']);
  requireTypes(name(stage.b), atB.map((event) => event.type), ['ACCESS_REQUESTED', 'RECORDS_RECEIVED', 'RECORDS_READ']);
  return {
    step: 'audit',
    title: 'Both hospitals remember it: each log entry is chained to the one before.',
    facts: { atHolder: atA.map((event) => event.type), atRecipient: atB.map((event) => event.type) },
  };
}

/** C gets the same answer about a patient of A that it may not know of as about one that nobody knows. */
export async function compareRefusals(stage: Stage, plan: PatientPlan): Promise<ScenarioStep> {
  const unknown: PatientIdentifier = { system: plan.unlisted.system, value: `${plan.unlisted.value}-nobody` };
  const aboutUnlisted = await askDirectly(stage, plan.unlisted);
  const aboutUnknown = await askDirectly(stage, unknown);
  if (JSON.stringify(aboutUnlisted) !== JSON.stringify(aboutUnknown) || aboutUnknown.state !== 'REFUSED') {
    throw new CliError('SCENARIO_FAILED', `${name(stage.c)} could tell an unlisted patient from an unknown one: ${aboutUnlisted.state} and ${aboutUnknown.state}.`);
  }
  const refusals = (await stage.a.privacyOfficer.auditTrail({ types: ['ACCESS_REFUSED'] })).slice(0, 2).reverse().map((event) => event.reasonCode ?? '');
  return {
    step: 'refuse',
    title: `${name(stage.c)} asks ${name(stage.a)} about a patient without consent, then about one whom nobody knows. Both answers are the same; only ${name(stage.a)}'s log has the reasons.`,
    facts: { answerAboutUnlisted: aboutUnlisted.code, answerAboutUnknown: aboutUnknown.code, reasonsInTheLog: refusals },
  };
}

/** After the withdrawal B's next request gets nothing. */
export async function withdrawConsent(stage: Stage, consentId: string, locationId: string): Promise<ScenarioStep> {
  await stage.a.privacyOfficer.withdrawConsent(consentId);
  const answer = await stage.b.clinician.requestAccess({ locationId, holderDid: stage.a.hospital.did, purpose: PURPOSE, reason: 'Follow-up visit.' });
  if (answer.kind === 'request' && answer.state !== 'REFUSED') {
    throw new CliError('SCENARIO_FAILED', `The consent was withdrawn, yet ${name(stage.a)} answered ${answer.state}.`);
  }
  return {
    step: 'withdraw',
    title: `The patient withdraws the consent. ${name(stage.b)}'s next request is refused.`,
    facts: { state: answer.kind === 'request' ? answer.state : answer.code },
  };
}

async function askDirectly(stage: Stage, patient: PatientIdentifier): Promise<{ state: string; code: string; holders: number }> {
  const location = await stage.c.clinician.locate(patient, PURPOSE);
  const answer = await stage.c.clinician.requestAccess({
    locationId: location.locationId,
    holderDid: stage.a.hospital.did,
    purpose: PURPOSE,
    reason: 'The patient says that there are records.',
  });
  const atA = location.holders.filter((holder) => holder.did === stage.a.hospital.did).length;
  return answer.kind === 'request' ? { state: answer.state, code: answer.refusalCode ?? '', holders: atA } : { state: 'FAILED', code: answer.code, holders: atA };
}

function requireTypes(hospital: string, seen: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((type) => !seen.includes(type));
  if (missing.length > 0) throw new CliError('SCENARIO_FAILED', `The log of ${hospital} lacks ${missing.join(', ')}.`);
}

function name(stage: HospitalStage): string {
  return stage.hospital.hospital.name;
}
