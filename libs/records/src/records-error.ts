import { CarecordError } from '@carecord/core';

/**
 * - `UNKNOWN_PATIENT`: this hospital has no patient of that internal id
 * - `UNKNOWN_PATIENT_REFERENCE`: a bundle refers to a patient that is neither in it nor at this hospital
 * - `FHIR_ID_TAKEN`: a resource has the logical id of another patient's record, or of one of the directory
 * - `DUPLICATE_RESOURCE`: a bundle has two resources of the same type and id
 * - `LISTING_INVALID`: a listing names no hospital, too many, or some although it is not for named ones
 * - `WRONG_PATIENT`: a resource was put to one patient but belongs to another, or to none
 * - `CIPHERTEXT_TAMPERED`: a stored version or manifest is not what was written
 * - `VERSION_MISSING`: the manifest names a version that is not stored any more
 * - `KEY_MISSING`: a patient has no key: what it sealed can never be opened
 * - `KEY_TAMPERED`: a stored key does not unwrap
 * - `REWRAP_RUNNING`: a job that re-wraps this level of the key hierarchy is not finished yet
 * - `ROOT_KEY_IN_USE`: something still lies under an old root key, so it is not destroyed
 */
export type RecordsErrorCode =
  | 'UNKNOWN_PATIENT'
  | 'UNKNOWN_PATIENT_REFERENCE'
  | 'FHIR_ID_TAKEN'
  | 'DUPLICATE_RESOURCE'
  | 'LISTING_INVALID'
  | 'WRONG_PATIENT'
  | 'CIPHERTEXT_TAMPERED'
  | 'VERSION_MISSING'
  | 'KEY_MISSING'
  | 'KEY_TAMPERED'
  | 'REWRAP_RUNNING'
  | 'ROOT_KEY_IN_USE';

/** Why records could not be admitted or opened. Messages name resource types at the most, never a logical id or a value. */
export class RecordsError extends CarecordError<RecordsErrorCode> {}
