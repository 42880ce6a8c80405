import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startOpenIdTestNode } from '../../../../test/support/openid-node.ts';
import type { OpenIdTestNode } from '../../../../test/support/openid-node.ts';
import { ScriptedBrowser } from '../../../../test/support/openid-provider.ts';

const CARLA = { sub: 'provider-carla', username: 'carla', roles: ['care:doctors'] };

describe('step-up through an OpenID provider', () => {
  let node: OpenIdTestNode;
  let browser: ScriptedBrowser;
  let token: string;
  beforeEach(async () => {
    node = await startOpenIdTestNode();
    node.provider.person = CARLA;
    browser = new ScriptedBrowser();
    ({ token } = await node.signIn(browser));
  });
  afterEach(() => node.close());

  const offer = (by = browser, session = token): Promise<Response> => by.visit(`${node.url}/openid/step-up`, { method: 'POST', token: session });
  const begin = async (by = browser): Promise<string> => node.url + ((await (await offer(by)).json()) as { location: string }).location;
  const isSteppedUp = async (session = token): Promise<boolean> => node.sessions.isSteppedUp(await node.sessions.authenticate(session));
  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code?: unknown }).code;

  it('has the person sign in anew, and steps up that very session', async () => {
    const other = (await node.signIn(new ScriptedBrowser())).token;
    expect(await isSteppedUp()).toBe(false);
    const start = await begin();
    expect(start).not.toContain(token);
    const response = await browser.visit(await node.signInAtProvider(browser, start));
    expect(await response.json()).toEqual({ steppedUp: true });
    expect(await isSteppedUp()).toBe(true);
    expect(await isSteppedUp(other)).toBe(false);
    expect(node.entries.at(-1)).toMatchObject({ type: 'step-up', outcome: 'success', detail: { method: 'openid' } });
  });

  it('asks the provider for a new sign-in', async () => {
    const query = new URL((await browser.visit(await begin())).headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(query)).toMatchObject({ prompt: 'login', max_age: '0' });
  });

  it('refuses an old sign-in, whatever the provider says otherwise', async () => {
    node.forgery = { claims: { auth_time: Math.floor(Date.now() / 1000) - 120 } };
    const response = await browser.visit(await node.signInAtProvider(browser, await begin()));
    expect(await codeOf(response)).toBe('OPENID_AUTHENTICATION_OLD');
    expect(await isSteppedUp()).toBe(false);
    expect(node.entries.at(-1)).toMatchObject({ type: 'step-up-refused', reasonCode: 'OPENID_AUTHENTICATION_OLD' });
  });

  it('refuses a step-up by somebody else', async () => {
    node.forgery = { claims: { sub: 'provider-dora', preferred_username: 'dora' } };
    const response = await browser.visit(await node.signInAtProvider(browser, await begin()));
    expect(await codeOf(response)).toBe('OPENID_SUBJECT_CHANGED');
    expect(await isSteppedUp()).toBe(false);
  });

  it('refuses a ticket in another browser, the second time, and as what it is not', async () => {
    const location = await begin();
    expect(await codeOf(await new ScriptedBrowser().visit(location))).toBe('OPENID_STATE_INVALID');
    expect(await codeOf(await browser.visit(location))).toBe('OPENID_STATE_INVALID');
    const ticket = new URL(await begin()).searchParams.get('stepUp');
    expect(await codeOf(await browser.visit(`${node.url}/openid/session`, { method: 'POST', json: { code: ticket } }))).toBe('OPENID_STATE_INVALID');
  });

  it('gives no ticket without a session', async () => {
    expect((await offer(browser, 'A'.repeat(43))).status).toBe(401);
    expect((await offer()).status).not.toBe(401);
  });

  it('refuses when the session has ended meanwhile', async () => {
    const address = await node.signInAtProvider(browser, await begin());
    await node.sessions.signOut(token, await node.sessions.authenticate(token));
    expect(await codeOf(await browser.visit(address))).toBe('OPENID_SUBJECT_CHANGED');
  });
});
