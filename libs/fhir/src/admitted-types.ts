import { DIRECTORY_TYPES, FURTHER_PATIENT_ELEMENTS, PATIENT_ELEMENTS } from './compartment-table.ts';

/** Whether resources of this type are kept here: a patient's record, or of the directory to which records refer. */
export function isAdmittedType(resourceType: string): boolean {
  return (
    resourceType === 'Patient' ||
    Object.hasOwn(PATIENT_ELEMENTS, resourceType) ||
    Object.hasOwn(FURTHER_PATIENT_ELEMENTS, resourceType) ||
    DIRECTORY_TYPES.has(resourceType)
  );
}
