import type { Clock } from '@carecord/core';
import { credentialProblems, envelopeOf, issuerOf, verifyEnvelopedCredential } from '@carecord/identity';
import type { CredentialErrorName, DataModelProblem, DidResolutionResult, VcJwtIssuer } from '@carecord/identity';
import { z } from 'zod';

/** One error as the VC-API tells it: Problem Details (RFC 9457) with the data model's names for what is wrong. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
}

/** What the HTTP side is to answer. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const CREATED = 201;
const OK = 200;
const BAD_REQUEST = 400;
/** Problems shown at the most. */
const MAX_PROBLEMS = 50;

const TITLES: Readonly<Record<CredentialErrorName | 'PARSING_ERROR', string>> = {
  MALFORMED_VALUE_ERROR: 'A value is not of the form that the data model demands.',
  CRYPTOGRAPHIC_SECURITY_ERROR: 'The credential is not secured by its issuer.',
  RANGE_ERROR: 'The credential is not valid now.',
  PARSING_ERROR: 'The request cannot be read.',
};

const options = z.looseObject({}).optional();
const issueSchema = z.looseObject({ credential: z.looseObject({}), options });
const verifySchema = z.looseObject({ verifiableCredential: z.looseObject({}), options });

/** Issues and verifies credentials as the VC-API has it: `vc+jwt` in an envelope. */
export class CredentialService {
  constructor(
    private readonly dependencies: {
      /** Which of them issues, the credential's own `issuer` says. */
      readonly issuers: readonly VcJwtIssuer[];
      /** Issues what names anybody else; what is issued so does not verify. Suites send examples whose issuers nobody is. */
      readonly issuerOfOthers?: VcJwtIssuer;
      readonly resolve: (did: string) => Promise<DidResolutionResult>;
      readonly clock: Clock;
    },
  ) {}

  /** `POST /credentials/issue`: the credential must name one of our issuers, and be one. */
  async issue(request: unknown): Promise<Answer> {
    const parsed = issueSchema.safeParse(request);
    if (!parsed.success) return refusal([problemOf('PARSING_ERROR', { path: '', detail: 'The request has a credential, which is an object, and options.' })]);
    const { credential } = parsed.data;
    const problems = credentialProblems(credential);
    if (problems.length > 0) return refusal(problems.map((problem) => problemOf('MALFORMED_VALUE_ERROR', problem)));
    const issuer = this.dependencies.issuers.find(({ did }) => did === issuerOf(credential)) ?? this.dependencies.issuerOfOthers;
    if (issuer === undefined) return refusal([problemOf('CRYPTOGRAPHIC_SECURITY_ERROR', { path: 'issuer', detail: 'This service does not issue in the name of others: the issuer must be one of its own DIDs.' })]);
    return { status: CREATED, body: { verifiableCredential: envelopeOf(await issuer.sign(credential)) } };
  }

  /** `POST /credentials/verify`: what is no credential at all is answered with 400, one that does not verify with 200. */
  async verify(request: unknown): Promise<Answer> {
    const parsed = verifySchema.safeParse(request);
    if (!parsed.success) return refusal([problemOf('PARSING_ERROR', { path: '', detail: 'The request has a verifiableCredential, which is an object, and options.' })], { verified: false });
    const verdict = await verifyEnvelopedCredential(parsed.data.verifiableCredential, { resolve: this.dependencies.resolve, now: this.dependencies.clock.now() });
    const errors = verdict.errors.map((error) => problemOf(error.name, error));
    if (errors.length === 0) return { status: OK, body: { verified: true, warnings: [], errors: [] } };
    const malformed = verdict.errors.some(({ name }) => name === 'MALFORMED_VALUE_ERROR');
    return malformed ? refusal(errors, { verified: false }) : { status: OK, body: { verified: false, warnings: [], errors } };
  }
}

function problemOf(name: CredentialErrorName | 'PARSING_ERROR', { path, detail }: DataModelProblem): Problem {
  return { type: `https://www.w3.org/TR/vc-data-model#${name}`, title: TITLES[name], detail: path === '' ? detail : `${path}: ${detail}` };
}

function refusal(errors: readonly Problem[], more: Readonly<Record<string, unknown>> = {}): Answer {
  const [first] = errors;
  return { status: BAD_REQUEST, body: { ...first, status: BAD_REQUEST, ...more, warnings: [], errors: errors.slice(0, MAX_PROBLEMS) } };
}
