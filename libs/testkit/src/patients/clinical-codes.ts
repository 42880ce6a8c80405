/**
 * The few codes that generated patients are made of, each well known. Displays are those of the terminologies: LOINC
 * (https://loinc.org, Regenstrief Institute), SNOMED CT (https://www.snomed.org, International Edition), ICD-10
 * (https://icd.who.int, WHO), RxNorm (https://www.nlm.nih.gov/research/umls/rxnorm, NLM), CVX
 * (https://www2.cdc.gov/vaccines/iis/iisstandards, CDC). Reference ranges are the usual ones of adults.
 */
export const SYSTEMS = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  icd10: 'http://hl7.org/fhir/sid/icd-10',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  ucum: 'http://unitsofmeasure.org',
  terminology: 'http://terminology.hl7.org/CodeSystem/',
} as const;

export interface Code {
  readonly code: string;
  readonly display: string;
}

/** A measured quantity: unit in UCUM, `low` and `high` of the healthy, `spread` of what is seen (both ends). */
export interface Measurement extends Code {
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  readonly spread: readonly [number, number];
  readonly digits: number;
}

/** A long-standing condition, from which age on, with its medication and the measurements that it moves. */
export interface ChronicCondition extends Code {
  readonly icd10: string;
  readonly fromAge: number;
  readonly probability: number;
  readonly medication: Code & { readonly dosage: string; readonly timesADay: number };
  readonly moves: Readonly<Record<string, readonly [number, number]>>;
}

export const CHRONIC_CONDITIONS: readonly ChronicCondition[] = [
  {
    code: '38341003', display: 'Hypertensive disorder, systemic arterial', icd10: 'I10', fromAge: 40, probability: 0.45,
    medication: { code: '314076', display: 'lisinopril 10 MG Oral Tablet', dosage: 'One tablet in the morning', timesADay: 1 },
    moves: { '8480-6': [138, 164], '8462-4': [86, 99] },
  },
  {
    code: '44054006', display: 'Diabetes mellitus type 2', icd10: 'E11.9', fromAge: 35, probability: 0.3,
    medication: { code: '860975', display: '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet', dosage: 'One tablet with breakfast and with the evening meal', timesADay: 2 },
    moves: { '4548-4': [6.6, 9.4], '2339-0': [118, 212] },
  },
  {
    code: '55822004', display: 'Hyperlipidemia', icd10: 'E78.5', fromAge: 35, probability: 0.35,
    medication: { code: '314231', display: 'simvastatin 10 MG Oral Tablet', dosage: 'One tablet in the evening', timesADay: 1 },
    moves: { '2093-3': [215, 290], '18262-6': [135, 190] },
  },
  {
    code: '195967001', display: 'Asthma', icd10: 'J45.9', fromAge: 5, probability: 0.2,
    medication: { code: '745679', display: '200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler', dosage: 'Two puffs when short of breath', timesADay: 4 },
    moves: { '9279-1': [16, 24] },
  },
  {
    code: '239873007', display: 'Osteoarthritis of knee', icd10: 'M17.9', fromAge: 55, probability: 0.35,
    medication: { code: '310965', display: 'ibuprofen 200 MG Oral Tablet', dosage: 'One tablet with food when in pain', timesADay: 3 },
    moves: {},
  },
  {
    code: '271737000', display: 'Anemia', icd10: 'D64.9', fromAge: 18, probability: 0.12,
    medication: { code: '310325', display: 'ferrous sulfate 325 MG Oral Tablet', dosage: 'One tablet before breakfast', timesADay: 1 },
    moves: { '718-7': [8.8, 11.4] },
  },
];

/** Conditions that come and go, with what they are treated with. */
export const ACUTE_CONDITIONS: readonly (Code & { readonly icd10: string; readonly medication: Code & { readonly dosage: string; readonly timesADay: number } })[] = [
  { code: '10509002', display: 'Acute bronchitis', icd10: 'J20.9', medication: { code: '313782', display: 'acetaminophen 325 MG Oral Tablet', dosage: 'One tablet every six hours while feverish', timesADay: 4 } },
  { code: '75498004', display: 'Acute bacterial sinusitis', icd10: 'J01.9', medication: { code: '308182', display: 'amoxicillin 250 MG Oral Capsule', dosage: 'One capsule every eight hours for seven days', timesADay: 3 } },
  { code: '43878008', display: 'Streptococcal sore throat', icd10: 'J02.0', medication: { code: '834061', display: 'penicillin V potassium 250 MG Oral Tablet', dosage: 'One tablet every six hours for ten days', timesADay: 4 } },
  { code: '283371005', display: 'Laceration of forearm', icd10: 'S51.9', medication: { code: '310965', display: 'ibuprofen 200 MG Oral Tablet', dosage: 'One tablet with food when in pain', timesADay: 3 } },
];

export const VITAL_SIGNS: readonly Measurement[] = [
  { code: '8867-4', display: 'Heart rate', unit: '/min', low: 60, high: 100, spread: [56, 98], digits: 0 },
  { code: '9279-1', display: 'Respiratory rate', unit: '/min', low: 12, high: 20, spread: [12, 19], digits: 0 },
  { code: '8310-5', display: 'Body temperature', unit: 'Cel', low: 36.1, high: 37.8, spread: [36.2, 37.7], digits: 1 },
  { code: '59408-5', display: 'Oxygen saturation in Arterial blood by Pulse oximetry', unit: '%', low: 95, high: 100, spread: [94, 100], digits: 0 },
];

export const BLOOD_PRESSURE: Code = { code: '85354-9', display: 'Blood pressure panel with all children optional' };

export const BLOOD_PRESSURE_COMPONENTS: readonly Measurement[] = [
  { code: '8480-6', display: 'Systolic blood pressure', unit: 'mm[Hg]', low: 90, high: 130, spread: [104, 132], digits: 0 },
  { code: '8462-4', display: 'Diastolic blood pressure', unit: 'mm[Hg]', low: 60, high: 85, spread: [62, 84], digits: 0 },
];

export const BODY_MEASUREMENTS = {
  height: { code: '8302-2', display: 'Body height', unit: 'cm' },
  weight: { code: '29463-7', display: 'Body weight', unit: 'kg' },
  massIndex: { code: '39156-5', display: 'Body mass index (BMI) [Ratio]', unit: 'kg/m2' },
} as const;

export const LABORATORY_TESTS: readonly Measurement[] = [
  { code: '4548-4', display: 'Hemoglobin A1c/Hemoglobin.total in Blood', unit: '%', low: 4, high: 5.6, spread: [4.7, 5.7], digits: 1 },
  { code: '2339-0', display: 'Glucose [Mass/volume] in Blood', unit: 'mg/dL', low: 70, high: 99, spread: [74, 104], digits: 0 },
  { code: '38483-4', display: 'Creatinine [Mass/volume] in Blood', unit: 'mg/dL', low: 0.6, high: 1.3, spread: [0.6, 1.35], digits: 2 },
  { code: '2947-0', display: 'Sodium [Moles/volume] in Blood', unit: 'mmol/L', low: 135, high: 145, spread: [134, 146], digits: 0 },
  { code: '6298-4', display: 'Potassium [Moles/volume] in Blood', unit: 'mmol/L', low: 3.5, high: 5.1, spread: [3.4, 5.2], digits: 1 },
  { code: '718-7', display: 'Hemoglobin [Mass/volume] in Blood', unit: 'g/dL', low: 12, high: 17.5, spread: [12.2, 17], digits: 1 },
  { code: '6690-2', display: 'Leukocytes [#/volume] in Blood by Automated count', unit: '10*3/uL', low: 4, high: 11, spread: [3.9, 11.6], digits: 1 },
  { code: '777-3', display: 'Platelets [#/volume] in Blood by Automated count', unit: '10*3/uL', low: 150, high: 400, spread: [148, 410], digits: 0 },
  { code: '2093-3', display: 'Cholesterol [Mass/volume] in Serum or Plasma', unit: 'mg/dL', low: 100, high: 200, spread: [138, 212], digits: 0 },
  { code: '2085-9', display: 'Cholesterol in HDL [Mass/volume] in Serum or Plasma', unit: 'mg/dL', low: 40, high: 80, spread: [38, 78], digits: 0 },
  { code: '18262-6', display: 'Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay', unit: 'mg/dL', low: 50, high: 130, spread: [62, 134], digits: 0 },
  { code: '2571-8', display: 'Triglyceride [Mass/volume] in Serum or Plasma', unit: 'mg/dL', low: 30, high: 150, spread: [52, 168], digits: 0 },
];

export const LABORATORY_REPORT: Code = { code: '11502-2', display: 'Laboratory report' };
export const DISCHARGE_SUMMARY: Code = { code: '18842-5', display: 'Discharge summary' };

export const ENCOUNTER_KINDS: readonly { readonly class: Code; readonly type: Code; readonly hours: readonly [number, number] }[] = [
  { class: { code: 'AMB', display: 'ambulatory' }, type: { code: '185349003', display: 'Encounter for check up' }, hours: [0.25, 1] },
  { class: { code: 'AMB', display: 'ambulatory' }, type: { code: '390906007', display: 'Follow-up encounter' }, hours: [0.25, 1] },
  { class: { code: 'EMER', display: 'emergency' }, type: { code: '50849002', display: 'Emergency room admission' }, hours: [2, 9] },
  { class: { code: 'IMP', display: 'inpatient encounter' }, type: { code: '183452005', display: 'Emergency hospital admission' }, hours: [26, 150] },
];

export const ALLERGIES: readonly (Code & { readonly category: 'food' | 'medication' | 'environment'; readonly reaction: Code })[] = [
  { code: '91935009', display: 'Allergy to peanut', category: 'food', reaction: { code: '126485001', display: 'Urticaria' } },
  { code: '91936005', display: 'Allergy to penicillin', category: 'medication', reaction: { code: '271807003', display: 'Eruption of skin' } },
  { code: '232350006', display: 'House dust mite allergy', category: 'environment', reaction: { code: '267036007', display: 'Dyspnea' } },
  { code: '417532002', display: 'Allergy to fish', category: 'food', reaction: { code: '422587007', display: 'Nausea' } },
];

export const VACCINES: readonly Code[] = [
  { code: '140', display: 'Influenza, split virus, trivalent, PF' },
  { code: '113', display: 'Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed' },
  { code: '133', display: 'Pneumococcal conjugate PCV 13' },
  { code: '115', display: 'Tdap' },
  { code: '43', display: 'Hep B, adult' },
];

export const PROCEDURES: readonly Code[] = [
  { code: '29303009', display: 'Electrocardiographic procedure' },
  { code: '399208008', display: 'Plain X-ray of chest' },
  { code: '73761001', display: 'Colonoscopy' },
  { code: '40701008', display: 'Echocardiography' },
  { code: '288086009', display: 'Suture open wound' },
];
