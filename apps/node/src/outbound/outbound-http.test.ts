import { createServer as createPlainServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AddressGuard } from './address-guard.ts';
import { certificateFor } from './certificate.fixture.ts';
import { OutboundHttp } from './outbound-http.ts';
import type { OutboundHttpOptions } from './outbound-http.ts';

const certificate = certificateFor('good.example', 'public.example', 'other.example', 'rebinding.example', 'mixed.example');
const LIMIT = 1_000;
const seen: { readonly headers: IncomingHttpHeaders; readonly localAddress: string | undefined }[] = [];
let secure: Server;
let plain: Server;
let port: number;
let plainPort: number;

const big = Buffer.alloc(LIMIT + 1);
const encodings: Readonly<Record<string, [string, Buffer]>> = {
  '/gzip': ['gzip', gzipSync('small')],
  '/br': ['br', brotliCompressSync('small')],
  '/deflate': ['deflate', deflateSync('small')],
  '/bomb': ['gzip', gzipSync(Buffer.alloc(50_000_000))],
  '/unknown-encoding': ['zstd-of-tomorrow', big],
  '/broken-gzip': ['gzip', Buffer.from('no gzip')],
};

const answer: RequestListener = (request, response) => {
  seen.push({ headers: request.headers, localAddress: request.socket.localAddress });
  const url = new URL(request.url ?? '/', 'https://server.test');
  const encoded = encodings[url.pathname];
  if (encoded !== undefined) response.writeHead(200, { 'content-encoding': encoded[0] }).end(encoded[1]);
  else if (url.pathname === '/redirect') response.writeHead(302, { location: url.searchParams.get('to') ?? '' }).end();
  else if (url.pathname === '/redirect-nowhere') response.writeHead(302).end();
  else if (url.pathname === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (url.pathname.startsWith('/count')) {
    const left = Number(url.pathname.slice('/count'.length));
    if (left === 0) response.end('arrived');
    else response.writeHead(307, { location: `/count${left - 1}` }).end();
  } else if (url.pathname === '/big') response.end(big);
  else if (url.pathname === '/exact') response.end(big.subarray(1));
  else if (url.pathname === '/endless') {
    response.writeHead(200, { 'content-length': '500' });
    response.write('x');
  } else if (url.pathname === '/cut') {
    response.writeHead(200, { 'content-length': '500' });
    response.write('x', () => request.socket.destroy());
  } else if (url.pathname !== '/hang') response.writeHead(200, { 'set-cookie': 'a=b', 'content-type': 'text/plain' }).end(`hello over ${request.method ?? ''}`);
};

beforeAll(async () => {
  secure = createServer(certificate, answer);
  plain = createPlainServer(answer);
  // Every address of 127.0.0.0/8 is this machine: some stand for public ones below.
  await Promise.all([secure, plain].map((server) => new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))));
  port = (secure.address() as AddressInfo).port;
  plainPort = (plain.address() as AddressInfo).port;
});
afterAll(() => {
  for (const server of [secure, plain]) {
    server.closeAllConnections();
    server.close();
  }
});

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'good.example': ['127.0.0.1'],
  'public.example': ['127.0.0.2'],
  'other.example': ['127.0.0.1'],
  'mixed.example': ['127.0.0.2', '127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
};

/** 127.0.0.1 is private and 127.0.0.2 public here; everything else is as it is. */
function client(change: Partial<OutboundHttpOptions> = {}): OutboundHttp {
  return new OutboundHttp({
    guard: new AddressGuard(['good.example'], ['127.0.0.1/32']),
    lookUp: (host) => {
      const addresses = NAMES[host];
      return addresses === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
    },
    certificateAuthorities: [certificate.cert],
    timeoutMilliseconds: 5_000,
    ...change,
  });
}

const at = (path: string, host = 'good.example'): string => `https://${host}:${port}${path}`;
const text = ({ body }: { body: Uint8Array }): string => Buffer.from(body).toString();
const get = (url: string, http = client()): Promise<{ status: number; body: Uint8Array }> => http.get(url, { maxBytes: LIMIT, accept: '*/*' });
const refusedWith = async (code: string, url: string, http = client()): Promise<void> => {
  await expect(get(url, http)).rejects.toMatchObject({ code });
};

describe('where requests may go', () => {
  it('to a listed host in a private network, and to a public address', async () => {
    expect(text(await get(at('/')))).toBe('hello over GET');
    expect(text(await get(at('/', 'public.example')))).toBe('hello over GET');
  });

  it('not to a private address under a name that is not listed, nor as a literal, however it is written', async () => {
    const before = seen.length;
    await refusedWith('OUTBOUND_REFUSED', at('/', 'other.example'));
    for (const host of ['127.0.0.1', '127.1', '0x7f.0.0.1', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', '[::]', '0.0.0.0']) {
      await refusedWith('OUTBOUND_REFUSED', at('/', host), client({ guard: new AddressGuard([]) }));
    }
    await refusedWith('OUTBOUND_REFUSED', at('/', 'metadata.example'), client({ guard: new AddressGuard(['metadata.example']) }));
    expect(seen.length).toBe(before);
  });

  it('not to a name of which one address is private', async () => {
    await refusedWith('OUTBOUND_REFUSED', at('/', 'mixed.example'));
    await expect(get(at('/', 'mixed.example'), client({ guard: new AddressGuard(['mixed.example'], ['127.0.0.1/32']) }))).resolves.toMatchObject({ status: 200 });
  });

  it('to the very address that was checked, when the name means another one a moment later', async () => {
    let lookUps = 0;
    const http = client({
      lookUp: () => {
        lookUps += 1;
        return Promise.resolve([{ address: lookUps === 1 ? '127.0.0.2' : '127.0.0.1', family: 4 }]);
      },
    });
    expect(text(await get(at('/', 'rebinding.example'), http))).toBe('hello over GET');
    expect(lookUps).toBe(1);
    expect(seen.at(-1)?.localAddress).toBe('127.0.0.2');
    await refusedWith('OUTBOUND_REFUSED', at('/', 'rebinding.example'), http);
  });

  it('over HTTPS alone; over HTTP to listed hosts where that is switched on', async () => {
    const url = `http://good.example:${plainPort}/`;
    await refusedWith('OUTBOUND_REFUSED', url);
    expect(text(await get(url, client({ plainHttp: true })))).toBe('hello over GET');
    await refusedWith('OUTBOUND_REFUSED', `http://public.example:${plainPort}/`, client({ plainHttp: true }));
  });

  it('not with credentials in the address, another scheme, or what is no address', async () => {
    for (const url of [at('/').replace('https://', 'https://user:secret@'), 'file:///etc/passwd', 'ftp://good.example/', 'data:text/plain,x', 'nonsense', at(`/${'x'.repeat(3_000)}`)]) {
      await refusedWith('OUTBOUND_REFUSED', url);
    }
  });

  it('not to a server whose certificate is not trusted or is for another name', async () => {
    await refusedWith('OUTBOUND_UNREACHABLE', at('/'), client({ certificateAuthorities: [certificateFor('good.example').cert] }));
    const http = client({ guard: new AddressGuard(['unnamed.example']), lookUp: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]) });
    await refusedWith('OUTBOUND_UNREACHABLE', at('/', 'unnamed.example'), http);
  });

  it('nowhere when the name is unknown or nobody listens', async () => {
    await refusedWith('OUTBOUND_UNREACHABLE', at('/', 'unknown.example'));
    await refusedWith('OUTBOUND_UNREACHABLE', 'https://good.example:1/');
  });
});

describe('redirects', () => {
  const to = (target: string, host?: string): string => at(`/redirect?to=${encodeURIComponent(target)}`, host);

  it('are followed three times and not more', async () => {
    expect(text(await get(at('/count3')))).toBe('arrived');
    await refusedWith('OUTBOUND_ANSWER_INVALID', at('/count4'));
    await refusedWith('OUTBOUND_ANSWER_INVALID', at('/loop'));
    await refusedWith('OUTBOUND_ANSWER_INVALID', at('/redirect-nowhere'));
  });

  it('are checked as the first address was', async () => {
    expect(text(await get(to(at('/'))))).toBe('hello over GET');
    await refusedWith('OUTBOUND_REFUSED', to(at('/', 'other.example')));
    await refusedWith('OUTBOUND_REFUSED', to('https://169.254.169.254/latest/meta-data'));
    await refusedWith('OUTBOUND_REFUSED', to(at('/').replace('https://', 'https://user:secret@')));
    await refusedWith('OUTBOUND_REFUSED', to('file:///etc/passwd'));
  });

  it('never lead from HTTPS to HTTP, even where HTTP is switched on', async () => {
    const http = client({ plainHttp: true });
    await refusedWith('OUTBOUND_REFUSED', to(`http://good.example:${plainPort}/`), http);
    const up = `http://good.example:${plainPort}/redirect?to=${encodeURIComponent(at('/'))}`;
    expect(text(await get(up, http))).toBe('hello over GET');
  });

  it('never lead from a public place into a private one, even to a listed host', async () => {
    await refusedWith('OUTBOUND_REFUSED', to(at('/'), 'public.example'));
    expect(text(await get(to(at('/', 'public.example'))))).toBe('hello over GET');
  });

  it('do not take the caller\'s authorization to another origin', async () => {
    const http = client();
    const headers = { authorization: 'Bearer secret', Cookie: 'a=b' };
    await http.request(to(at('/', 'public.example')), { headers, maxBytes: LIMIT, followRedirects: true });
    expect(seen.at(-2)?.headers.authorization).toBe('Bearer secret');
    expect(seen.at(-1)?.headers.authorization).toBeUndefined();
    expect(seen.slice(-2).map((request) => request.headers.cookie)).toEqual([undefined, undefined]);
    await http.request(to('/'), { headers, maxBytes: LIMIT, followRedirects: true });
    expect(seen.at(-1)?.headers.authorization).toBe('Bearer secret');
  });

  it('of a POST are not followed', async () => {
    const answered = await client().request(to(at('/')), { method: 'POST', body: Buffer.from('x'), maxBytes: LIMIT, followRedirects: true });
    expect(answered.status).toBe(302);
  });
});

describe('limits', () => {
  it('of size hold while reading, before and after decompression', async () => {
    expect((await get(at('/exact'))).body).toHaveLength(LIMIT);
    await refusedWith('OUTBOUND_TOO_LARGE', at('/big'));
    for (const path of ['/gzip', '/br', '/deflate']) expect(text(await get(at(path)))).toBe('small');
    await refusedWith('OUTBOUND_TOO_LARGE', at('/bomb'));
    await refusedWith('OUTBOUND_ANSWER_INVALID', at('/unknown-encoding'));
    await refusedWith('OUTBOUND_UNREACHABLE', at('/broken-gzip'));
  });

  it('of time hold for a server that is silent or never ends, and for a name server', async () => {
    const impatient = client({ timeoutMilliseconds: 200 });
    await refusedWith('OUTBOUND_TIMEOUT', at('/hang'), impatient);
    await refusedWith('OUTBOUND_TIMEOUT', at('/endless'), impatient);
    await refusedWith('OUTBOUND_TIMEOUT', at('/'), client({ timeoutMilliseconds: 200, lookUp: () => new Promise(() => undefined) }));
  });

  it('of the caller count too, and an answer that breaks off is none', async () => {
    const aborted = AbortSignal.abort();
    await expect(client().request(at('/'), { maxBytes: LIMIT, signal: aborted })).rejects.toMatchObject({ code: 'OUTBOUND_TIMEOUT' });
    await refusedWith('OUTBOUND_UNREACHABLE', at('/cut'));
  });
});

describe('as fetch', () => {
  it('gives a Response without cookies, and posts forms', async () => {
    const fetch = client().asFetch(LIMIT);
    const response = await fetch(at('/'), { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
    expect([response.status, await response.text(), response.headers.get('set-cookie'), response.headers.get('content-type')]).toEqual([200, 'hello over POST', null, 'text/plain']);
    expect(seen.at(-1)?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect((await fetch(at('/redirect?to=/'), {})).status).toBe(302);
    await expect(fetch(at('/'), { method: 'DELETE' })).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' });
    await expect(fetch(at('/', 'other.example'), {})).rejects.toMatchObject({ code: 'OUTBOUND_REFUSED' });
  });
});
