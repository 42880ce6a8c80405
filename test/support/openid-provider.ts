import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';
import Provider from 'oidc-provider';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';

/** Whoever sits at the provider's sign-in page: nobody types anything, the page takes this person. */
export interface ScriptedPerson {
  readonly sub: string;
  readonly roles: unknown;
  readonly username?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

/** A client that is registered at the provider beside the one under test, for the same addresses. */
export const OTHER_CLIENT_ID = 'another-client';

/** What is done to an ID token on its way, by somebody who has the provider's key or pretends to. */
export interface ForgedToken {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly algorithm?: 'none' | 'HS256';
  /** Signs with a key that the provider does not publish. */
  readonly foreignKey?: boolean;
}

/** A real OpenID provider on a socket of this machine. */
export interface TestOpenIdProvider {
  readonly issuer: string;
  /** Who signs in next. */
  person: ScriptedPerson;
  /** Every logout token that was sent. */
  readonly logoutTokens: string[];
  /** Sends a logout token for a person to the client, as a sign-out at the provider would. */
  logOut(sub: string): Promise<void>;
  /** The claims of a token, changed and signed anew. */
  forge(token: string, forgery: ForgedToken): Promise<string>;
  close(): Promise<void>;
}

const LIFETIME_SECONDS = 3600;
/** One for all providers of a test file: making an RSA key takes longer than everything else. */
const providerKey = makeProviderKey();

async function makeProviderKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: 'provider-1', alg: 'RS256', use: 'sig' };
}

/**
 * Starts `oidc-provider` with one confidential client that proves itself by `private_key_jwt`, and another one beside it.
 * @param client where the node under test is, and its public key
 */
export async function startOpenIdProvider(client: { readonly clientId: string; readonly publicUrl: string; readonly publicKey: JWK }): Promise<TestOpenIdProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signingKey = await providerKey;
  const people = new Map<string, ScriptedPerson>();
  const logoutTokens: string[] = [];

  const shared = {
    redirect_uris: [`${client.publicUrl}/openid/callback`],
    token_endpoint_auth_method: 'private_key_jwt' as const,
    // Copied: under jest the original is an object of another realm, which the provider takes for none.
    jwks: { keys: [{ ...client.publicKey }] },
  };
  const clients = new Map<string, AdapterPayload>([
    [client.clientId, { ...shared, client_id: client.clientId, backchannel_logout_uri: `${client.publicUrl}/openid/back-channel-logout` }],
    [OTHER_CLIENT_ID, { ...shared, client_id: OTHER_CLIENT_ID }],
  ]);
  const configuration: Configuration = {
    adapter: (model) => new MapAdapter(model === 'Client' ? clients : new Map<string, AdapterPayload>()),
    ttl: { Interaction: LIFETIME_SECONDS, Grant: LIFETIME_SECONDS, Session: LIFETIME_SECONDS, AccessToken: LIFETIME_SECONDS, IdToken: LIFETIME_SECONDS },
    renderError: (context, out) => {
      context.body = `error: ${out.error} ${out.error_description ?? ''}`;
    },
    jwks: { keys: [signingKey] },
    cookies: { keys: ['a key for the cookies of a test'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'roles'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_context, sub) => {
      const person = people.get(sub);
      return { accountId: sub, claims: () => ({ sub, roles: person?.roles, ...(person?.username === undefined ? {} : { preferred_username: person.username }) }) };
    },
    // Everybody has agreed to everything: consent is not what is tested.
    loadExistingGrant: async (context) => {
      const { client: asking, session, provider: own } = context.oidc;
      const grant = new own.Grant({ clientId: asking?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    fetch: async (url, options) => {
      if (options?.body instanceof URLSearchParams) logoutTokens.push(options.body.get('logout_token') ?? '');
      const { method = 'GET', headers, body } = options ?? {};
      return await fetch(url, { method, ...(headers === undefined ? {} : { headers }), ...(body == null ? {} : { body }) });
    },
    interactions: { url: (_context, interaction) => `/sign-in/${interaction.uid}` },
  };
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();

  const running: TestOpenIdProvider = {
    issuer,
    person: { sub: 'nobody', roles: [] },
    logoutTokens,
    logOut: async (sub) => {
      const found = (await provider.Client.find(client.clientId)) as unknown as { backchannelLogout(sub: string, sid: string): Promise<void> };
      await found.backchannelLogout(sub, 'a session of the provider');
    },
    forge: (token, forgery) => forged(token, forgery, signingKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/sign-in/') !== true) {
      void answer(request, response);
      return;
    }
    const { sub, acr, amr } = running.person;
    people.set(sub, running.person);
    void provider.interactionFinished(request, response, { login: { accountId: sub, ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr: [...amr] }) } });
  });
  return running;
}

async function forged(token: string, { claims = {}, algorithm, foreignKey = false }: ForgedToken, signingKey: JWK): Promise<string> {
  const [, payload = ''] = token.split('.');
  const changed = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>), ...claims };
  if (algorithm === 'none') return `${encoded({ alg: 'none' })}.${encoded(changed)}.`;
  const header = { alg: algorithm ?? 'RS256', kid: signingKey.kid ?? '' };
  if (algorithm === 'HS256') return await new SignJWT(changed).setProtectedHeader(header).sign(new Uint8Array(32));
  const key = foreignKey ? (await generateKeyPair('RS256')).privateKey : await importJWK(signingKey, 'RS256');
  return await new SignJWT(changed).setProtectedHeader(header).sign(key);
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/** What the provider keeps of one kind of thing. */
class MapAdapter implements Adapter {
  constructor(private readonly rows: Map<string, AdapterPayload>) {}

  upsert(id: string, payload: AdapterPayload): Promise<undefined> {
    this.rows.set(id, payload);
    return Promise.resolve(undefined);
  }

  find(id: string): Promise<AdapterPayload | undefined> {
    const row = this.rows.get(id);
    return Promise.resolve(row === undefined ? undefined : { ...row });
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve([...this.rows.values()].find((row) => row.uid === uid));
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  consume(id: string): Promise<undefined> {
    const row = this.rows.get(id);
    if (row !== undefined) this.rows.set(id, { ...row, consumed: Math.floor(Date.now() / 1000) });
    return Promise.resolve(undefined);
  }

  destroy(id: string): Promise<undefined> {
    this.rows.delete(id);
    return Promise.resolve(undefined);
  }

  revokeByGrantId(grantId: string): Promise<undefined> {
    for (const [id, row] of this.rows) if (row.grantId === grantId) this.rows.delete(id);
    return Promise.resolve(undefined);
  }
}

/** A browser: cookies by host, and redirects one by one. */
export class ScriptedBrowser {
  private readonly cookies = new Map<string, Map<string, string>>();

  /** One request; a redirect is an answer. */
  async visit(url: string, options: { readonly method?: string; readonly json?: unknown; readonly token?: string } = {}): Promise<Response> {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    const response = await fetch(url, {
      method: options.method ?? 'GET',
      redirect: 'manual',
      headers: {
        ...(jar.size === 0 ? {} : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split('=', 2) ?? [];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  /** Follows redirects until the next one would go to an address that begins so, and returns that address. */
  async followUntil(url: string, end: string): Promise<string> {
    let address = url;
    for (let step = 0; step < MAX_REDIRECTS; step += 1) {
      const response = await this.visit(address);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`No redirect but ${response.status} from ${new URL(address).pathname}: ${(await response.text())}`);
      address = new URL(location, address).href;
      if (address.startsWith(end)) return address;
    }
    throw new Error('Too many redirects.');
  }
}

const MAX_REDIRECTS = 10;
