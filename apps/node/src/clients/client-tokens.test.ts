import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AuditEntry } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { ManualClock, MemoryIntegrationClientStore, MemorySessionStore, MemoryStaffStore, MemoryTransactions, MemoryUsedAssertionStore } from '@carecord/testkit';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { Authenticator } from '../authorisation/authenticator.ts';
import { PermissionGuard } from '../authorisation/permission-guard.ts';
import { FailureFilter } from '../failures/failure-filter.ts';
import { createApplication } from '../http/application.ts';
import { Sessions } from '../sessions/sessions.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { clientKeySetSchema } from './client-key-set.ts';
import type { ClientKeySet } from './client-key-set.ts';
import { clientParts } from './client-parts.ts';
import { ADDRESS_RATE, CLIENT_RATE, CLIENT_SCOPE, NOTED_REFUSALS } from './client-tokens.ts';
import type { IntegrationClients, IntegrationClientView } from './integration-clients.ts';

const PUBLIC_URL = 'https://carecord.hospital.example';
const TOKEN_ADDRESS = `${PUBLIC_URL}/oauth/token`;
const ADMINISTRATOR: StaffPrincipal = { staffId: '019342f0-0000-7000-8000-00000000000a', username: 'ada', role: 'administrator' };

interface Keys {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function makeKeys(algorithm: 'ES384' | 'RS384', kid: string): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

describe('the token endpoint', () => {
  let ec: Keys;
  let rsa: Keys;
  let stranger: Keys;
  beforeAll(async () => {
    [ec, rsa, stranger] = await Promise.all([makeKeys('ES384', 'ec'), makeKeys('RS384', 'rsa'), makeKeys('ES384', 'ec')]);
  });

  let clock: ManualClock;
  let clients: IntegrationClients;
  let client: IntegrationClientView;
  let sessions: Sessions;
  let entries: AuditEntry[];
  let application: NestExpressApplication;
  let base: string;

  const keySet = (...keys: readonly Keys[]): ClientKeySet => clientKeySetSchema.parse({ keys: keys.map(({ jwk }) => jwk) });

  beforeEach(async () => {
    clock = new ManualClock();
    entries = [];
    const audit = { append: (_transaction: unknown, entry: AuditEntry) => Promise.resolve(entries.push(entry)) };
    const transactions = new MemoryTransactions();
    const staff = new MemoryStaffStore(transactions);
    const sessionStore = new MemorySessionStore(transactions, staff);
    sessions = new Sessions({ staff, sessions: sessionStore, transactions, audit, clock });
    const parts = clientParts({
      publicUrl: () => PUBLIC_URL,
      clients: new MemoryIntegrationClientStore(staff),
      assertions: new MemoryUsedAssertionStore(),
      staff,
      sessionStore,
      sessions,
      transactions,
      audit,
      clock,
    });
    clients = parts.clients;
    client = await clients.register('EHR of the hospital', keySet(ec, rsa), ADMINISTRATOR);
    entries.length = 0;
    application = await createApplication(
      {
        module: class TokenTestModule {},
        controllers: parts.controllers,
        providers: [
          ...parts.providers,
          { provide: Authenticator, useValue: sessions },
          { provide: APP_GUARD, useClass: PermissionGuard },
          { provide: APP_FILTER, useValue: new FailureFilter(silentLogger) },
        ],
      },
      { logger: silentLogger, maxBodyBytes: 1024 * 1024 },
    );
    await application.listen(0, '127.0.0.1');
    base = `http://127.0.0.1:${((application.getHttpServer()).address() as AddressInfo).port}`;
  });
  afterEach(() => application.close());

  let assertions = 0;
  const claims = (change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => {
    const now = Math.floor(clock.now().getTime() / 1000);
    assertions += 1;
    return { iss: client.clientId, sub: client.clientId, aud: TOKEN_ADDRESS, exp: now + 300, jti: `assertion-${assertions}`, ...change };
  };
  const sign = (change: Readonly<Record<string, unknown>> = {}, { privateKey, jwk }: Keys = ec, header: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    new SignJWT(claims(change)).setProtectedHeader({ alg: jwk.kty === 'RSA' ? 'RS384' : 'ES384', typ: 'JWT', kid: jwk.kid ?? '', ...header }).sign(privateKey);

  const post = (body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> => fetch(`${base}/oauth/token`, { method: 'POST', headers: { 'content-type': type }, body });
  const form = (assertion: string, change: Readonly<Record<string, string>> = {}): string =>
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...change,
    }).toString();
  const ask = async (assertion: string, change: Readonly<Record<string, string>> = {}): Promise<{ status: number; body: Record<string, unknown> }> => {
    const response = await post(form(assertion, change));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const outcome = async (assertion: string, change: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const { status, body } = await ask(assertion, change);
    return status === 200 ? 'token' : body['error'];
  };

  it.each(['ES384', 'RS384'])('gives a token of five minutes for an assertion signed with %s', async (algorithm) => {
    const response = await post(form(await sign({}, algorithm === 'ES384' ? ec : rsa), { scope: CLIENT_SCOPE }));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as { access_token: string };
    expect(body).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: CLIENT_SCOPE });
    expect(await sessions.authenticate(body.access_token)).toMatchObject({ staffId: client.staffId, role: 'integration-client' });
    expect(entries).toEqual([expect.objectContaining({ type: 'sign-in', actor: { kind: 'staff', id: client.staffId, role: 'integration-client' }, detail: { method: 'private-key-jwt' } })]);
    clock.advance(300_000);
    await expect(sessions.authenticate(body.access_token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('takes the issuer as the audience, too, and a stated client id that is the same', async () => {
    expect(await outcome(await sign({ aud: [PUBLIC_URL] }), { client_id: client.clientId })).toBe('token');
  });

  it('refuses an assertion that was used before, one of two at once', async () => {
    const assertion = await sign();
    expect((await Promise.all([outcome(assertion), outcome(assertion), outcome(assertion)])).sort()).toEqual(['invalid_client', 'invalid_client', 'token']);
    expect(await outcome(await sign())).toBe('token');
  });

  it('has each client its own jti', async () => {
    const second = await clients.register('Laboratory', keySet(stranger), ADMINISTRATOR);
    expect(await outcome(await sign({ jti: 'same' }))).toBe('token');
    expect(await outcome(await sign({ jti: 'same', iss: second.clientId, sub: second.clientId }, stranger))).toBe('token');
  });

  it.each<[string, (now: number) => Record<string, unknown>]>([
    ['another audience', () => ({ aud: 'https://other.example/oauth/token' })],
    ['several audiences', () => ({ aud: [TOKEN_ADDRESS, 'https://other.example/oauth/token'] })],
    ['no audience', () => ({ aud: undefined })],
    ['an end in the past', (now) => ({ exp: now - 31 })],
    ['too long a life', (now) => ({ exp: now + 331 })],
    ['no end', () => ({ exp: undefined })],
    ['a beginning in the future', (now) => ({ nbf: now + 60 })],
    ['a birth in the future', (now) => ({ iat: now + 60 })],
    ['another subject', () => ({ sub: 'somebody' })],
    ['no jti', () => ({ jti: undefined })],
    ['a jti that is no text', () => ({ jti: 7 })],
  ])('refuses %s', async (_name, change) => {
    const now = Math.floor(clock.now().getTime() / 1000);
    expect(await outcome(await sign(change(now)))).toBe('invalid_client');
    expect(await outcome(await sign({ exp: now + 329, iat: now + 20, nbf: now - 5 }))).toBe('token');
  });

  it('refuses every algorithm but the two', async () => {
    const secret = new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'ec' }).sign(Buffer.from(JSON.stringify(ec.jwk)));
    const rs256 = await generateKeyPair('RS256');
    const weaker = new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid: 'rsa' }).sign(rs256.privateKey);
    const unsecured = new UnsecuredJWT(claims()).encode();
    for (const assertion of [await secret, await weaker, `${unsecured}AAAA`, (await sign()).replace(/^[^.]+/, Buffer.from('{"alg":"none","kid":"ec"}').toString('base64url'))]) {
      expect(await outcome(assertion)).toBe('invalid_client');
    }
    expect(await outcome(unsecured)).toBe('invalid_request');
    // A key of one kind under the name of the other.
    expect(await outcome(await sign({}, ec, { kid: 'rsa' }))).toBe('invalid_client');
  });

  it('answers an unknown client, a wrong key, another client’s key and an unknown key name alike', async () => {
    const second = await clients.register('Laboratory', keySet(stranger), ADMINISTRATOR);
    const answers = [
      await ask(await sign({ iss: 'nobody', sub: 'nobody' })),
      await ask(await sign({}, stranger)),
      await ask(await sign({ iss: second.clientId, sub: second.clientId })),
      await ask(await sign({}, ec, { kid: 'unknown' })),
      await ask(await sign({}, ec, { kid: undefined })),
      await ask(await sign(), { client_id: second.clientId }),
    ];
    for (const answer of answers) expect(answer).toEqual({ status: 401, body: answers[0]?.body });
    expect(answers[0]?.body['error']).toBe('invalid_client');
    expect(entries.filter(({ type }) => type === 'sign-in-refused').length).toBeGreaterThanOrEqual(5);
    expect(await outcome(await sign({ iss: second.clientId, sub: second.clientId }, stranger))).toBe('token');
  });

  it.each(['\0', 'a\ud800', 'ä'])('asks the database for no client id that cannot be one', async (iss) => {
    const find = jest.spyOn(MemoryIntegrationClientStore.prototype, 'find');
    expect(await ask(await sign({ iss, sub: iss }))).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
  });

  it('ends a client’s tokens and gives it no more once it is disabled', async () => {
    const { body } = await ask(await sign());
    await clients.disable(client.clientId, ADMINISTRATOR);
    expect(entries.at(-1)).toMatchObject({ type: 'client-disabled', actor: { id: ADMINISTRATOR.staffId }, detail: { clientId: client.clientId } });
    await expect(sessions.authenticate(String(body['access_token']))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await outcome(await sign())).toBe('invalid_client');
    expect(await clients.list()).toEqual([expect.objectContaining({ clientId: client.clientId, disabled: true })]);
  });

  it('takes new keys alone once they were replaced, and ends what the old ones opened', async () => {
    const { body } = await ask(await sign());
    expect(await clients.replaceKeys(client.clientId, keySet(stranger), ADMINISTRATOR)).toMatchObject({ keyIds: ['ec'], disabled: false });
    await expect(sessions.authenticate(String(body['access_token']))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await outcome(await sign())).toBe('invalid_client');
    expect(await outcome(await sign({}, stranger))).toBe('token');
    await expect(clients.replaceKeys('nobody', keySet(ec), ADMINISTRATOR)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('names what is wrong with a request as RFC 6749 does', async () => {
    expect(await outcome(await sign(), { grant_type: 'password' })).toBe('unsupported_grant_type');
    expect(await outcome(await sign(), { scope: 'system/*.cruds' })).toBe('invalid_scope');
    expect(await outcome(await sign(), { client_assertion_type: 'other' })).toBe('invalid_request');
    expect(await outcome('x'.repeat(9_000))).toBe('invalid_request');
    const good = form(await sign());
    for (const [body, type] of [[`${good}&grant_type=client_credentials`], [''], ['x'.repeat(20_000)], [good, 'application/json'], [good, 'text/plain']] as const) {
      const response = await post(body, type);
      expect(response.status).toBe(400);
      expect(await response.text()).toMatch(/"(invalid_request|INPUT_INVALID)"/);
    }
    expect((await post(good)).status).toBe(200);
  });

  it('bounds what one client gets', async () => {
    for (let count = 0; count < CLIENT_RATE.burst; count++) expect(await outcome(await sign())).toBe('token');
    const { status, body } = await ask(await sign());
    expect([status, body['error']]).toEqual([429, 'temporarily_unavailable']);
    const second = await clients.register('Laboratory', keySet(stranger), ADMINISTRATOR);
    expect(await outcome(await sign({ iss: second.clientId, sub: second.clientId }, stranger))).toBe('token');
    clock.advance(1_000);
    expect(await outcome(await sign())).toBe('token');
  });

  it('bounds what one address asks, and a stranger cannot use up a client’s share', async () => {
    for (let count = 0; count < ADDRESS_RATE.burst; count++) await (await post(form('a.b.c'))).text();
    expect((await post(form(await sign()))).status).toBe(429);
    clock.advance(1_000);
    expect(await outcome(await sign())).toBe('token');
  });

  it('writes no more refusals into the audit log than a person could read', async () => {
    const assertion = await sign({ iss: 'nobody', sub: 'nobody' });
    for (let count = 0; count < NOTED_REFUSALS.burst + 10; count++) await ask(assertion);
    expect(entries).toHaveLength(NOTED_REFUSALS.burst);
    await ask(await sign({ aud: 'https://other.example' }));
    expect(entries).toHaveLength(NOTED_REFUSALS.burst + 1);
    expect(entries.at(-1)).toMatchObject({ type: 'sign-in-refused', actor: { id: client.staffId } });
  });

  it('publishes what a program has to know', async () => {
    const read = async (path: string): Promise<unknown> => await (await fetch(base + path)).json();
    const tokens = {
      token_endpoint: TOKEN_ADDRESS,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
    };
    expect(await read('/.well-known/oauth-authorization-server')).toMatchObject({ issuer: PUBLIC_URL, ...tokens });
    expect(await read('/.well-known/smart-configuration')).toMatchObject({ capabilities: ['client-confidential-asymmetric'], ...tokens });
  });
});
