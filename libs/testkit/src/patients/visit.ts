import { ENCOUNTER_KINDS, PROCEDURES, SYSTEMS, VACCINES } from './clinical-codes.ts';
import { concept, hl7Concept } from './concepts.ts';
import { addDischargeLetter } from './documents.ts';
import { addLaboratoryResults, addVitalSigns } from './observations.ts';
import type { BundleBuilder, EntryReference } from './bundle-builder.ts';
import type { ChronicCondition, Code } from './clinical-codes.ts';
import type { Person } from './person.ts';
import type { SeededRandom } from './random.ts';
import type { Staff } from './staff.ts';
import type { GeneratedHospital } from './types.ts';

/** The record that a hospital keeps of a patient, while it is written. */
export interface PatientRecord {
  readonly builder: BundleBuilder;
  readonly random: SeededRandom;
  readonly person: Person;
  readonly hospital: GeneratedHospital;
  readonly staff: Staff;
  readonly patient: EntryReference;
}

/** One encounter at a hospital; instants are FHIR instants in UTC. */
export interface Visit extends PatientRecord {
  readonly encounter: EntryReference;
  readonly practitioner: EntryReference;
  readonly start: string;
  readonly end: string;
}

type Medication = ChronicCondition['medication'];

const HOUR = 3_600_000;

/** Adds what the hospital learns at the first visit and keeps: long-standing conditions, their medication, allergies. */
export function addHistory(visit: Visit): void {
  for (const chronic of visit.person.chronic) {
    const condition = addCondition(visit, chronic, chronic.icd10, true);
    addMedication(visit, chronic.medication, condition);
  }
  for (const { category, reaction, ...allergy } of visit.person.allergies) {
    visit.builder.add('AllergyIntolerance', {
      clinicalStatus: hl7Concept('allergyintolerance-clinical', 'active'),
      verificationStatus: hl7Concept('allergyintolerance-verification', 'confirmed'),
      category: [category],
      code: concept('snomed', allergy),
      patient: visit.patient,
      recordedDate: visit.start,
      recorder: visit.practitioner,
      note: [{ text: 'Reported by the patient.' }],
      reaction: [{ manifestation: [concept('snomed', reaction)], severity: visit.random.pick(['mild', 'moderate']) }],
    });
  }
}

/** Adds an encounter on a day and all that happened at it. */
export function addVisit(record: PatientRecord, day: Date, isFirst: boolean): void {
  const { builder, random, person, staff, patient } = record;
  const kind = random.pick(ENCOUNTER_KINDS);
  const start = new Date(day.getTime() + random.integer(7 * 60, 19 * 60) * 60_000);
  const period = { start: start.toISOString(), end: new Date(start.getTime() + Math.round(random.decimal(...kind.hours, 2) * HOUR)).toISOString() };
  const practitioner = random.pick(staff.practitioners);
  const encounter = builder.add('Encounter', {
    status: 'finished',
    class: { system: `${SYSTEMS.terminology}v3-ActCode`, ...kind.class },
    type: [concept('snomed', kind.type)],
    subject: patient,
    participant: [{ individual: practitioner }],
    period,
    reasonCode: [concept('snomed', person.acute)],
    serviceProvider: staff.organization,
  });
  const visit: Visit = { ...record, encounter, practitioner, ...period };
  if (isFirst) addHistory(visit);
  const acute = addCondition(visit, person.acute, person.acute.icd10, false);
  addMedication(visit, person.acute.medication, acute);
  addVitalSigns(visit);
  addLaboratoryResults(visit);
  const procedure = random.pick(PROCEDURES);
  addProcedure(visit, procedure);
  addImmunization(visit, random.pick(VACCINES));
  addDischargeLetter(visit, [person.acute.display, ...person.chronic.map(({ display }) => display), procedure.display]);
}

function addCondition(visit: Visit, code: Code, icd10: string, isChronic: boolean): EntryReference {
  return visit.builder.add('Condition', {
    clinicalStatus: hl7Concept('condition-clinical', isChronic ? 'active' : 'resolved'),
    verificationStatus: hl7Concept('condition-ver-status', 'confirmed'),
    category: [hl7Concept('condition-category', 'encounter-diagnosis', 'Encounter Diagnosis')],
    code: {
      coding: [
        { system: SYSTEMS.snomed, code: code.code, display: code.display },
        { system: SYSTEMS.icd10, code: icd10 },
      ],
      text: code.display,
    },
    subject: visit.patient,
    encounter: visit.encounter,
    onsetDateTime: visit.start.slice(0, 10),
    abatementDateTime: isChronic ? undefined : visit.end.slice(0, 10),
    recordedDate: visit.start,
    recorder: visit.practitioner,
  });
}

function addMedication(visit: Visit, { dosage, timesADay, ...medication }: Medication, reason: EntryReference): void {
  visit.builder.add('MedicationRequest', {
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: concept('rxnorm', medication),
    subject: visit.patient,
    encounter: visit.encounter,
    authoredOn: visit.end,
    requester: visit.practitioner,
    reasonReference: [reason],
    dosageInstruction: [{ text: dosage, timing: { repeat: { frequency: timesADay, period: 1, periodUnit: 'd' } } }],
  });
}

function addProcedure(visit: Visit, procedure: Code): void {
  visit.builder.add('Procedure', {
    status: 'completed',
    code: concept('snomed', procedure),
    subject: visit.patient,
    encounter: visit.encounter,
    performedPeriod: { start: visit.start, end: visit.end },
    performer: [{ actor: visit.practitioner }],
    note: [{ text: 'Without complications.' }],
  });
}

function addImmunization(visit: Visit, vaccine: Code): void {
  visit.builder.add('Immunization', {
    status: 'completed',
    vaccineCode: concept('cvx', vaccine),
    patient: visit.patient,
    encounter: visit.encounter,
    occurrenceDateTime: visit.start,
    primarySource: true,
    lotNumber: `L${visit.random.digits(6)}`,
    performer: [{ actor: visit.practitioner }],
  });
}
