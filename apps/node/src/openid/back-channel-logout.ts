import type { Clock } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import type { UsedAssertionStore } from '@carecord/storage';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import type { FetchImplementation, JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { OpenIdError } from './openid-error.ts';
import { ID_TOKEN_ALGORITHMS } from './openid-provider.ts';
import type { OpenIdProvider } from './openid-provider.ts';
import type { OpenIdSettings } from './openid-settings.ts';
import type { ProviderAccounts } from './provider-accounts.ts';
import { PROVIDER_CLOCK_SKEW_SECONDS, subjectSchema } from './provider-claims.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** A logout token is sent when it is made; an old one is somebody's copy. The standard recommends two minutes. */
const MAX_AGE_SECONDS = 2 * 60;

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
const logoutClaimsSchema = z.looseObject({
  // We keep no session ids of the provider, so a token must name the person.
  sub: subjectSchema,
  iat: z.number(),
  jti: z.string().min(1).max(256),
  events: z.looseObject({ [LOGOUT_EVENT]: z.looseObject({}) }),
  // What has one is an ID token, which anybody may have seen.
  nonce: z.never().optional(),
});

/** What {@link BackChannelLogout} needs from outside. */
export interface BackChannelLogoutDependencies {
  readonly settings: Pick<OpenIdSettings, 'issuer' | 'clientId'>;
  readonly provider: Pick<OpenIdProvider, 'metadata' | 'fetch'>;
  readonly accounts: Pick<ProviderAccounts, 'signOut'>;
  readonly assertions: Pick<UsedAssertionStore, 'take'>;
  readonly clock: Clock;
}

/** Ends a person's sessions when the provider says that the person has signed out, or was signed out, there. */
export class BackChannelLogout {
  private keys: { readonly address: string; readonly get: JWTVerifyGetKey } | undefined;

  constructor(private readonly dependencies: BackChannelLogoutDependencies) {}

  /** @throws OpenIdError `OPENID_LOGOUT_INVALID` when the token does not stand or was used before, `OPENID_UNAVAILABLE` */
  async signOut(logoutToken: string): Promise<void> {
    const { settings, accounts, assertions } = this.dependencies;
    const { sub, jti, until } = await this.verify(logoutToken);
    if (!(await assertions.take(hashWithContext('node/openid-logout', settings.issuer, jti), until))) throw invalid();
    await accounts.signOut({ iss: settings.issuer, sub });
  }

  private async verify(logoutToken: string): Promise<{ readonly sub: string; readonly jti: string; readonly until: Date }> {
    const { settings, clock } = this.dependencies;
    const keys = await this.providerKeys();
    try {
      const { payload, protectedHeader } = await jwtVerify(logoutToken, keys, {
        issuer: settings.issuer,
        audience: settings.clientId,
        algorithms: [...ID_TOKEN_ALGORITHMS],
        clockTolerance: PROVIDER_CLOCK_SKEW_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
        currentDate: clock.now(),
      });
      // Older providers leave the type out; where it stands it must be this one.
      if (protectedHeader.typ !== undefined && !/^(application\/)?(logout\+jwt|jwt)$/i.test(protectedHeader.typ)) throw new Error('The token is of another type.');
      const { sub, jti, iat } = logoutClaimsSchema.parse(payload);
      return { sub, jti, until: new Date((iat + MAX_AGE_SECONDS + 2 * PROVIDER_CLOCK_SKEW_SECONDS) * 1000) };
    } catch (cause) {
      for (let error = cause; error instanceof Error; error = error.cause) {
        if (error instanceof OpenIdError) throw error;
      }
      throw invalid(cause);
    }
  }

  private async providerKeys(): Promise<JWTVerifyGetKey> {
    const { provider } = this.dependencies;
    const { jwks_uri: address } = await provider.metadata();
    if (address === undefined) throw new OpenIdError('OPENID_UNAVAILABLE', 'The sign-in service of the hospital publishes no keys.');
    if (this.keys?.address !== address) {
      const fetch: FetchImplementation = (url, { headers, method, signal }) => provider.fetch(url, { method, headers: Object.fromEntries(headers), signal });
      this.keys = { address, get: createRemoteJWKSet(new URL(address), { [customFetch]: fetch }) };
    }
    return this.keys.get;
  }
}

function invalid(cause?: unknown): OpenIdError {
  return new OpenIdError('OPENID_LOGOUT_INVALID', 'The logout token does not stand, or was used before.', { cause });
}
