import 'reflect-metadata';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { AccessHolder, AccessRequester } from '@carecord/exchange';
import { FhirError } from '@carecord/fhir';
import { Locator } from '@carecord/locator';
import { Records, RecordsError } from '@carecord/records';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Query, Resolver } from '@nestjs/graphql';
import { pino } from 'pino';
import { AccessInbox } from '../access/access-inbox.ts';
import { AccessQuestions } from '../access/access-questions.ts';
import { BundleAdmission } from '../admission/bundle-admission.ts';
import type { StaffRole } from '../authorisation/roles.ts';
import { hospitalModule } from '../composition/hospital-module.ts';
import { LocalHospital } from '../composition/local-hospital.ts';
import { NETWORK, TRANSACTIONS } from '../composition/tokens.ts';
import { PatientConsents } from '../consents/patient-consents.ts';
import { IntegrationClients } from '../clients/integration-clients.ts';
import { PublishedDid } from '../did/published-did.ts';
import { NodeError } from '../failures/node-error.ts';
import { Readiness } from '../health/readiness.ts';
import { KeyOperations } from '../keys/key-operations.ts';
import { nodeLogger } from '../logging/node-logger.ts';
import { pinoOptions } from '../logging/pino-options.ts';
import { PatientReader } from '../patients/patient-reader.ts';
import { Sessions } from '../sessions/sessions.ts';
import { Passkeys } from '../staff/passkeys.ts';
import { SecondFactors } from '../staff/second-factors.ts';
import { SignIn } from '../staff/sign-in.ts';
import { StaffAdministration } from '../staff/staff-administration.ts';
import { StepUp } from '../staff/step-up.ts';
import { networkStatistics, peerReport } from '../status/network-reports.fixture.ts';
import { NetworkStatus } from '../status/network-status.ts';
import { NodeStatus } from '../status/node-status.ts';
import { createApplication } from './application.ts';
import { listen } from './listen.ts';

const CANARY = 'Canary-Smith-123';
const MAX_BODY = 64 * 1024;
const PATIENT = '019342f0-0000-7000-8000-000000000001';

/** A resolver that somebody forgot to protect. */
@Resolver()
class ForgottenResolver {
  @Query(() => String, { nullable: true })
  forgotten(): string {
    return CANARY;
  }
}

const lines: string[] = [];
const log = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    lines.push(chunk.toString());
    done();
  },
});
const writer = pino(pinoOptions({ role: 'hospital', domain: 'a', logLevel: 'debug' }), log);
let parts: { name: 'database'; check: () => Promise<Record<string, string>> }[] = [];
let network: { peers: () => ReturnType<typeof peerReport>[]; statistics: () => Promise<ReturnType<typeof networkStatistics>> } | undefined;
let application: NestExpressApplication;
let base: string;

const staff = (role: StaffRole): { staffId: string; username: string; role: StaffRole } => ({ staffId: `id-${role}`, username: role, role });

const sessions = {
  countFrom: () => undefined,
  authenticate: (token: string) =>
    ['clinician', 'front-desk', 'privacy-officer', 'administrator'].includes(token)
      ? Promise.resolve(staff(token as StaffRole))
      : Promise.reject(new NodeError('UNAUTHENTICATED', 'Sign in first.')),
  isSteppedUp: () => false,
  noteRefusal: () => Promise.resolve(),
};
const signIns = {
  withPassword: (_username: string, password: string) =>
    password === 'right'
      ? Promise.resolve({ kind: 'signed-in', session: { token: 'clinician', expiresAt: new Date(0), staff: staff('clinician') } })
      : Promise.reject(new NodeError('SIGN_IN_REFUSED', 'Not right.')),
};
const reader = {
  find: () => Promise.reject(new Error(`database error near '${CANARY}'`)),
  patient: () => Promise.reject(new RecordsError('UNKNOWN_PATIENT', 'This hospital has no such patient.')),
};
const admission = {
  admit: () => Promise.reject(new FhirError('INVALID_BUNDLE', 'The bundle was refused.', [{ severity: 'error', code: 'required', expression: 'Bundle.entry[0]', diagnostics: 'is missing' }])),
};

beforeAll(async () => {
  const logger = nodeLogger(writer);
  const readiness = new Readiness([{ name: 'database', check: () => (parts[0] ?? { check: () => Promise.resolve({}) }).check() }], logger);
  const module = hospitalModule({ authenticator: sessions, readiness, logger, pino: writer }, [
    { provide: Sessions, useValue: sessions },
    { provide: SignIn, useValue: signIns },
    { provide: PatientReader, useValue: reader },
    { provide: BundleAdmission, useValue: admission },
    { provide: LocalHospital, useValue: new LocalHospital('did:example:a', 'Hospital A', 'unlisted') },
    ...[KeyOperations, PublishedDid, StepUp, SecondFactors, Passkeys, StaffAdministration, Records, PatientConsents, Locator, AccessHolder, AccessRequester, AccessInbox, AccessQuestions, NodeStatus, AuditLog, TRANSACTIONS].map((provide) => ({ provide, useValue: {} })),
    { provide: NetworkStatus, useValue: new NetworkStatus(() => network) },
    { provide: NETWORK, useValue: { members: () => [] } },
    ForgottenResolver,
  ], { controllers: [], providers: [{ provide: IntegrationClients, useValue: {} }] });
  application = await createApplication(module, { logger, maxBodyBytes: MAX_BODY });
  base = await listen(application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger });
});
afterAll(() => application.close());
beforeEach(() => {
  lines.length = 0;
  network = { peers: () => [peerReport({ name: 'Hospital C', connected: false, group: undefined }), peerReport()], statistics: () => Promise.resolve(networkStatistics()) };
  parts = [];
});

interface Answer {
  readonly status: number;
  readonly body: { readonly data?: Record<string, { readonly __typename: string; readonly code?: string } | null>; readonly errors?: { message: string; extensions: { code: string } }[]; readonly code?: string };
  readonly text: string;
}

async function graphql(query: string, options: { variables?: object; token?: string } = {}): Promise<Answer> {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }) },
    body: JSON.stringify({ query, variables: options.variables }),
  });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text) as Answer['body'], text };
}

const HOLDER = 'did:webvh:QmWnaW4DiqhvG211ESwtQGyTfsnn6aRHL9r7cNH7y7kPEC:b.hospital.example';
const FAILURE = '__typename ... on Failure { code message issues { severity code expression diagnostics } }';

describe('GraphQL over HTTP', () => {
  it('answers success and expected failure as results', async () => {
    const document = `mutation ($u: String!, $p: String!) { signIn(username: $u, password: $p) { ${FAILURE} ... on SignedInSession { token staff { role permissions hospital { name } } } } }`;
    const right = await graphql(document, { variables: { u: 'x', p: 'right' } });
    expect(right.body.data?.['signIn']).toMatchObject({ __typename: 'SignedInSession', token: 'clinician', staff: { role: 'CLINICIAN', hospital: { name: 'Hospital A' } } });
    const wrong = await graphql(document, { variables: { u: 'x', p: 'wrong' } });
    expect(wrong.body.data?.['signIn']).toMatchObject({ __typename: 'Failure', code: 'SIGN_IN_REFUSED', issues: [] });
    expect(wrong.body.errors).toBeUndefined();
    expect(wrong.status).toBe(200);
  });

  it('carries the issues of a bundle', async () => {
    const answer = await graphql(`mutation ($b: FhirJson!) { admitBundle(bundle: $b) { ${FAILURE} } }`, { variables: { b: { resourceType: 'Bundle' } }, token: 'clinician' });
    expect(answer.body.data?.['admitBundle']).toMatchObject({ code: 'INVALID_BUNDLE', issues: [{ severity: 'error', code: 'required', expression: 'Bundle.entry[0]', diagnostics: 'is missing' }] });
  });

  it('refuses without a session, with a foreign one, and for another role', async () => {
    const document = `query ($id: ID!) { patient(patientId: $id) { ${FAILURE} } }`;
    const variables = { id: PATIENT };
    expect((await graphql(document, { variables })).body.data?.['patient']).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await graphql(document, { variables, token: 'foreign' })).body.data?.['patient']).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await graphql(document, { variables, token: 'administrator' })).body.data?.['patient']).toMatchObject({ code: 'FORBIDDEN' });
    expect((await graphql(document, { variables, token: 'clinician' })).body.data?.['patient']).toMatchObject({ code: 'UNKNOWN_PATIENT' });
  });

  it('refuses a resolver without an access rule, whoever asks', async () => {
    const { text } = await graphql('{ forgotten }', { token: 'clinician' });
    expect(text).not.toContain(CANARY);
  });

  it('says and logs nothing about what an unexpected error was working on', async () => {
    const { body, text } = await graphql(`query ($i: IdentifierInput!) { findPatients(identifier: $i) { ${FAILURE} } }`, {
      variables: { i: { system: 'urn:mrn', value: CANARY } },
      token: 'clinician',
    });
    expect(body.data?.['findPatients']).toMatchObject({ code: 'INTERNAL' });
    expect(text).not.toContain(CANARY);
    expect(lines.join('')).toContain('unexpected-error');
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('names the wrong place of an argument, never its value', async () => {
    const { body, text } = await graphql(`query ($id: ID!) { patient(patientId: $id) { ${FAILURE} } }`, { variables: { id: CANARY }, token: 'clinician' });
    expect(body.data?.['patient']).toMatchObject({ code: 'INPUT_INVALID', issues: [{ diagnostics: 'is not an id of this node' }] });
    expect(text).not.toContain(CANARY);
    const typed = await graphql('query ($p: PageInput) { auditTrail(page: $p) { __typename } }', { variables: { p: { first: CANARY } }, token: 'privacy-officer' });
    expect(typed.status).toBe(400);
    expect(typed.body.errors?.[0]).toMatchObject({ message: 'The variable $p does not have the declared type.', extensions: { code: 'BAD_USER_INPUT' } });
    expect(typed.text).not.toContain(CANARY);
  });

  it.each(['a\0b', 'a\ud800b'])('takes no free text that is none', async (text) => {
    const request = { locationId: '01a1fd42-c3f1-7316-a6aa-7b10f4415085', holderDid: HOLDER, purpose: 'TREAT', reason: text };
    const asked = await graphql(`mutation ($r: AccessRequestInput!) { requestAccess(request: $r) { ${FAILURE} } }`, { variables: { r: request }, token: 'clinician' });
    expect(asked.body.data?.['requestAccess']).toMatchObject({ code: 'INPUT_INVALID', issues: [{ expression: 'reason' }] });
    const consent = { patientId: request.locationId, recipientDid: HOLDER, recipientName: text, purposes: ['TREAT'] };
    const given = await graphql(`mutation ($c: ConsentInput!) { giveConsent(consent: $c) { ${FAILURE} } }`, { variables: { c: consent }, token: 'clinician' });
    expect(given.body.data?.['giveConsent']).toMatchObject({ code: 'INPUT_INVALID', issues: [{ expression: 'recipientName' }] });
  });

  it('logs a request without query string, headers, document and variables', async () => {
    await fetch(`${base}/graphql?name=${CANARY}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${CANARY}`, 'x-name': CANARY },
      body: JSON.stringify({ query: `query ${CANARY.replaceAll('-', '_')} { me { __typename } }`, variables: { a: CANARY } }),
    });
    await fetch(`${base}/network?${CANARY}`);
    await fetch(`${base}/${CANARY}?${CANARY}`);
    expect(lines.join('')).toContain('"path":"/graphql"');
    expect(lines.join('')).toContain('"path":"/network"');
    expect(lines.join('')).toContain('"path":"(other)"');
    expect(lines.join('')).not.toMatch(/Canary/);
  });

  it('accepts POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`${base}/graphql?query=%7B__typename%7D`, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }
  });

  it('refuses what a browser could send across sites, and batches', async () => {
    const simple = await fetch(`${base}/graphql`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query: '{ __typename }' }) });
    expect(simple.status).toBe(400);
    const batch = await fetch(`${base}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([{ query: '{ __typename }' }]) });
    expect(batch.status).toBe(400);
  });

  it('answers 413 with a code to a body over the limit, and 400 to what is no JSON', async () => {
    const large = await fetch(`${base}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: CANARY.repeat(MAX_BODY / 10) }) });
    expect({ status: large.status, body: (await large.json()) }).toMatchObject({ status: 413, body: { code: 'INPUT_TOO_LARGE' } });
    const broken = await fetch(`${base}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"query": ${CANARY}` });
    const text = await broken.text();
    expect({ status: broken.status, body: JSON.parse(text) as object }).toMatchObject({ status: 400, body: { code: 'INPUT_INVALID' } });
    expect(text + lines.join('')).not.toContain(CANARY);
  });

  it('shows the network to administrators alone', async () => {
    const peers = `query ($page: PageInput) { peers(page: $page) { ${FAILURE} ... on NetworkPeers { nextCursor peers { did name group connected relayed statusAgeMilliseconds } } } }`;
    const status = `{ networkStatus { ${FAILURE} ... on NetworkState { health connectedMembers messages { direction bytes } replication { factor repairedAt } publications { waiting } } } }`;
    for (const token of ['clinician', 'front-desk', 'privacy-officer']) {
      expect((await graphql(peers, { token })).body.data?.['peers']).toMatchObject({ code: 'FORBIDDEN' });
      expect((await graphql(status, { token })).body.data?.['networkStatus']).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect((await graphql(peers)).body.data?.['peers']).toMatchObject({ code: 'UNAUTHENTICATED' });
    const token = 'administrator';
    expect((await graphql(peers, { token, variables: { page: { first: 1 } } })).body.data?.['peers']).toMatchObject({ nextCursor: '1', peers: [{ name: 'Hospital B', group: 'X25519MLKEM768', connected: true, statusAgeMilliseconds: 90_000 }] });
    expect((await graphql(peers, { token, variables: { page: { first: 1, after: '1' } } })).body.data?.['peers']).toMatchObject({ nextCursor: null, peers: [{ name: 'Hospital C', group: null, connected: false }] });
    expect((await graphql(peers, { token, variables: { page: { first: 501 } } })).body.data?.['peers']).toMatchObject({ code: 'INPUT_INVALID' });
    expect((await graphql(status, { token })).body.data?.['networkStatus']).toMatchObject({
      health: 'DEGRADED',
      connectedMembers: 3,
      messages: [{ direction: 'SENT', bytes: 5_000_000_000 }, { direction: 'RECEIVED', bytes: 700 }],
      replication: { factor: 11, repairedAt: '2026-11-30T09:00:00.000Z' },
      publications: null,
    });
  });

  it('says while the node is not in the network yet', async () => {
    network = undefined;
    expect((await graphql(`{ peers { ${FAILURE} } }`, { token: 'administrator' })).body.data?.['peers']).toMatchObject({ code: 'NODE_STARTING' });
  });

  it('answers introspection, and refuses what is too deep or too much', async () => {
    expect((await graphql('{ __schema { queryType { name } } }')).body.data).toBeDefined();
    const many = await graphql(`{ ${Array.from({ length: 11 }, (_, index) => `m${index}: me { __typename }`).join(' ')} }`);
    expect(many.body.errors?.[0]).toMatchObject({ message: 'The operation has more than 10 root fields.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
    expect((await graphql(`{ me { ... on Failure { message ${'message '.repeat(3_000)} } } }`)).body.errors?.[0]?.extensions.code).toBe('GRAPHQL_PARSE_FAILED');
  });

  it('sends no landing page, no stack, and headers that keep answers private', async () => {
    const page = await fetch(`${base}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('application/json');
    const answer = await fetch(`${base}/nowhere`);
    expect(await answer.json()).toEqual({ code: 'NOT_FOUND', message: 'There is nothing at this address.' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });
});

describe('health', () => {
  it('is live, and ready only while every part is', async () => {
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    expect(await (await fetch(`${base}/health/ready`)).json()).toEqual({ status: 'ready', parts: [{ name: 'database', status: 'up' }] });
    parts = [{ name: 'database', check: () => Promise.reject(new Error(`password ${CANARY}`)) }];
    const response = await fetch(`${base}/health/ready`);
    const text = await response.text();
    expect({ status: response.status, body: JSON.parse(text) as unknown }).toEqual({ status: 503, body: { status: 'not-ready', parts: [{ name: 'database', status: 'down' }] } });
    expect(text + lines.join('')).not.toContain(CANARY);
  });
});

describe('listen', () => {
  it('fails on a busy port, or takes another where that is allowed', async () => {
    const port = Number(new URL(base).port);
    const create = (): Promise<NestExpressApplication> =>
      createApplication({ module: class Empty {} }, { logger: silentLogger, maxBodyBytes: 1024 });
    const strict = await create();
    await expect(listen(strict, { host: '127.0.0.1', port, anotherIfBusy: false, logger: silentLogger })).rejects.toMatchObject({ code: 'PORT_BUSY' });
    const flexible = await create();
    const address = await listen(flexible, { host: '127.0.0.1', port, anotherIfBusy: true, logger: silentLogger });
    expect(new URL(address).port).not.toBe(String(port));
    await Promise.all([strict.close(), flexible.close()]);
  });
});
