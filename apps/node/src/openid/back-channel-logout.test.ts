import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startOpenIdTestNode } from '../../../../test/support/openid-node.ts';
import type { OpenIdTestNode } from '../../../../test/support/openid-node.ts';
import { ScriptedBrowser } from '../../../../test/support/openid-provider.ts';
import type { ForgedToken } from '../../../../test/support/openid-provider.ts';

const CARLA = { sub: 'provider-carla', username: 'carla', roles: ['care:doctors'] };
const now = (): number => Math.floor(Date.now() / 1000);

describe('back-channel logout', () => {
  let node: OpenIdTestNode;
  let token: string;
  beforeEach(async () => {
    node = await startOpenIdTestNode();
    node.provider.person = CARLA;
    ({ token } = await node.signIn(new ScriptedBrowser()));
  });
  afterEach(() => node.close());

  const send = (body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> =>
    fetch(`${node.url}/openid/back-channel-logout`, { method: 'POST', headers: { 'content-type': type }, body });
  const isOver = async (): Promise<boolean> => (await node.sessions.authenticate(token).catch(() => undefined)) === undefined;
  /** A good token of the provider, for somebody who has no session. */
  const spareToken = async (): Promise<string> => {
    await node.provider.logOut('nobody');
    return node.provider.logoutTokens.at(-1) ?? '';
  };

  it('ends the sessions of the person whom the provider names, and nobody else’s', async () => {
    await node.provider.logOut('somebody-else');
    expect(await isOver()).toBe(false);
    await node.provider.logOut(CARLA.sub);
    expect(await isOver()).toBe(true);
    expect(node.entries.at(-1)).toMatchObject({ type: 'sessions-ended', detail: { sessions: 1, by: 'openid-provider' } });
  });

  it('ends a sign-in whose session has not been fetched yet, too', async () => {
    const browser = new ScriptedBrowser();
    const { code } = (await (await browser.visit(await node.signInAtProvider(browser))).json()) as { code: string };
    await node.provider.logOut(CARLA.sub);
    const answer = await browser.visit(`${node.url}/openid/session`, { method: 'POST', json: { code } });
    expect(await answer.json()).toMatchObject({ code: 'OPENID_STATE_INVALID' });
  });

  it('takes a token once', async () => {
    await node.provider.logOut(CARLA.sub);
    ({ token } = await node.signIn(new ScriptedBrowser()));
    const replayed = await send(new URLSearchParams({ logout_token: node.provider.logoutTokens.at(-1) ?? '' }).toString());
    expect(replayed.status).toBe(400);
    expect(await replayed.json()).toMatchObject({ error: 'invalid_request' });
    expect(await isOver()).toBe(false);
  });

  it.each<[string, ForgedToken]>([
    ['for another client', { claims: { aud: 'another-client' } }],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['with a nonce, as an ID token has one', { claims: { nonce: 'x' } }],
    ['without the event', { claims: { events: {} } }],
    ['without a person', { claims: { sub: undefined } }],
    ['without an id', { claims: { jti: undefined } }],
    ['that has expired', { claims: { exp: now() - 60 } }],
    ['that is old', { claims: { iat: now() - 600 } }],
    ['of a time to come', { claims: { iat: now() + 600 } }],
    ['without a signature', { algorithm: 'none' }],
    ['with a shared secret', { algorithm: 'HS256' }],
    ['signed by a stranger', { foreignKey: true }],
  ])('refuses a token %s', async (_name, forgery) => {
    const good = { claims: { sub: CARLA.sub, jti: 'fresh' } };
    const forged = await node.provider.forge(await spareToken(), { ...forgery, claims: { ...good.claims, ...forgery.claims } });
    expect((await send(new URLSearchParams({ logout_token: forged }).toString())).status).toBe(400);
    expect(await isOver()).toBe(false);
    // The same token with nothing wrong in it.
    const whole = await node.provider.forge(await spareToken(), good);
    expect((await send(new URLSearchParams({ logout_token: whole }).toString())).status).toBe(200);
    expect(await isOver()).toBe(true);
  });

  it('refuses what is no form with one token', async () => {
    const good = await node.provider.forge(await spareToken(), { claims: { jti: 'fresh' } });
    expect((await send(JSON.stringify({ logout_token: good }), 'application/json')).status).toBe(400);
    expect((await send(`logout_token=${good}&logout_token=${good}`)).status).toBe(400);
    expect((await send(`logout_token=${'x'.repeat(20_000)}`)).status).toBe(400);
    expect((await send('')).status).toBe(400);
    expect((await send(`logout_token=${good}`)).status).toBe(200);
  });
});
