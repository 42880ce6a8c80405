import { IdentityError, parseNetworkFile } from '@carecord/identity';
import type { NetworkFile } from '@carecord/identity';
import { AdmissionTickets } from './admission-tickets.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { Configuration, KeyHolderConfiguration, PeerToPeerConfiguration } from './configuration.ts';
import { demoAccountsSchema, demoTicketsSchema, parseMountedJson } from './demo-files.ts';
import type { DemoAccount, DemoTicket } from './demo-files.ts';
import { openIdSettings } from '../openid/openid-configuration.ts';
import type { OpenIdSettings } from '../openid/openid-settings.ts';
import { readKeyHolder } from './key-holder-configuration.ts';
import { brokenRules } from './rules.ts';
import { readMounted } from './secret-files.ts';
import { variablesSchema } from './variables.ts';
import type { Variables } from './variables.ts';

/** The metrics are for this machine alone unless the operator says otherwise. */
const METRICS_HOST = '127.0.0.1';
/** With five copies a value is lost when five hospitals of one network fail together before the next repair. */
const DEFAULT_REPLICATION = 5;

/** What stands in the mounted files that the variables name. */
interface Mounted {
  readonly databaseUrl: string | undefined;
  readonly keyHolder: KeyHolderConfiguration | undefined;
  readonly tickets: AdmissionTickets;
  readonly openId: OpenIdSettings | undefined;
  readonly network: NetworkFile | undefined;
  readonly hospitalPolicies: string | undefined;
  readonly demoAccounts: readonly DemoAccount[];
  readonly demoTickets: readonly DemoTicket[];
}

/**
 * Reads a node's whole configuration from environment variables and the files that they name.
 * @param environment the variables, such as `process.env`
 * @throws ConfigurationError with one sentence for each mistake, all of them at once
 */
export function loadConfiguration(environment: Readonly<Record<string, string | undefined>>): Configuration {
  const mistakes: string[] = [];
  const mistaken = new Set<string>();
  const variables = readVariables(environment, mistakes, mistaken);
  mistakes.push(...brokenRules(variables, mistaken));
  const mounted = readMountedFiles(variables, mistaken, mistakes);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return assemble(variables as Variables, mounted);
}

/** Each variable is parsed on its own, so that the rules still see the good ones when others are wrong. */
function readVariables(environment: Readonly<Record<string, string | undefined>>, mistakes: string[], mistaken: Set<string>): Partial<Variables> {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(variablesSchema.shape)) {
    const text = environment[name];
    const result = schema.safeParse(text === '' ? undefined : text);
    if (result.success) {
      values[name] = result.data;
    } else {
      mistaken.add(name);
      mistakes.push(result.error.issues[0]?.message ?? `${name} is wrong.`);
    }
  }
  for (const name of Object.keys(environment)) {
    if (name.startsWith('CARECORD_') && !Object.hasOwn(variablesSchema.shape, name)) mistakes.push(`${name} is not a variable that this node knows.`);
  }
  return values;
}

function readMountedFiles(variables: Partial<Variables>, mistaken: ReadonlySet<string>, mistakes: string[]): Mounted {
  const read = (name: keyof Variables): string | undefined => readMounted(name, variables[name] as string | undefined, mistakes);
  const databaseUrlInFile = read('DATABASE_URL_FILE');
  if (databaseUrlInFile !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrlInFile)) {
    mistakes.push('DATABASE_URL_FILE names a file that must hold an address that starts with postgresql:// .');
  }
  const network = readNetworkFile(read('CARECORD_NETWORK_FILE'), variables.CARECORD_DEMO === true, mistakes);
  return {
    keyHolder: readKeyHolder(variables, mistaken, read, mistakes),
    openId: readOpenId(variables, read, mistakes),
    databaseUrl: variables.DATABASE_URL ?? databaseUrlInFile,
    tickets: readTickets(read('CARECORD_ADMISSION_TICKET_FILE'), network, mistakes),
    network,
    hospitalPolicies: read('CARECORD_HOSPITAL_POLICIES_FILE'),
    demoAccounts: parseMountedJson('CARECORD_DEMO_ACCOUNTS_FILE', read('CARECORD_DEMO_ACCOUNTS_FILE'), demoAccountsSchema, mistakes) ?? [],
    demoTickets: parseMountedJson('CARECORD_DEMO_TICKETS_FILE', read('CARECORD_DEMO_TICKETS_FILE'), demoTicketsSchema, mistakes) ?? [],
  };
}

function readOpenId(variables: Partial<Variables>, read: (name: keyof Variables) => string | undefined, mistakes: string[]): OpenIdSettings | undefined {
  const files = { clientKey: read('CARECORD_OPENID_CLIENT_KEY_FILE'), clientSecret: read('CARECORD_OPENID_CLIENT_SECRET_FILE') };
  return openIdSettings(variables, files, variables.CARECORD_DEMO === true, mistakes);
}

function readTickets(text: string | undefined, network: NetworkFile | undefined, mistakes: string[]): AdmissionTickets {
  if (text === undefined) return AdmissionTickets.none;
  const tickets = AdmissionTickets.parse(text);
  if (tickets === undefined) mistakes.push('CARECORD_ADMISSION_TICKET_FILE must hold one ticket, or on each line the DID of an authority and its ticket.');
  if (tickets?.isForAll === true && (network?.authorities.length ?? 0) > 1) {
    mistakes.push('CARECORD_ADMISSION_TICKET_FILE must say whose ticket it holds, as the network has several authorities: on each line the DID of an authority and its ticket.');
  }
  return tickets ?? AdmissionTickets.none;
}

function readNetworkFile(text: string | undefined, demo: boolean, mistakes: string[]): NetworkFile | undefined {
  if (text === undefined) return undefined;
  try {
    return parseNetworkFile(text, { allowHttp: demo });
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    mistakes.push(error.message);
    return undefined;
  }
}

function assemble(variables: Variables, mounted: Mounted): Configuration {
  const common = {
    name: variables.CARECORD_NAME,
    domain: variables.CARECORD_DOMAIN,
    networkId: present(mounted.network?.networkId ?? variables.CARECORD_NETWORK_ID),
    databaseUrl: present(mounted.databaseUrl),
    dataDirectory: variables.CARECORD_DATA_DIRECTORY,
    keyHolder: present(mounted.keyHolder),
    keyRotationDays: variables.CARECORD_KEY_ROTATION_DAYS,
    publicUrl: variables.CARECORD_PUBLIC_URL,
    trustedProxies: variables.CARECORD_TRUSTED_PROXIES ?? [],
    allowedHosts: variables.CARECORD_ALLOWED_HOSTS ?? [],
    tickets: mounted.tickets,
    http: { host: variables.CARECORD_HTTP_HOST, port: variables.CARECORD_HTTP_PORT },
    peerToPeer: peerToPeer(variables),
    metrics: variables.CARECORD_METRICS_PORT === undefined ? undefined : { host: variables.CARECORD_METRICS_HOST ?? METRICS_HOST, port: variables.CARECORD_METRICS_PORT },
    demo: variables.CARECORD_DEMO,
    demoAccounts: mounted.demoAccounts,
    logLevel: variables.CARECORD_LOG_LEVEL,
  };
  if (variables.CARECORD_ROLE === 'authority') return { role: 'authority', ...common, network: mounted.network, demoTickets: mounted.demoTickets, guardiansFile: variables.CARECORD_GUARDIANS_FILE };
  return {
    role: 'hospital',
    ...common,
    network: present(mounted.network),
    defaultListing: variables.CARECORD_DEFAULT_LISTING,
    hospitalPolicies: mounted.hospitalPolicies,
    openId: mounted.openId,
  };
}

function peerToPeer(variables: Variables): PeerToPeerConfiguration {
  return {
    listen: variables.CARECORD_P2P_LISTEN,
    bootstrap: variables.CARECORD_BOOTSTRAP ?? [],
    announce: { addresses: variables.CARECORD_P2P_ANNOUNCE ?? [], onlyThese: variables.CARECORD_P2P_ANNOUNCE_ONLY },
    mdns: variables.CARECORD_MDNS,
    dht: variables.CARECORD_DHT,
    relayServer: variables.CARECORD_RELAY_SERVER,
    behindFirewall: variables.CARECORD_BEHIND_FIREWALL,
    replication: variables.CARECORD_REPLICATION ?? DEFAULT_REPLICATION,
  };
}

/** The rules have made sure that the value is there; this tells the compiler, and stops us if they ever do not. */
function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new ConfigurationError(['A setting is missing.']);
  return value;
}
