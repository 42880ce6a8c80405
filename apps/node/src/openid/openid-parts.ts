import type { Provider, Type } from '@nestjs/common';
import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import type { SessionStore, StaffStore, UsedAssertionStore } from '@carecord/storage';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import { BackChannelLogout } from './back-channel-logout.ts';
import type { ProviderFetch } from './bounded-fetch.ts';
import { BrowserCookie } from './browser-cookie.ts';
import { OpenIdController } from './openid-controller.ts';
import { OpenIdProvider } from './openid-provider.ts';
import type { OpenIdSettings } from './openid-settings.ts';
import { OpenIdSignIn } from './openid-sign-in.ts';
import { ProviderAccounts } from './provider-accounts.ts';
import { OPENID_LOGGER, OPENID_RETURN_ADDRESS } from './tokens.ts';

/** What sign-in through a provider needs of the node. */
export interface OpenIdPartsOptions {
  readonly settings: OpenIdSettings;
  /** The node's guarded way out. */
  readonly fetch: ProviderFetch;
  readonly staff: StaffStore;
  readonly sessionStore: SessionStore;
  readonly sessions: Sessions;
  readonly challenges: SignInChallenges;
  readonly assertions: UsedAssertionStore;
  /** Ring keys `staff-sealing` that are not destroyed, the active one first: who somebody is at the provider is known through them. */
  readonly tokenKeys: () => readonly Uint8Array[];
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sign-in through the hospital's OpenID provider, put together: for a node that has one configured. */
export function openIdParts(options: OpenIdPartsOptions): { readonly controllers: Type[]; readonly providers: Provider[]; readonly accounts: ProviderAccounts } {
  const { settings, staff, sessions, sessionStore, challenges, assertions, tokenKeys, transactions, audit, clock, logger } = options;
  const provider = new OpenIdProvider(settings, options.fetch, clock);
  const accounts = new ProviderAccounts({ staff, sessions: sessionStore, challenges, transactions, audit, tokenKeys, issuer: settings.issuer, createAccounts: settings.createAccounts });
  return {
    accounts,
    controllers: [OpenIdController],
    providers: [
      { provide: ProviderAccounts, useValue: accounts },
      { provide: OpenIdSignIn, useValue: new OpenIdSignIn({ settings, provider, accounts, challenges, sessions, staff, transactions, audit, clock }) },
      { provide: BackChannelLogout, useValue: new BackChannelLogout({ settings, provider, accounts, assertions, clock }) },
      { provide: BrowserCookie, useValue: new BrowserCookie(settings.publicUrl) },
      { provide: OPENID_RETURN_ADDRESS, useValue: settings.returnPath === undefined ? null : settings.publicUrl + settings.returnPath },
      { provide: OPENID_LOGGER, useValue: logger },
    ],
  };
}
