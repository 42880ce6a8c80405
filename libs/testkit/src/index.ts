export { ManualClock } from './manual-clock.ts';
export { canaryBundle } from './patients/canary-bundle.ts';
export { generatePatients } from './patients/generate-patients.ts';
export { patientOfSize } from './patients/patient-of-size.ts';
export { NATIONAL_IDENTIFIER_SYSTEM } from './patients/types.ts';
export type { CanaryBundle } from './patients/canary-bundle.ts';
export type { GenerateOptions } from './patients/generate-patients.ts';
export type { GeneratedHospital, GeneratedPatient, NationalIdentifier, TransactionBundle } from './patients/types.ts';
