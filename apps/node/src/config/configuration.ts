import type { NetworkFile } from '@carecord/identity';
import type { OpenIdSettings } from '../openid/openid-settings.ts';
import type { AdmissionTickets } from './admission-tickets.ts';
import type { DemoAccount, DemoTicket } from './demo-files.ts';
import type { Variables } from './variables.ts';

/** Where the root keys are kept, and what opens them. */
export type KeyHolderConfiguration =
  | { readonly kind: 'sealed-file'; readonly path: string; readonly passphrase: string }
  | { readonly kind: 'pkcs11'; readonly modulePath: string; readonly tokenLabel: string; readonly pinFile: string; readonly keyName: string }
  | { readonly kind: 'vault-transit'; readonly address: string; readonly tokenFile: string; readonly mount: string; readonly keyName: string };

/** How the node meets the others of its network: what the network host is given (`NetworkHostOptions`). */
export interface PeerToPeerConfiguration {
  readonly listen: readonly string[];
  readonly bootstrap: readonly string[];
  readonly announce: { readonly addresses: readonly string[]; readonly onlyThese: boolean };
  readonly mdns: boolean;
  readonly dht: boolean;
  readonly relayServer: boolean;
  readonly behindFirewall: boolean;
  /** How many members keep each value. */
  readonly replication: number;
}

interface CommonConfiguration {
  readonly name: string;
  readonly domain: string;
  readonly networkId: string;
  readonly databaseUrl: string;
  readonly dataDirectory: string;
  readonly keyHolder: KeyHolderConfiguration;
  /** Days after which the keys of the DID are rotated. */
  readonly keyRotationDays: number;
  /** Origin under which others reach this node's HTTP side; absent in demo mode, where it is the address that it listens on. */
  readonly publicUrl: string | undefined;
  /** Addresses or networks of the reverse proxies in front of this node. */
  readonly trustedProxies: readonly string[];
  /** Hosts that may be asked over HTTP although their addresses are private. */
  readonly allowedHosts: readonly string[];
  /** Permission to be admitted: for each authority, or one for all. */
  readonly tickets: AdmissionTickets;
  readonly http: { readonly host: string; readonly port: number };
  readonly peerToPeer: PeerToPeerConfiguration;
  /** Where Prometheus finds the metrics; absent: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly demo: boolean;
  readonly demoAccounts: readonly DemoAccount[];
  readonly logLevel: Variables['CARECORD_LOG_LEVEL'];
}

/** What a hospital's node is told at its start. */
export interface HospitalConfiguration extends CommonConfiguration {
  readonly role: 'hospital';
  readonly network: NetworkFile;
  readonly defaultListing: Variables['CARECORD_DEFAULT_LISTING'];
  /** Staff sign in at the hospital's own provider as well; absent where there is none. */
  readonly openId: OpenIdSettings | undefined;
  /** Cedar text of the hospital's own release policies. */
  readonly hospitalPolicies: string | undefined;
}

/** What an authority's node is told at its start. */
export interface AuthorityConfiguration extends CommonConfiguration {
  readonly role: 'authority';
  /** Absent: this authority is the only one of its network. */
  readonly network: NetworkFile | undefined;
  readonly demoTickets: readonly DemoTicket[];
  /** Says who guards the look-up, for the authorities to sign; read again and again, and need not be there yet. */
  readonly guardiansFile: string | undefined;
}

/** A checked configuration: a node that holds one has everything that it needs to start. */
export type Configuration = HospitalConfiguration | AuthorityConfiguration;
