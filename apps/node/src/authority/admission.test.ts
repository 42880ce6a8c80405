import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEntry } from '@carecord/audit';
import { RateLimiter, silentLogger } from '@carecord/core';
import { issueNetworkDescription } from '@carecord/identity';
import { ManualClock, MemorySettingStore, MemoryTicketStore, MemoryTransactions } from '@carecord/testkit';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { authorityModule } from '../composition/authority-module.ts';
import { ADMISSION_LIMITER } from '../composition/tokens.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import { listen } from '../http/listen.ts';
import { joinNetwork } from '../identity/membership.ts';
import type { MembershipOptions, NetworkMembership } from '../identity/membership.ts';
import { loadOrCreateIdentity } from '../identity/node-identity.ts';
import type { NodeIdentity } from '../identity/node-identity.ts';
import { MembershipOffice } from './membership-office.ts';
import { PublishedNetwork } from './published-network.ts';

const NETWORK = 'carecord-test';
const BURST = 40;
const root = mkdtempSync(join(tmpdir(), 'carecord-admission-'));
const clock = new ManualClock();
const entries: AuditEntry[] = [];
let bootstrap = ['/ip4/127.0.0.1/tcp/4001/p2p/one'];
let application: NestExpressApplication;
let url: string;
let authority: NodeIdentity;

function identity(domain: string, settings = new MemorySettingStore()): Promise<NodeIdentity> {
  return loadOrCreateIdentity({ dataDirectory: mkdtempSync(join(root, 'keys-')), passphrase: 'correct horse battery staple', domain, settings, clock });
}

beforeAll(async () => {
  authority = await identity('authority.example');
  const transactions = new MemoryTransactions();
  const office = new MembershipOffice({
    identity: authority,
    networkId: NETWORK,
    tickets: new MemoryTicketStore(transactions),
    transactions,
    audit: { append: (_transaction, entry) => Promise.resolve(entries.push(entry) as never) },
    clock,
  });
  await office.openTickets([{ ticket: 'ticket-for-a-0123456789', name: 'Hospital A' }, { ticket: 'ticket-for-b-0123456789' }]);
  const description = await issueNetworkDescription({
    issuer: authority.resolved,
    signer: authority.signer,
    description: { networkId: NETWORK, authority: authority.resolved.did, guardian: authority.resolved.did, guardianPublicKey: new Uint8Array(32).fill(7), epoch: 1 },
  });
  const published = new PublishedNetwork(authority.resolved.log, description, () => bootstrap);
  const nobody = { authenticate: () => Promise.reject(new Error('nobody')) };
  const module = authorityModule({ authenticator: nobody, readiness: new Readiness([], silentLogger), logger: silentLogger, pino: pino({ level: 'silent' }) }, [
    { provide: MembershipOffice, useValue: office },
    { provide: PublishedNetwork, useValue: published },
    { provide: ADMISSION_LIMITER, useValue: new RateLimiter({ burst: BURST, perSecond: 0 }, clock) },
  ]);
  application = await createApplication(module, { logger: silentLogger, maxBodyBytes: MAX_AUTHORITY_BODY_BYTES });
  url = await listen(application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger: silentLogger });
});
afterAll(async () => {
  await application.close();
  rmSync(root, { recursive: true, force: true });
});

async function joinAs(change: Partial<MembershipOptions> & { ticket?: string }): Promise<NetworkMembership> {
  const { ticket, ...rest } = change;
  return await joinNetwork({
    identity: rest.identity ?? (await identity('a.hospital.example')),
    name: 'Hospital A',
    networkId: NETWORK,
    authority: { url, did: authority.resolved.did, ticket },
    settings: new MemorySettingStore(),
    clock,
    logger: silentLogger,
    ...rest,
  });
}

describe('admission to the network', () => {
  const settings = new MemorySettingStore();
  let hospital: NodeIdentity;

  it('admits a hospital with its ticket', async () => {
    hospital = await identity('a.hospital.example');
    const joined = await joinAs({ identity: hospital, settings, ticket: 'ticket-for-a-0123456789' });
    expect(joined).toMatchObject({ isNew: true, bootstrap, membership: { did: hospital.resolved.did, name: 'Hospital A', roles: ['hospital'] }, description: { networkId: NETWORK, epoch: 1 } });
    expect(entries.at(-1)).toMatchObject({ type: 'member-admitted', outcome: 'success', counterparty: hospital.resolved.did });
  });

  it('finds the membership again without a ticket, with the addresses of now', async () => {
    bootstrap = ['/ip4/127.0.0.1/tcp/4002/p2p/one'];
    const joined = await joinAs({ identity: hospital, settings });
    expect(joined).toMatchObject({ isNew: false, bootstrap });
    const offline = await joinAs({ identity: hospital, settings, authority: { url: 'http://127.0.0.1:1', did: authority.resolved.did, ticket: undefined } });
    expect(offline.bootstrap).toEqual(bootstrap);
  });

  it('does not apply again over a stored membership that is damaged', async () => {
    const damaged = new MemorySettingStore();
    await damaged.write('identity.membership', '{"authorityLog":');
    await expect(joinAs({ identity: hospital, settings: damaged, ticket: 'ticket-for-a-0123456789' })).rejects.toMatchObject({ code: 'DATABASE_MISMATCH' });
  });

  it('admits the same hospital again whose answer was lost, and no other with its ticket', async () => {
    await expect(joinAs({ identity: hospital, ticket: 'ticket-for-a-0123456789' })).resolves.toMatchObject({ isNew: true });
    await expect(joinAs({ ticket: 'ticket-for-a-0123456789' })).rejects.toMatchObject({ code: 'ADMISSION_REFUSED', message: expect.stringContaining('TICKET_INVALID') });
    expect(entries.at(-1)).toMatchObject({ type: 'member-refused', reasonCode: 'TICKET_INVALID' });
  });

  it('refuses no ticket, an unknown one, and one for another name', async () => {
    await expect(joinAs({})).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
    await expect(joinAs({ ticket: 'ticket-for-nobody-0123' })).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
    await expect(joinAs({ identity: hospital, name: 'Hospital Z', ticket: 'ticket-for-a-0123456789' })).rejects.toMatchObject({ code: 'ADMISSION_REFUSED' });
  });

  it('refuses an authority with another DID than the one that is trusted, and another network', async () => {
    const other = await identity('authority.example');
    await expect(joinAs({ ticket: 'ticket-for-b-0123456789', authority: { url, did: other.resolved.did, ticket: 'ticket-for-b-0123456789' } })).rejects.toMatchObject({ code: 'AUTHORITY_ANSWER_INVALID' });
    await expect(joinAs({ networkId: 'carecord-other', ticket: 'ticket-for-b-0123456789' })).rejects.toMatchObject({ code: 'AUTHORITY_ANSWER_INVALID' });
  });

  it('refuses an application that is stale, tampered with, or none', async () => {
    const post = async (body: string): Promise<{ status: number; code: string }> => {
      const response = await fetch(`${url}/memberships`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return { status: response.status, code: ((await response.json()) as { code: string }).code };
    };
    expect(await post('{}')).toEqual({ status: 400, code: 'APPLICATION_INVALID' });
    expect(await post('[1]')).toEqual({ status: 400, code: 'APPLICATION_INVALID' });
    expect(await post('no json')).toEqual({ status: 400, code: 'INPUT_INVALID' });
    expect(await post(JSON.stringify({ payload: 'x'.repeat(MAX_AUTHORITY_BODY_BYTES) }))).toEqual({ status: 413, code: 'INPUT_TOO_LARGE' });
  });

  it('does not follow an authority that answers without end, redirects or talks nonsense', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/redirect/did.jsonl') response.writeHead(302, { location: `${url}/did.jsonl` }).end();
      else if (request.url === '/nonsense/did.jsonl') response.end('{}');
      else response.end('x'.repeat(1024 * 1024));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const impatient = { now: () => clock.now(), sleepUntil: () => Promise.resolve() };
    const codeAt = async (path: string): Promise<string> =>
      await joinAs({ clock: impatient, authority: { url: `${fake}/${path}`, did: authority.resolved.did, ticket: 'ticket-for-b-0123456789' } }).then(() => 'joined', (error: unknown) => (error as { code: string }).code);
    expect(await codeAt('endless')).toBe('AUTHORITY_ANSWER_INVALID');
    expect(await codeAt('nonsense')).toBe('AUTHORITY_ANSWER_INVALID');
    expect(await codeAt('redirect')).toBe('AUTHORITY_UNREACHABLE');
    server.close();
  });

  it('limits how often an address may apply', async () => {
    const answers = await Promise.all(Array.from({ length: BURST + 1 }, () => fetch(`${url}/memberships`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })));
    expect(answers.some(({ status }) => status === 429)).toBe(true);
  });
});
