import { describe, expect, it } from '@jest/globals';
import { ConsentError } from '@carecord/consent';
import { ExchangeError } from '@carecord/exchange';
import { FhirError } from '@carecord/fhir';
import type { FhirIssue } from '@carecord/fhir';
import { LocatorError } from '@carecord/locator';
import { NetworkError } from '@carecord/network';
import { RecordsError } from '@carecord/records';
import { StorageError } from '@carecord/storage';
import { NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { describeError } from './describe-error.ts';
import { FAILURE_CODES } from './failure-codes.ts';
import { InputError } from './input-error.ts';
import { NodeError } from './node-error.ts';
import * as tables from './error-table.ts';

const issue: FhirIssue = { severity: 'error', code: 'required', expression: 'Bundle.entry[3].resource.status', diagnostics: 'is missing' };

describe('describeError', () => {
  it.each<[string, unknown, string]>([
    ['a malformed bundle', new FhirError('INVALID_BUNDLE', 'The bundle was refused.', [issue]), 'INVALID_BUNDLE'],
    ['an unknown resource type', new FhirError('UNKNOWN_RESOURCE_TYPE', 'Unknown.', [issue]), 'UNKNOWN_RESOURCE_TYPE'],
    ['a bundle over the limit', new FhirError('BUNDLE_TOO_LARGE', 'Too large.', [issue]), 'BUNDLE_TOO_LARGE'],
    ['a wrong password', new NodeError('SIGN_IN_REFUSED', 'No.'), 'SIGN_IN_REFUSED'],
    ['an expired session', new NodeError('UNAUTHENTICATED', 'No.'), 'UNAUTHENTICATED'],
    ['an unknown patient', new RecordsError('UNKNOWN_PATIENT', 'No.'), 'UNKNOWN_PATIENT'],
    ['a tampered ciphertext at rest', new RecordsError('CIPHERTEXT_TAMPERED', 'No.'), 'CIPHERTEXT_TAMPERED'],
    ['a tampered ciphertext on the way', new NetworkError('BLOCK_INVALID', 'No.'), 'CIPHERTEXT_TAMPERED'],
    ['a replayed request', new ExchangeError('REQUEST_REPLAYED', 'No.'), 'REQUEST_REPLAYED'],
    ['a hospital that is away', new ExchangeError('HOLDER_UNREACHABLE', 'No.'), 'HOSPITAL_UNREACHABLE'],
    ['a peer that limits us', new NetworkError('REMOTE_REFUSED', 'No.', { remoteCode: 'RATE_LIMITED' }), 'RATE_LIMITED'],
    ['a peer that refuses', new NetworkError('REMOTE_REFUSED', 'No.', { remoteCode: 'OTHER' }), 'HOSPITAL_ANSWER_INVALID'],
    ['a bad identifier', new LocatorError('IDENTIFIER_INVALID', 'No.'), 'IDENTIFIER_INVALID'],
    ['a bad consent', new ConsentError('CONSENT_INVALID', 'No.'), 'CONSENT_INVALID'],
    ['a database that is away', new StorageError('UNREACHABLE', 'No.'), 'DATABASE_UNAVAILABLE'],
    ['an argument of the wrong form', new InputError([]), 'INPUT_INVALID'],
    ['a body over the limit', new PayloadTooLargeException(), 'INPUT_TOO_LARGE'],
    ['a body over the limit, from the parser', Object.assign(new Error('request entity too large'), { type: 'entity.too.large', status: 413 }), 'INPUT_TOO_LARGE'],
    ['a body that is no JSON', Object.assign(new SyntaxError('Unexpected token S in JSON: Smith'), { type: 'entity.parse.failed', status: 400 }), 'INPUT_INVALID'],
    ['a wrong address', new NotFoundException('Cannot GET /patients/Smith'), 'NOT_FOUND'],
  ])('%s', (_case, error, code) => {
    expect(describeError(error).code).toBe(code);
  });

  it('keeps the issues of a bundle, but not without end', () => {
    expect(describeError(new FhirError('INVALID_BUNDLE', 'The bundle was refused.', [issue])).issues).toEqual([issue]);
    expect(describeError(new FhirError('INVALID_BUNDLE', 'No.', Array.from({ length: 5_000 }, () => issue))).issues).toHaveLength(100);
  });

  it.each([new Error('Smith 123-45-6789'), new TypeError('Smith'), 'Smith', undefined, { message: 'Smith' }, Object.assign(new Error('Smith'), { code: 'UNKNOWN_PATIENT' })])(
    'says nothing about what is unexpected',
    (error) => {
      const failure = describeError(error);
      expect(failure.code).toBe('INTERNAL');
      expect(JSON.stringify(failure)).not.toContain('Smith');
    },
  );

  it('repeats nothing of a foreign message', () => {
    expect(JSON.stringify(describeError(new NotFoundException('Cannot GET /patients/Smith')))).not.toContain('Smith');
  });

  it('maps to the closed list alone', () => {
    for (const table of Object.values(tables)) for (const code of Object.values(table)) expect(FAILURE_CODES).toContain(code);
  });
});
