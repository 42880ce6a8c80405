import 'reflect-metadata';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { AuditEntry } from '@carecord/audit';
import type { Clock } from '@carecord/core';
import { later, newId, silentLogger, systemClock } from '@carecord/core';
import type { StaffAccount } from '@carecord/storage';
import { MemorySessionStore, MemorySignInChallengeStore, MemoryStaffStore, MemoryTransactions, MemoryUsedAssertionStore } from '@carecord/testkit';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { startOpenIdProvider } from './openid-provider.ts';
import type { ForgedToken, ScriptedBrowser, TestOpenIdProvider } from './openid-provider.ts';
import { Authenticator } from '../../apps/node/src/authorisation/authenticator.ts';
import { PermissionGuard } from '../../apps/node/src/authorisation/permission-guard.ts';
import type { StaffRole } from '../../apps/node/src/authorisation/roles.ts';
import { FailureFilter } from '../../apps/node/src/failures/failure-filter.ts';
import { createApplication } from '../../apps/node/src/http/application.ts';
import { Sessions } from '../../apps/node/src/sessions/sessions.ts';
import { SignInChallenges } from '../../apps/node/src/sessions/sign-in-challenges.ts';
import type { ProviderFetch } from '../../apps/node/src/openid/bounded-fetch.ts';
import { openIdParts } from '../../apps/node/src/openid/openid-parts.ts';
import type { OpenIdSettings } from '../../apps/node/src/openid/openid-settings.ts';
import type { ProviderAccounts } from '../../apps/node/src/openid/provider-accounts.ts';

const CLIENT_ID = 'carecord';
const SEALING_KEY = new Uint8Array(32).fill(7);

/** The machine's clock, which tests can put forward. */
class ShiftedClock implements Clock {
  private shift = 0;

  sleepUntil(instant: Date, signal?: AbortSignal): Promise<void> {
    return systemClock.sleepUntil(instant, signal);
  }

  now(): Date {
    return later(systemClock.now(), this.shift);
  }

  advance(milliseconds: number): void {
    this.shift += milliseconds;
  }
}

/** A node's sign-in over real sockets, beside a real provider. */
export interface OpenIdTestNode {
  readonly url: string;
  readonly provider: TestOpenIdProvider;
  readonly clock: ShiftedClock;
  readonly entries: AuditEntry[];
  readonly sessions: Sessions;
  readonly accounts: ProviderAccounts;
  /** The keys of the tokens of people, the active one first. */
  readonly tokenKeys: Uint8Array[];
  /** Adds an account that the provider does not know; returns its id. */
  addAccount(username: string): Promise<string>;
  /** What happens to the next ID token between provider and node. */
  forgery: ForgedToken | undefined;
  /** Where the provider is said to be: another one is not reached. */
  reachable: boolean;
  account(sub: string, change?: { readonly disabled?: boolean }): Promise<StaffAccount | undefined>;
  /** Signs a person in as far as the address that the provider sends the browser back to. */
  signInAtProvider(browser: ScriptedBrowser, start?: string): Promise<string>;
  /** The whole way. */
  signIn(browser: ScriptedBrowser): Promise<{ readonly token: string; readonly staff: { readonly id: string; readonly username: string; readonly role: string } }>;
  close(): Promise<void>;
}

/**
 * Starts both.
 * @param wayOut how the node reaches the provider
 */
export async function startOpenIdTestNode(change: Partial<OpenIdSettings> = {}, wayOut: ProviderFetch = (address, request) => fetch(address, request as RequestInit)): Promise<OpenIdTestNode> {
  let handler: RequestListener = (_request, response) => response.end();
  const server = createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = await generateKeyPair('ES256', { extractable: true });
  const provider = await startOpenIdProvider({ clientId: CLIENT_ID, publicUrl: url, publicKey: await exportJWK(keys.publicKey) });

  const clock = new ShiftedClock();
  const entries: AuditEntry[] = [];
  const audit = { append: (_transaction: unknown, entry: AuditEntry) => Promise.resolve(entries.push(entry)) };
  const transactions = new MemoryTransactions();
  const tokenKeys = [SEALING_KEY];
  const staff = new MemoryStaffStore(transactions);
  const sessionStore = new MemorySessionStore(transactions, staff);
  const sessions = new Sessions({ staff, sessions: sessionStore, transactions, audit, clock });
  const settings: OpenIdSettings = {
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    proof: { kind: 'private-key', pem: await exportPKCS8(keys.privateKey), keyId: undefined },
    publicUrl: url,
    returnPath: undefined,
    scope: 'openid profile',
    roleClaim: 'roles',
    roles: new Map<string, StaffRole>([['care:doctors', 'clinician'], ['care:desk', 'front-desk']]),
    requiredAcr: [],
    requiredAmr: [],
    maxAgeSeconds: 3600,
    createAccounts: true,
    ...change,
  };
  const fetchTampered: ProviderFetch = async (address, request) => {
    if (!node.reachable) throw new TypeError('fetch failed');
    const response = await wayOut(address, request);
    if (node.forgery === undefined || !new URL(address).pathname.endsWith('/token')) return response;
    const body = (await response.json()) as { id_token: string };
    return Response.json({ ...body, id_token: await provider.forge(body.id_token, node.forgery) }, { status: response.status });
  };
  const { controllers, providers, accounts } = openIdParts({
    settings,
    fetch: fetchTampered,
    staff,
    sessionStore,
    sessions,
    challenges: new SignInChallenges({ challenges: new MemorySignInChallengeStore(transactions), sealingKey: SEALING_KEY, clock }),
    assertions: new MemoryUsedAssertionStore(),
    tokenKeys: () => tokenKeys,
    transactions,
    audit,
    clock,
    logger: silentLogger,
  });
  const application = await createApplication(
    {
      module: class OpenIdTestModule {},
      controllers,
      providers: [...providers, { provide: Authenticator, useValue: sessions }, { provide: APP_GUARD, useClass: PermissionGuard }, { provide: APP_FILTER, useValue: new FailureFilter(silentLogger) }],
    },
    { logger: silentLogger, maxBodyBytes: 64 * 1024 },
  );
  await application.init();
  handler = application.getHttpAdapter().getInstance() as RequestListener;

  const node: OpenIdTestNode = {
    url,
    provider,
    clock,
    entries,
    sessions,
    accounts,
    tokenKeys,
    addAccount: async (username) => {
      const id = newId();
      await transactions.run((transaction) => staff.insert(transaction, { id, username, passwordExpired: false, role: 'front-desk', disabled: false }));
      return id;
    },
    forgery: undefined,
    reachable: true,
    account: async (sub, changed) => {
      const found = (await staff.list({ limit: 100 })).find(({ username }) => username === sub);
      if (found !== undefined && changed !== undefined) await transactions.run((transaction) => staff.change(transaction, found.id, changed));
      return found;
    },
    signInAtProvider: (browser, start = `${url}/openid/start`) => browser.followUntil(start, `${url}/openid/callback`),
    signIn: async (browser) => {
      const callback = await browser.visit(await node.signInAtProvider(browser));
      const { code } = (await callback.json()) as { code: string };
      const answer = await browser.visit(`${url}/openid/session`, { method: 'POST', json: { code } });
      return (await answer.json()) as Awaited<ReturnType<OpenIdTestNode['signIn']>>;
    },
    close: async () => {
      await application.close();
      await provider.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return node;
}
