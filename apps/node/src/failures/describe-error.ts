import { AuditError } from '@carecord/audit';
import { ConsentError } from '@carecord/consent';
import { CryptoError } from '@carecord/crypto';
import { ExchangeError } from '@carecord/exchange';
import { FhirError } from '@carecord/fhir';
import { IdentityError } from '@carecord/identity';
import { KeysError } from '@carecord/keys';
import { LocatorError } from '@carecord/locator';
import { NetworkError } from '@carecord/network';
import { RecordsError } from '@carecord/records';
import { StorageError } from '@carecord/storage';
import { HttpException } from '@nestjs/common';
import {
  AUDIT_CODES,
  CONSENT_CODES,
  CRYPTO_CODES,
  EXCHANGE_CODES,
  FHIR_CODES,
  IDENTITY_CODES,
  KEYS_CODES,
  LOCATOR_CODES,
  NETWORK_CODES,
  NODE_CODES,
  RECORDS_CODES,
  STORAGE_CODES,
} from './error-table.ts';
import type { FailureCode } from './failure-codes.ts';
import { InputError } from './input-error.ts';
import type { InputIssue } from './input-error.ts';
import { NodeError } from './node-error.ts';

/** What a client learns of an error. */
export interface FailureDescription {
  readonly code: FailureCode;
  readonly message: string;
  readonly issues: readonly InputIssue[];
}

const INTERNAL: FailureDescription = { code: 'INTERNAL', message: 'Something went wrong on this node. Its log has the details.', issues: [] };

/** Issues shown at the most: a bundle of thousands of bad resources must not become an answer of megabytes. */
const MAX_ISSUES = 100;

/**
 * The one place where errors become failures. Our own errors keep their sentence, which by rule holds nobody's data;
 * everything else is `INTERNAL` and says nothing.
 */
export function describeError(error: unknown): FailureDescription {
  if (error instanceof HttpException) return httpFailure(error.getStatus());
  if (isBodyParserError(error)) return httpFailure(error.status);
  const code = codeOf(error);
  if (code === undefined || code === 'INTERNAL') return INTERNAL;
  const issues = error instanceof FhirError || error instanceof InputError ? error.issues : [];
  return { code, message: (error as Error).message, issues: issues.slice(0, MAX_ISSUES) };
}

function codeOf(error: unknown): FailureCode | undefined {
  if (error instanceof NodeError) return NODE_CODES[error.code];
  if (error instanceof InputError) return error.code;
  if (error instanceof FhirError) return FHIR_CODES[error.code];
  if (error instanceof RecordsError) return RECORDS_CODES[error.code];
  if (error instanceof KeysError) return KEYS_CODES[error.code];
  if (error instanceof ConsentError) return CONSENT_CODES[error.code];
  if (error instanceof ExchangeError) return EXCHANGE_CODES[error.code];
  if (error instanceof NetworkError) return error.remoteCode === 'RATE_LIMITED' ? 'RATE_LIMITED' : NETWORK_CODES[error.code];
  if (error instanceof LocatorError) return LOCATOR_CODES[error.code];
  if (error instanceof IdentityError) return IDENTITY_CODES[error.code];
  if (error instanceof AuditError) return AUDIT_CODES[error.code];
  if (error instanceof StorageError) return STORAGE_CODES[error.code];
  if (error instanceof CryptoError) return CRYPTO_CODES[error.code];
  return undefined;
}

/** Errors of the body parser carry a status and a `type` such as `entity.too.large`; their messages quote the body. */
function isBodyParserError(error: unknown): error is { readonly status: number } {
  return error instanceof Error && 'type' in error && 'status' in error && typeof error.status === 'number';
}

function httpFailure(status: number): FailureDescription {
  if (status === 413) return { code: 'INPUT_TOO_LARGE', message: 'The request is larger than this node accepts.', issues: [] };
  if (status === 404) return { code: 'NOT_FOUND', message: 'There is nothing at this address.', issues: [] };
  if (status === 405) return { code: 'METHOD_NOT_ALLOWED', message: 'This address accepts POST alone.', issues: [] };
  if (status >= 400 && status < 500) return { code: 'INPUT_INVALID', message: 'The request cannot be read.', issues: [] };
  return INTERNAL;
}
