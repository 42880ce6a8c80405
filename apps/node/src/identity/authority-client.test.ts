import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { ManualClock } from '@carecord/testkit';
import { MAX_ANSWER_BYTES } from '../authority/wire.ts';
import { AddressGuard } from '../outbound/address-guard.ts';
import { OutboundHttp } from '../outbound/outbound-http.ts';
import { AuthorityClient } from './authority-client.ts';
import { impatient } from './test-http.fixture.ts';

const jws = { payload: 'e30', signatures: [{ protected: 'e30', signature: 'AA' }, { protected: 'e30', signature: 'AA' }] };
const refusal = (code: string, part = ''): unknown => expect.objectContaining({ name: 'NodeError', code, message: expect.stringContaining(part) });

let server: Server;
let url: string;
let clock: ManualClock;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[];
const http = new OutboundHttp({ guard: new AddressGuard(['127.0.0.1']), plainHttp: true });
const client = (address = url): AuthorityClient => new AuthorityClient(address, http, impatient(clock));
const json = (status: number, body: unknown): void => {
  answer = (_request, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  clock = new ManualClock(new Date());
  asked = [];
});

describe('AuthorityClient', () => {
  it('reads what has the expected form', async () => {
    json(200, { networkDescription: jws, bootstrap: ['/ip4/127.0.0.1/tcp/1'] });
    expect(await client().network()).toEqual({ networkDescription: jws, bootstrap: ['/ip4/127.0.0.1/tcp/1'] });
    json(200, jws);
    expect(await client().statusList()).toEqual(jws);
    json(200, { state: 'pending' });
    expect(await client().apply(jws)).toEqual({ state: 'pending' });
    expect(asked).toEqual(['GET /network', 'GET /status-list', 'POST /memberships']);
  });

  it.each<[string, unknown]>([
    ['another form', { state: 'perhaps' }],
    ['a credential that is none', { state: 'admitted', credential: 'text' }],
    ['nothing', null],
  ])('refuses %s', async (_case, body) => {
    json(200, body);
    await expect(client().apply(jws)).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    expect(asked).toHaveLength(1);
  });

  it('refuses what is no JSON, a history without cosignatures, and a page of somebody else', async () => {
    answer = (_request, response) => response.end('<html>');
    await expect(client().network()).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    await expect(client().history()).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    answer = (_request, response) => response.writeHead(403).end('<html>');
    await expect(client().apply(jws)).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
  });

  it('does not read an answer without end, nor one that is not the right size, and does not ask for it again', async () => {
    answer = (_request, response) => response.end('x'.repeat(MAX_ANSWER_BYTES + 1));
    await expect(client().apply(jws)).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    expect(asked).toHaveLength(1);
  });

  it('does not follow to another place', async () => {
    answer = (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end();
    await expect(client().network()).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    expect(asked).toEqual(['GET /network']);
  });

  it('tries an application again when nobody answers, five times in all, and other things once', async () => {
    json(503, {});
    await expect(client().apply(jws)).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE', 'not working'));
    await expect(client().witness('did:a:b', 'x')).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE'));
    await expect(client().history()).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE'));
    expect(asked).toHaveLength(15);
    await expect(client().network()).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE'));
    expect(asked).toHaveLength(16);
    await expect(client('http://127.0.0.1:1').apply(jws)).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE', 'does not answer'));
  });

  it('succeeds when it answers at last, and waits between the attempts', async () => {
    const patient = new AuthorityClient(url, http, clock);
    answer = (_request, response) => response.writeHead(asked.length < 3 ? 503 : 200).end('{"state":"pending"}');
    const applied = patient.apply(jws);
    for (let attempt = 1; attempt < 3; attempt += 1) {
      while (clock.sleeping === 0) await new Promise(setImmediate);
      expect(asked).toHaveLength(attempt);
      clock.advance(2_000);
    }
    expect(await applied).toEqual({ state: 'pending' });
  });

  it('takes an authority that has too much to do for one that does not answer now', async () => {
    json(429, { code: 'RATE_LIMITED', message: 'Wait.' });
    await expect(client().apply(jws)).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE', 'too much to do'));
  });

  it('tells the code of a refusal, never its sentence, nor what is no code', async () => {
    json(403, { code: 'TICKET_INVALID', message: 'some sentence' });
    await expect(client().apply(jws)).rejects.toEqual(refusal('ADMISSION_REFUSED', '(TICKET_INVALID)'));
    json(400, { code: 'did:someone else', message: 'some sentence' });
    await expect(client().apply(jws)).rejects.toEqual(refusal('ADMISSION_REFUSED', '(unknown code)'));
    await expect(client().apply(jws)).rejects.not.toEqual(refusal('ADMISSION_REFUSED', 'some sentence'));
    expect(asked).toHaveLength(3);
  });

  it('calls no address that the operator did not choose', async () => {
    const strict = new AuthorityClient(url, new OutboundHttp({ guard: new AddressGuard([]) }), clock);
    await expect(strict.network()).rejects.toEqual(refusal('OUTBOUND_REFUSED'));
    expect(asked).toEqual([]);
  });

  it.each([
    ['ahead', 61_000, true],
    ['behind', -61_000, true],
    ['nearly the same', 58_000, false],
  ])("compares the machine's clock: %s", async (_case, difference, stops) => {
    answer = (_request, response) => response.writeHead(200, { date: later(clock.now(), difference).toUTCString() }).end('{"state":"pending"}');
    if (stops) await expect(client().apply(jws)).rejects.toEqual(refusal('CLOCK_SKEW', 'NTP'));
    else expect(await client().apply(jws)).toEqual({ state: 'pending' });
  });

  it('believes no date that is none', async () => {
    for (const date of ['', 'yesterday']) {
      answer = (_request, response) => {
        response.sendDate = false;
        if (date !== '') response.setHeader('date', date);
        response.end('{"state":"pending"}');
      };
      expect(await client().apply(jws)).toEqual({ state: 'pending' });
    }
  });
});
