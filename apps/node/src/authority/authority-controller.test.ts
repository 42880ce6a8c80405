import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import type { Rate } from '@carecord/core';
import { fixedTrust, MAX_DID_HISTORY_BYTES, resolveDidHistory, verifyMembership, verifyNetworkDescription, verifyStatusList } from '@carecord/identity';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import { AuthorityClient } from '../identity/authority-client.ts';
import { TestHttp } from '../identity/test-http.fixture.ts';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { membershipAnswerSchema, networkAnswerSchema, witnessAnswerSchema } from './wire.ts';

// The application is asked as anybody would: with the machine's time.
const clock = systemClock;
const TICKET = 'ticket-for-a-0123456789';

let authority: AuthorityNode;
let hospital: TestApplicant;
let url: string;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));
async function post(path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Answer> {
  const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: textOf(body) });
  return { status: response.status, body: await response.json() };
}
const refused = (status: number, code: string): unknown => ({ status, body: { code, message: expect.any(String) } });
async function get(path: string): Promise<Answer> {
  const response = await fetch(`${url}/${path}`);
  return { status: response.status, body: await response.json() };
}
async function listen(rate?: Rate): Promise<void> {
  await authority.close();
  url = await authority.listen(rate);
  const [listed] = [{ did: authority.did, url, witness: authority.witness }];
  await authority.found({ version: 2, sequence: 1, networkId: NETWORK_ID, threshold: 1, authorities: [listed], guardians: { members: [authority.did], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 1 });
}

beforeEach(async () => {
  authority = await AuthorityNode.make(clock);
  hospital = await TestApplicant.make(clock);
  await listen();
});
afterEach(() => authority.close());

describe('what an authority publishes', () => {
  it('is the signed network with the addresses of now', async () => {
    const { resolved } = authority.replica.identity.signing();
    const first = networkAnswerSchema.parse((await get('network')).body);
    expect(first.bootstrap).toEqual(['/ip4/127.0.0.1/tcp/4001/p2p/one']);
    expect(await verifyNetworkDescription([first.networkDescription], fixedTrust(NETWORK_ID, [resolved]))).toMatchObject({ networkId: NETWORK_ID, sequence: 1, threshold: 1 });
    authority.addresses = [];
    expect((await get('network')).body).toMatchObject({ bootstrap: [] });
  });

  it('is its status list, once there is one', async () => {
    expect(await get('status-list')).toEqual(refused(404, 'NOT_FOUND'));
    await authority.statusLists.issue();
    const { status, body } = await get('status-list');
    expect([status, (await verifyStatusList(body, { authority: authority.replica.identity.signing().resolved, now: clock.now() })).authority]).toEqual([200, authority.did]);
  });

  it('is the history of its DID', async () => {
    const history = await new AuthorityClient(url, new TestHttp(clock), clock).history();
    expect(await resolveDidHistory(authority.did, history)).toMatchObject({ did: authority.did, log: history });
  });
});

describe('an application over HTTP', () => {
  it('is answered as it stands, with a credential and a proof for who is admitted', async () => {
    const apply = async (): Promise<Answer> => await post('memberships', await hospital.application(authority.did));
    expect(await apply()).toEqual({ status: 200, body: { state: 'pending' } });
    await authority.office.decide(hospital.did, 'admit', REGISTRAR);
    const answer = membershipAnswerSchema.parse((await apply()).body);
    const trust = fixedTrust(NETWORK_ID, [authority.replica.identity.signing().resolved]);
    expect(await verifyMembership([answer.credential], { trust, subject: hospital.did, now: clock.now() })).toMatchObject({ name: 'Hospital A' });
    expect(answer.witnessProof?.versionId).toBe(hospital.resolved.versionId);
    await authority.office.decide(hospital.did, 'suspend', REGISTRAR);
    expect(await apply()).toEqual({ status: 200, body: { state: 'suspended' } });
    await authority.office.decide(hospital.did, 'revoke', REGISTRAR);
    expect(await apply()).toEqual({ status: 200, body: { state: 'revoked' } });
  });

  it('is admitted by a ticket, and refused with one that is not good', async () => {
    await authority.office.openTickets([{ ticket: TICKET, name: 'Hospital A' }]);
    expect(await post('memberships', await hospital.application(authority.did, { ticket: 'unknown' }))).toEqual(refused(403, 'TICKET_INVALID'));
    expect(await post('memberships', await hospital.application(authority.did, { ticket: TICKET }))).toMatchObject({ status: 200, body: { state: 'admitted', credential: expect.anything() } });
  });

  it.each<[string, () => Promise<unknown>, number, string]>([
    ['no object', () => Promise.resolve('[1]'), 400, 'APPLICATION_INVALID'],
    ['empty', () => Promise.resolve({}), 400, 'APPLICATION_INVALID'],
    ['not JSON', () => Promise.resolve('no json'), 400, 'INPUT_INVALID'],
    ['without signatures', async () => ({ ...(await hospital.application(authority.did)), signatures: [] }), 400, 'APPLICATION_INVALID'],
    ['with two signatures of one key', async () => hospital.application(authority.did).then(({ payload, signatures: [first] }) => ({ payload, signatures: [first, first] })), 400, 'APPLICATION_INVALID'],
    ['for another authority', () => hospital.application(hospital.did), 400, 'APPLICATION_INVALID'],
    ['larger than any can be', () => Promise.resolve({ payload: 'x'.repeat(MAX_AUTHORITY_BODY_BYTES) }), 413, 'INPUT_TOO_LARGE'],
    ['larger than its limit, below that of the body', () => Promise.resolve({ payload: 'A'.repeat(3 * MAX_DID_HISTORY_BYTES + 4), signatures: [{ protected: 'e30', signature: 'AA' }, { protected: 'e30', signature: 'AA' }] }), 400, 'APPLICATION_INVALID'],
  ])('that is %s gets a clear code, and nothing is stored', async (_case, make, status, code) => {
    expect(await post('memberships', await make())).toEqual(refused(status, code));
    expect([await authority.memberships.count('pending'), await authority.events()]).toEqual([0, []]);
  });

  it('that is of another type than JSON is not read', async () => {
    expect(await post('memberships', await hospital.application(authority.did), { 'content-type': 'text/plain' })).toEqual(refused(400, 'APPLICATION_INVALID'));
  });

  it('tells nothing of others in its refusals', async () => {
    await post('memberships', await hospital.application(authority.did));
    const other = await TestApplicant.make(clock, 'b.hospital.example');
    const { body } = await post('memberships', await other.application(hospital.did));
    expect(JSON.stringify(body)).not.toMatch(/did:webvh|Hospital A/);
  });
});

describe('a version to be witnessed over HTTP', () => {
  beforeEach(async () => {
    await authority.office.apply(await hospital.application(authority.did));
    await authority.office.decide(hospital.did, 'admit', REGISTRAR);
  });

  it('is witnessed for a member', async () => {
    const { did, history, resolved } = await hospital.rotated();
    const { status, body } = await post('witness-proofs', { did, history });
    expect([status, witnessAnswerSchema.parse(body).witnessProof.versionId]).toEqual([200, resolved.versionId]);
  });

  it('is refused for a fork, for a member that was suspended, and for strangers', async () => {
    const [one, other] = [await hospital.rotated(), await hospital.rotated()];
    const ask = ({ did, history }: TestApplicant): Promise<Answer> => post('witness-proofs', { did, history });
    expect(await ask(one)).toMatchObject({ status: 200 });
    expect(await ask(other)).toEqual(refused(400, 'APPLICATION_INVALID'));
    await authority.office.decide(hospital.did, 'suspend', REGISTRAR);
    expect(await ask(one)).toEqual(refused(403, 'FORBIDDEN'));
    expect(await ask(await TestApplicant.make(clock, 'b.hospital.example'))).toEqual(refused(403, 'FORBIDDEN'));
  });

  it.each<[string, () => unknown, number, string]>([
    ['nothing', () => ({}), 400, 'INPUT_INVALID'],
    ['more than is asked', () => ({ did: hospital.did, history: hospital.history, more: 1 }), 400, 'INPUT_INVALID'],
    ['no DID', () => ({ did: 'hospital', history: hospital.history }), 400, 'INPUT_INVALID'],
    ['an empty history', () => ({ did: hospital.did, history: '' }), 400, 'INPUT_INVALID'],
    ['a history that is too large', () => ({ did: hospital.did, history: 'x'.repeat(MAX_DID_HISTORY_BYTES + 1) }), 400, 'INPUT_INVALID'],
    ['a history that does not verify', () => ({ did: hospital.did, history: hospital.history.replace('ed25519-1', 'ed25519-9') }), 400, 'APPLICATION_INVALID'],
    ['a history without its cosignature', () => ({ did: hospital.did, history: hospital.history.replace('carecord-mldsa65-jcs-2026', 'carecord-none') }), 400, 'APPLICATION_INVALID'],
  ])('that is %s gets a clear code', async (_case, make, status, code) => {
    expect(await post('witness-proofs', make())).toEqual(refused(status, code));
    expect((await authority.memberships.find(hospital.did))?.history).toBe(hospital.history);
  });
});

describe('who asks too often', () => {
  it('is told to wait, for applications and witnessing together, and can still read', async () => {
    await listen({ burst: 3, perSecond: 0 });
    const statuses: number[] = [];
    for (const path of ['memberships', 'witness-proofs', 'memberships', 'memberships', 'witness-proofs']) statuses.push((await post(path, path === 'memberships' ? {} : { did: hospital.did, history: 'x' })).status);
    expect(statuses).toEqual([400, 403, 400, 429, 429]);
    expect(await post('memberships', await hospital.application(authority.did))).toEqual(refused(429, 'RATE_LIMITED'));
    expect(await authority.memberships.count('pending')).toBe(0);
    expect((await get('network')).status).toBe(200);
  });
});
