import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startOpenIdTestNode } from '../../../../test/support/openid-node.ts';
import type { OpenIdTestNode } from '../../../../test/support/openid-node.ts';
import { ScriptedBrowser } from '../../../../test/support/openid-provider.ts';
import type { ForgedToken } from '../../../../test/support/openid-provider.ts';
import type { OpenIdSettings } from './openid-settings.ts';
import { HAND_OVER_MILLISECONDS, PROVIDER_MILLISECONDS } from './openid-sign-in.ts';

const CARLA = { sub: 'provider-carla', username: 'carla', roles: ['care:doctors'] };
const now = (): number => Math.floor(Date.now() / 1000);

describe('sign-in through an OpenID provider', () => {
  let node: OpenIdTestNode;
  let browser: ScriptedBrowser;
  const start = async (settings: Partial<OpenIdSettings> = {}): Promise<void> => {
    node = await startOpenIdTestNode(settings);
    node.provider.person = CARLA;
    browser = new ScriptedBrowser();
  };
  beforeEach(() => start());
  afterEach(() => node.close());

  const codeOf = async (response: Response): Promise<unknown> => ((await response.json()) as { code?: unknown }).code;
  const answerOf = async (address: string, by = browser): Promise<unknown> => await codeOf(await by.visit(address));
  const restart = async (settings: Partial<OpenIdSettings>): Promise<void> => {
    await node.close();
    await start(settings);
  };

  it('gives a session to a person whom the provider knows, and no address ever holds its token', async () => {
    const address = await node.signInAtProvider(browser);
    const callback = await browser.visit(address);
    const { code } = (await callback.json()) as { code: string };
    expect(callback.headers.get('cache-control')).toBe('no-store');
    const answer = await browser.visit(`${node.url}/openid/session`, { method: 'POST', json: { code } });
    const { token, expiresAt, staff } = (await answer.json()) as { token: string; expiresAt: string; staff: object };
    expect(staff).toMatchObject({ username: 'carla', role: 'clinician' });
    expect(new Date(expiresAt).getTime()).toBeGreaterThan(Date.now());
    expect(await node.sessions.authenticate(token)).toMatchObject({ username: 'carla', role: 'clinician' });
    expect(token).not.toBe(code);
    expect(node.entries.map(({ type }) => type)).toEqual(['staff-created', 'sign-in']);
    expect(node.entries.at(-1)).toMatchObject({ detail: { method: 'openid' } });
    expect(JSON.stringify(node.entries)).not.toContain(CARLA.sub);
  });

  it('asks for a code with PKCE (S256), state, nonce and max_age, and binds the browser', async () => {
    const response = await browser.visit(`${node.url}/openid/start`);
    const query = new URL(response.headers.get('location') ?? '').searchParams;
    expect(Object.fromEntries(query)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', max_age: '3600', scope: 'openid profile' });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)).toMatch(/^[\w-]{43}$/);
    expect(response.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax$/);
  });

  it('finds the same account again, and gives it the role that the provider gives now', async () => {
    const first = await node.signIn(browser);
    expect((await node.signIn(new ScriptedBrowser())).staff.id).toBe(first.staff.id);
    await expect(node.sessions.authenticate(first.token)).resolves.toBeDefined();
    node.provider.person = { ...CARLA, roles: 'care:desk' };
    const changed = await node.signIn(new ScriptedBrowser());
    expect(changed.staff).toMatchObject({ id: first.staff.id, role: 'front-desk' });
    await expect(node.sessions.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(node.sessions.authenticate(changed.token)).resolves.toMatchObject({ role: 'front-desk' });
  });

  it('finds an account after the key of its token was rotated, and moves it to the new one', async () => {
    const { staff } = await node.signIn(browser);
    node.tokenKeys.unshift(new Uint8Array(32).fill(8));
    expect((await node.signIn(new ScriptedBrowser())).staff.id).toBe(staff.id);
    node.tokenKeys.pop();
    expect((await node.signIn(new ScriptedBrowser())).staff.id).toBe(staff.id);
    node.tokenKeys[0] = new Uint8Array(32).fill(9);
    expect((await node.signIn(new ScriptedBrowser())).staff.id).not.toBe(staff.id);
  });

  it('keeps two people of one name apart', async () => {
    const first = await node.signIn(browser);
    node.provider.person = { ...CARLA, sub: 'provider-carla-2' };
    const second = await node.signIn(new ScriptedBrowser());
    expect(second.staff.id).not.toBe(first.staff.id);
    expect(second.staff.username).toMatch(/^carla-[0-9a-f]{12}$/);
  });

  describe('refuses a callback', () => {
    it('with a state that is another one or none', async () => {
      const address = new URL(await node.signInAtProvider(browser));
      const other = new URL(address);
      other.searchParams.set('state', 'A'.repeat(43));
      expect(await answerOf(other.href)).toBe('OPENID_STATE_INVALID');
      other.searchParams.delete('state');
      expect(await answerOf(other.href)).toBe('OPENID_INPUT_INVALID');
      expect(await answerOf(`${address.href}&state=${'B'.repeat(43)}`)).toBe('OPENID_INPUT_INVALID');
      expect((await browser.visit(address.href)).status).toBe(200);
    });

    it('the second time', async () => {
      const address = await node.signInAtProvider(browser);
      expect((await browser.visit(address)).status).toBe(200);
      expect(await answerOf(address)).toBe('OPENID_STATE_INVALID');
    });

    it('from another browser, and from one that began a sign-in of its own', async () => {
      expect(await answerOf(await node.signInAtProvider(browser), new ScriptedBrowser())).toBe('OPENID_STATE_INVALID');
      const other = new ScriptedBrowser();
      await other.visit(`${node.url}/openid/start`);
      expect(await answerOf(await node.signInAtProvider(browser), other)).toBe('OPENID_STATE_INVALID');
      expect((await browser.visit(await node.signInAtProvider(browser))).status).toBe(200);
    });

    it('that takes too long', async () => {
      const address = await node.signInAtProvider(browser);
      node.clock.advance(PROVIDER_MILLISECONDS);
      expect(await answerOf(address)).toBe('OPENID_STATE_INVALID');
    });

    it('with a code that is another sign-in’s or another client’s', async () => {
      const theirs = new URL(await node.signInAtProvider(new ScriptedBrowser()));
      const own = new URL(await node.signInAtProvider(browser));
      own.searchParams.set('code', theirs.searchParams.get('code') ?? '');
      expect(await answerOf(own.href)).toBe('OPENID_REFUSED');

      const response = await browser.visit(`${node.url}/openid/start`);
      const asked = new URL(response.headers.get('location') ?? '');
      asked.searchParams.set('client_id', 'another-client');
      const foreign = await browser.followUntil(asked.href, `${node.url}/openid/callback`);
      expect(await answerOf(foreign)).toBe('OPENID_REFUSED');
      expect(node.entries.filter(({ type }) => type === 'sign-in-refused')).toHaveLength(2);
    });

    it('that names another issuer, or none (RFC 9207)', async () => {
      for (const iss of ['https://evil.example', undefined]) {
        const address = new URL(await node.signInAtProvider(browser));
        if (iss === undefined) address.searchParams.delete('iss');
        else address.searchParams.set('iss', iss);
        expect(await answerOf(address.href)).toBe('OPENID_REFUSED');
      }
    });

    it('that says an error, without repeating what the provider says', async () => {
      const state = new URL((await browser.visit(`${node.url}/openid/start`)).headers.get('location') ?? '').searchParams.get('state');
      const response = await browser.visit(`${node.url}/openid/callback?error=access_denied&error_description=Canary-Smith&state=${state}`);
      const text = await response.text();
      expect(response.status).toBe(403);
      expect(JSON.parse(text)).toMatchObject({ code: 'OPENID_REFUSED' });
      expect(text).not.toContain('Canary');
    });
  });

  it.each<[string, ForgedToken]>([
    ['another nonce', { claims: { nonce: 'A'.repeat(43) } }],
    ['another audience', { claims: { aud: 'another-client' } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['an end in the past', { claims: { iat: now() - 7200, exp: now() - 3600 } }],
    ['no signature (alg none)', { algorithm: 'none' }],
    ['a shared secret (HS256)', { algorithm: 'HS256' }],
    ['the signature of a stranger', { foreignKey: true }],
  ])('refuses an ID token with %s', async (_name, forgery) => {
    node.forgery = forgery;
    expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_REFUSED');
    expect(node.entries).toEqual([expect.objectContaining({ type: 'sign-in-refused', reasonCode: 'OPENID_REFUSED' })]);
    // The same way, signed anew but not changed, is good.
    node.forgery = {};
    expect((await browser.visit(await node.signInAtProvider(browser))).status).toBe(200);
  });

  it.each([
    ['none', []],
    ['an unknown one', ['janitors']],
    ['one that is not text', [{ role: 'care:doctors' }]],
    ['one of the node’s own names', ['administrator']],
    ['two different ones', ['care:doctors', 'care:desk']],
  ])('refuses a person whose roles at the provider are %s', async (_name, roles) => {
    node.provider.person = { ...CARLA, roles };
    expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_ROLE_REFUSED');
    expect(await node.account('carla')).toBeUndefined();
    expect(node.entries).toEqual([expect.objectContaining({ type: 'sign-in-refused', reasonCode: 'OPENID_ROLE_REFUSED' })]);
    node.provider.person = { ...CARLA, roles: ['janitors', 'care:doctors'] };
    expect((await new ScriptedBrowser().visit(`${node.url}/openid/start`)).status).toBe(303);
    expect((await node.signIn(new ScriptedBrowser())).staff.role).toBe('clinician');
  });

  it('keeps a disabled account disabled, also between callback and hand-over', async () => {
    const { staff } = await node.signIn(browser);
    const { code } = (await (await browser.visit(await node.signInAtProvider(browser))).json()) as { code: string };
    await node.account('carla', { disabled: true });
    expect(await codeOf(await browser.visit(`${node.url}/openid/session`, { method: 'POST', json: { code } }))).toBe('OPENID_ACCOUNT_DISABLED');
    node.provider.person = { ...CARLA, roles: ['care:desk'] };
    expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_ACCOUNT_DISABLED');
    expect(node.entries.at(-1)).toMatchObject({ type: 'sign-in-refused', actor: { id: staff.id }, reasonCode: 'OPENID_ACCOUNT_DISABLED' });
    expect(await node.account('carla')).toMatchObject({ disabled: true, role: 'clinician' });
  });

  it('gives the session for a code once, soon, and in the same browser', async () => {
    const codeFor = async (by: ScriptedBrowser): Promise<string> => String(await answerOf(await node.signInAtProvider(by), by));
    const exchange = (code: unknown, by = browser): Promise<Response> => by.visit(`${node.url}/openid/session`, { method: 'POST', json: { code } });
    expect(await codeOf(await exchange(await codeFor(browser), new ScriptedBrowser()))).toBe('OPENID_STATE_INVALID');
    const late = await codeFor(browser);
    node.clock.advance(HAND_OVER_MILLISECONDS);
    expect(await codeOf(await exchange(late))).toBe('OPENID_STATE_INVALID');
    const code = await codeFor(browser);
    expect((await exchange(code)).status).toBe(200);
    expect(await codeOf(await exchange(code))).toBe('OPENID_STATE_INVALID');
    expect(await codeOf(await exchange({ $gt: '' }))).toBe('OPENID_INPUT_INVALID');
  });

  it('demands a second factor where it is configured', async () => {
    await restart({ requiredAmr: ['mfa'], requiredAcr: ['urn:hospital:gold'] });
    for (const claims of [{}, { acr: 'urn:hospital:gold' }, { acr: 'urn:hospital:gold', amr: ['pwd'] }, { amr: ['mfa'] }]) {
      node.forgery = { claims };
      expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_AUTHENTICATION_WEAK');
    }
    node.forgery = { claims: { acr: 'urn:hospital:gold', amr: ['pwd', 'mfa'] } };
    expect((await browser.visit(await node.signInAtProvider(browser))).status).toBe(200);
  });

  it('demands a recent sign-in at the provider', async () => {
    for (const claims of [{ auth_time: now() - 3700 }, { auth_time: undefined }]) {
      node.forgery = { claims };
      expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_AUTHENTICATION_OLD');
    }
    node.forgery = { claims: { auth_time: now() - 3500 } };
    expect((await browser.visit(await node.signInAtProvider(browser))).status).toBe(200);
  });

  it('makes accounts only where it is told to', async () => {
    await restart({ createAccounts: false });
    expect(await answerOf(await node.signInAtProvider(browser))).toBe('OPENID_ACCOUNT_MISSING');
    expect(await node.account('carla')).toBeUndefined();
  });

  it('lets a person in whose account an administrator linked, and nobody into two accounts', async () => {
    await restart({ createAccounts: false });
    const by = { staffId: '019342f0-0000-7000-8000-00000000000a', username: 'ada', role: 'administrator' } as const;
    const [carla, dora] = [await node.addAccount('carla-l'), await node.addAccount('dora-l')];
    await node.accounts.link(carla, CARLA.sub, by);
    expect((await node.signIn(browser)).staff).toMatchObject({ id: carla, username: 'carla-l', role: 'clinician' });
    await expect(node.accounts.link(dora, CARLA.sub, by)).rejects.toMatchObject({ code: 'USERNAME_TAKEN' });
    await expect(node.accounts.link('019342f0-0000-7000-8000-0000000000ff', 'nobody', by)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('sends the browser to the application with a code, or with the code of an error', async () => {
    await restart({ returnPath: '/app' });
    const landed = (await browser.visit(await node.signInAtProvider(browser))).headers.get('location') ?? '';
    expect(landed).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/app#openid=[\w-]{43}$/);
    const again = await browser.visit(`${node.url}/openid/callback?code=x&state=${'A'.repeat(43)}`);
    expect(again.headers.get('location')).toBe(`${node.url}/app#openid-error=OPENID_STATE_INVALID`);
  });

  it('says that the provider is not there, and goes on when it is back', async () => {
    node.reachable = false;
    expect(await answerOf(`${node.url}/openid/start`)).toBe('OPENID_UNAVAILABLE');
    node.reachable = true;
    const address = await node.signInAtProvider(browser);
    node.reachable = false;
    expect(await answerOf(address)).toBe('OPENID_UNAVAILABLE');
    node.reachable = true;
    expect((await browser.visit(await node.signInAtProvider(browser))).status).toBe(200);
  });
});
