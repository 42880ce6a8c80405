import { createPrivateKey } from 'node:crypto';
import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  PrivateKeyJwt,
} from 'openid-client';
import type { ClientAuth, CustomFetch, ServerMetadata } from 'openid-client';
import { boundedFetch, PROVIDER_TIMEOUT_SECONDS } from './bounded-fetch.ts';
import type { ProviderFetch } from './bounded-fetch.ts';
import { OpenIdError } from './openid-error.ts';
import type { OpenIdSettings } from './openid-settings.ts';
import { idTokenClaimsSchema } from './provider-claims.ts';
import type { IdTokenClaims } from './provider-claims.ts';
import { signingKeyFor } from './provider-signing-key.ts';

/** The provider's metadata is asked for again after this time: endpoints and algorithms change seldom. */
const DISCOVERY_MILLISECONDS = 60 * 60_000;

/** What an ID token may be signed with: never a shared secret, never nothing. */
export const ID_TOKEN_ALGORITHMS: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** The secrets of one sign-in that is under way. */
export interface SignInSecrets {
  readonly state: string;
  readonly nonce: string;
  /** PKCE (RFC 7636): 43 to 128 characters. */
  readonly codeVerifier: string;
}

/** The hospital's OpenID provider, as found by discovery; asked through the guarded fetch alone. */
export class OpenIdProvider {
  readonly redirectUri: string;
  /** The fetch with its limits. */
  readonly fetch: ProviderFetch;
  private found: { readonly configuration: Promise<Configuration>; readonly until: Date } | undefined;

  constructor(
    private readonly settings: OpenIdSettings,
    fetch: ProviderFetch,
    private readonly clock: Clock,
  ) {
    this.redirectUri = `${settings.publicUrl}/openid/callback`;
    this.fetch = boundedFetch(fetch);
  }

  /**
   * Where the browser is sent: authorization code flow with PKCE (S256), state and nonce.
   * @param again the person must sign in once more, whatever the provider remembers
   * @throws OpenIdError `OPENID_UNAVAILABLE`
   */
  async authorizationUrl({ state, nonce, codeVerifier }: SignInSecrets, again: boolean): Promise<string> {
    const { requiredAcr, scope, maxAgeSeconds } = this.settings;
    const url = buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: this.redirectUri,
      response_type: 'code',
      scope,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      max_age: again ? '0' : String(maxAgeSeconds),
      ...(again ? { prompt: 'login' } : {}),
      ...(requiredAcr.length === 0 ? {} : { acr_values: requiredAcr.join(' ') }),
    });
    return url.href;
  }

  /**
   * Exchanges the code of a callback for an ID token, and checks: issuer of the answer (RFC 9207) and of the token, state,
   * signature, audience, times, nonce. How and when the person signed in is the caller's to judge.
   * @param answer the parameters `code`, `state` and, if there is one, `iss` of the callback
   * @throws OpenIdError `OPENID_REFUSED`, `OPENID_UNAVAILABLE`
   */
  async exchange(answer: { readonly code: string; readonly iss?: string | undefined }, { state, nonce, codeVerifier }: SignInSecrets): Promise<IdTokenClaims> {
    const configuration = await this.configuration();
    const url = new URL(this.redirectUri);
    url.searchParams.set('code', answer.code);
    url.searchParams.set('state', state);
    if (answer.iss !== undefined) url.searchParams.set('iss', answer.iss);
    try {
      const tokens = await authorizationCodeGrant(configuration, url, { pkceCodeVerifier: codeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
      const claims = idTokenClaimsSchema.parse(tokens.claims());
      if (claims.iss !== this.settings.issuer) throw new Error('The ID token is of another issuer.');
      return claims;
    } catch (cause) {
      throw providerError(cause);
    }
  }

  /** @throws OpenIdError `OPENID_UNAVAILABLE` */
  async metadata(): Promise<Readonly<ServerMetadata>> {
    return (await this.configuration()).serverMetadata();
  }

  private async configuration(): Promise<Configuration> {
    const now = this.clock.now();
    if (this.found === undefined || this.found.until <= now) {
      const found = { configuration: this.discover(), until: later(now, DISCOVERY_MILLISECONDS) };
      this.found = found;
      found.configuration.catch(() => {
        if (this.found === found) this.found = undefined;
      });
    }
    return await this.found.configuration;
  }

  private async discover(): Promise<Configuration> {
    const { issuer, clientId } = this.settings;
    const execute = issuer.startsWith('http://') ? [permitPlainHttp] : [];
    const fetch = this.fetch as CustomFetch;
    try {
      const first = await discovery(new URL(issuer), clientId, undefined, undefined, { [customFetch]: fetch, timeout: PROVIDER_TIMEOUT_SECONDS, execute });
      const metadata = plainMetadata(first);
      if (metadata.issuer !== issuer) throw new Error('The metadata is of another issuer.');
      const algorithms = metadata.id_token_signing_alg_values_supported?.filter((algorithm) => ID_TOKEN_ALGORITHMS.includes(algorithm));
      if (algorithms?.length === 0) throw new Error('The provider signs ID tokens in no way that is accepted.');
      const server = { ...metadata, ...(algorithms === undefined ? {} : { id_token_signing_alg_values_supported: algorithms }) };
      const configuration = new Configuration(server, clientId, undefined, await this.proof(metadata));
      configuration[customFetch] = fetch;
      configuration.timeout = PROVIDER_TIMEOUT_SECONDS;
      for (const extension of [...execute, enableNonRepudiationChecks]) extension(configuration);
      return configuration;
    } catch (cause) {
      throw new OpenIdError('OPENID_UNAVAILABLE', "The hospital's sign-in service cannot be reached at the moment.", { cause });
    }
  }

  private async proof(metadata: ServerMetadata): Promise<ClientAuth> {
    const { proof } = this.settings;
    if (proof.kind === 'secret') return ClientSecretBasic(proof.secret);
    const key = await signingKeyFor(createPrivateKey(proof.pem), metadata.token_endpoint_auth_signing_alg_values_supported);
    return PrivateKeyJwt(proof.keyId === undefined ? key : { key, kid: proof.keyId });
  }
}

/** For a provider in demo mode: the configuration allows no other. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so in order to stand out
const permitPlainHttp: (configuration: Configuration) => void = allowInsecureRequests;

/** The metadata without the functions that the library adds. */
function plainMetadata(configuration: Configuration): ServerMetadata {
  const entries = Object.entries(configuration.serverMetadata()).filter(([, value]) => typeof value !== 'function');
  return Object.fromEntries(entries) as unknown as ServerMetadata;
}

/** Whatever the library says becomes one of two codes; a fault of the connection may be wrapped by it. */
function providerError(cause: unknown): OpenIdError {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if (error instanceof OpenIdError) return error;
  }
  return new OpenIdError('OPENID_REFUSED', "The hospital's sign-in service did not sign you in, or its answer does not stand.", { cause });
}
