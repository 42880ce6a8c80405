import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { AddressGuard } from './address-guard.ts';
import { callOnce } from './outbound-call.ts';

const LIMIT = 1_000;
let server: Server;
afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

// A name that every JavaScript object answers to once gave a "decoder" that ended the process at the first bytes of the body.
it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('an encoding that is called "%s" is one that was not asked for', async (encoding) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', note);
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(Buffer.alloc(200 * LIMIT));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const call = callOnce({ url, addresses: [{ address: '127.0.0.1', family: 4 }], method: 'GET', headers: {}, body: undefined, maxBytes: LIMIT, signal: AbortSignal.timeout(5_000), certificateAuthorities: undefined });
  await expect(call).rejects.toMatchObject({ code: 'OUTBOUND_ANSWER_INVALID' });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('uncaughtException', note);
  expect(uncaught).toEqual([]);
});

it('the metadata services of clouds are not reached through NAT64 either, whoever lists the name', () => {
  const guard = new AddressGuard(['listed.example']);
  for (const address of ['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::169.254.169.254', '64:ff9b::168.63.129.16']) {
    expect([address, guard.permits('listed.example', 443, address)]).toEqual([address, false]);
  }
  expect(guard.permits('listed.example', 443, '64:ff9b::10.0.0.1')).toBe(true);
});
