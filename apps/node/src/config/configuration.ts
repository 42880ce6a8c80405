import type { DemoAccount, DemoTicket } from './demo-files.ts';
import type { Variables } from './variables.ts';

/** What a hospital node knows of the authority that it trusts. */
export interface AuthoritySettings {
  readonly url: string;
  readonly did: string;
  /** The one-time admission ticket: needed until the hospital is admitted. */
  readonly ticket: string | undefined;
}

interface CommonConfiguration {
  readonly name: string;
  readonly domain: string;
  readonly networkId: string;
  readonly databaseUrl: string;
  readonly dataDirectory: string;
  readonly keyPassphrase: string;
  readonly http: { readonly host: string; readonly port: number };
  readonly peerToPeer: { readonly listen: readonly string[]; readonly bootstrap: readonly string[] };
  readonly demo: boolean;
  readonly logLevel: Variables['CARECORD_LOG_LEVEL'];
}

/** What a hospital's node is told at its start. */
export interface HospitalConfiguration extends CommonConfiguration {
  readonly role: 'hospital';
  readonly authority: AuthoritySettings;
  readonly defaultListing: Variables['CARECORD_DEFAULT_LISTING'];
  /** Cedar text of the hospital's own release policies. */
  readonly hospitalPolicies: string | undefined;
  readonly demoAccounts: readonly DemoAccount[];
}

/** What an authority's node is told at its start. */
export interface AuthorityConfiguration extends CommonConfiguration {
  readonly role: 'authority';
  readonly demoTickets: readonly DemoTicket[];
}

/** A checked configuration: a node that holds one has everything that it needs to start. */
export type Configuration = HospitalConfiguration | AuthorityConfiguration;
