import type { DidResolutionResult } from '../resolution/result.ts';
import { CREDENTIALS_V2 } from './contexts.ts';
import { credentialProblems, envelopeProblems, issuerOf } from './data-model.ts';
import type { DataModelProblem } from './data-model.ts';
import { parseDateTimeStamp } from './json-values.ts';
import type { JsonObject } from './json-values.ts';
import { openVcJwt } from './vc-jwt.ts';

const DATA_URL = 'data:application/vc+jwt,';

/** A credential in its envelope (Data Model 2.0, section 4.12.1). */
export interface EnvelopedCredential {
  readonly '@context': readonly [typeof CREDENTIALS_V2];
  readonly id: string;
  readonly type: 'EnvelopedVerifiableCredential';
}

/** Why a credential was not verified: the data model's own names for it (section 7.3). */
export type CredentialErrorName = 'MALFORMED_VALUE_ERROR' | 'CRYPTOGRAPHIC_SECURITY_ERROR' | 'RANGE_ERROR';

/** What came out: no errors means that it is verified. */
export interface CredentialVerdict {
  readonly errors: readonly (DataModelProblem & { readonly name: CredentialErrorName })[];
  /** Whether somebody's key signed it; else it may be anything. */
  readonly authentic: boolean;
}

/** Puts a compact JWS into its envelope. */
export function envelopeOf(jws: string): EnvelopedCredential {
  return { '@context': [CREDENTIALS_V2], id: `${DATA_URL}${jws}`, type: 'EnvelopedVerifiableCredential' };
}

/**
 * Verifies an enveloped credential: shape of the envelope, signature by a key of its issuer, shape of the credential, and time.
 * @param value anything
 * @param options.resolve a DID resolver
 */
export async function verifyEnvelopedCredential(
  value: unknown,
  options: { readonly resolve: (did: string) => Promise<DidResolutionResult>; readonly now: Date },
): Promise<CredentialVerdict> {
  const shape = envelopeProblems(value);
  if (shape.length > 0) return { errors: named(shape, 'MALFORMED_VALUE_ERROR'), authentic: false };
  const { id } = value as EnvelopedCredential;
  if (!id.startsWith(DATA_URL)) return { errors: named([{ path: 'id', detail: `The id of an enveloped credential begins with ${DATA_URL} here.` }], 'MALFORMED_VALUE_ERROR'), authentic: false };
  let opened: Awaited<ReturnType<typeof openVcJwt>>;
  try {
    opened = await openVcJwt(id.slice(DATA_URL.length), options.resolve);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : 'The envelope does not open.';
    return { errors: named([{ path: 'id', detail }], 'CRYPTOGRAPHIC_SECURITY_ERROR'), authentic: false };
  }
  const problems = credentialProblems(opened.credential);
  if (problems.length > 0) return { errors: named(problems, 'MALFORMED_VALUE_ERROR'), authentic: true };
  const credential = opened.credential as JsonObject;
  if (issuerOf(credential) !== opened.signedBy) {
    return { errors: named([{ path: 'issuer', detail: 'Another than the issuer signed the credential.' }], 'CRYPTOGRAPHIC_SECURITY_ERROR'), authentic: true };
  }
  return { errors: named(timeProblems(credential, options.now), 'RANGE_ERROR'), authentic: true };
}

function timeProblems(credential: JsonObject, now: Date): readonly DataModelProblem[] {
  const from = parseDateTimeStamp(credential['validFrom']);
  const until = parseDateTimeStamp(credential['validUntil']);
  return [
    ...(from !== undefined && now.getTime() < from ? [{ path: 'validFrom', detail: 'The credential is not valid yet.' }] : []),
    ...(until !== undefined && now.getTime() > until ? [{ path: 'validUntil', detail: 'The credential is not valid any more.' }] : []),
  ];
}

function named(problems: readonly DataModelProblem[], name: CredentialErrorName): CredentialVerdict['errors'] {
  return problems.map((problem) => ({ ...problem, name }));
}
