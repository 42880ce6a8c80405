import { afterEach, expect, it } from '@jest/globals';
import { startOpenIdTestNode } from '../../../../test/support/openid-node.ts';
import type { OpenIdTestNode } from '../../../../test/support/openid-node.ts';
import { ScriptedBrowser } from '../../../../test/support/openid-provider.ts';
import { AddressGuard } from '../outbound/address-guard.ts';
import { OutboundHttp } from '../outbound/outbound-http.ts';
import { boundedFetch, MAX_ANSWER_BYTES } from './bounded-fetch.ts';

let node: OpenIdTestNode;
afterEach(() => node.close());

const begin = async (allowed: readonly string[]): Promise<Response> => {
  node = await startOpenIdTestNode({}, new OutboundHttp({ guard: new AddressGuard(allowed), plainHttp: true }).asFetch(MAX_ANSWER_BYTES));
  node.provider.person = { sub: 'provider-carla', username: 'carla', roles: ['care:doctors'] };
  return await new ScriptedBrowser().visit(`${node.url}/openid/start`);
};

it('asks a provider in a private place only where the operator has allowed it', async () => {
  const refused = await begin([]);
  expect(await refused.json()).toMatchObject({ code: 'OPENID_UNAVAILABLE' });
  await node.close();
  expect((await begin(['127.0.0.1'])).status).toBe(303);
  expect((await node.signIn(new ScriptedBrowser())).staff).toMatchObject({ username: 'carla' });
});

it('refuses an answer that is too large, or a fault', async () => {
  node = await startOpenIdTestNode();
  const asking = (answer: Response): Promise<Response> => boundedFetch(() => Promise.resolve(answer))('https://provider.example', { method: 'GET', headers: {} });
  await expect(asking(new Response('x'.repeat(MAX_ANSWER_BYTES + 1)))).rejects.toMatchObject({ code: 'OPENID_UNAVAILABLE' });
  await expect(asking(new Response('{}', { status: 503 }))).rejects.toMatchObject({ code: 'OPENID_UNAVAILABLE' });
  expect(await (await asking(new Response('x'.repeat(MAX_ANSWER_BYTES)))).text()).toHaveLength(MAX_ANSWER_BYTES);
  expect((await asking(new Response(null, { status: 204 }))).status).toBe(204);
});
