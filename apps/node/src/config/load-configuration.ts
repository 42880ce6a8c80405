import { ConfigurationError } from './configuration-error.ts';
import type { Configuration } from './configuration.ts';
import { demoAccountsSchema, demoTicketsSchema, parseMountedJson } from './demo-files.ts';
import type { DemoAccount, DemoTicket } from './demo-files.ts';
import { passphraseWeakness } from './passphrase.ts';
import { brokenRules } from './rules.ts';
import { readMounted } from './secret-files.ts';
import { variablesSchema } from './variables.ts';
import type { Variables } from './variables.ts';

/** What stands in the mounted files that the variables name. */
interface Mounted {
  readonly databaseUrl: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly ticket: string | undefined;
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
  const mounted = readMountedFiles(variables, mistakes);
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

function readMountedFiles(variables: Partial<Variables>, mistakes: string[]): Mounted {
  const read = (name: keyof Variables): string | undefined => readMounted(name, variables[name] as string | undefined, mistakes);
  const keyPassphrase = read('CARECORD_KEY_PASSPHRASE_FILE');
  const weakness = keyPassphrase === undefined ? undefined : passphraseWeakness(keyPassphrase);
  if (weakness !== undefined) mistakes.push(`The passphrase in CARECORD_KEY_PASSPHRASE_FILE ${weakness}.`);
  const databaseUrlInFile = read('DATABASE_URL_FILE');
  if (databaseUrlInFile !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrlInFile)) {
    mistakes.push('DATABASE_URL_FILE names a file that must hold an address that starts with postgresql:// .');
  }
  return {
    keyPassphrase,
    databaseUrl: variables.DATABASE_URL ?? databaseUrlInFile,
    ticket: read('CARECORD_ADMISSION_TICKET_FILE'),
    hospitalPolicies: read('CARECORD_HOSPITAL_POLICIES_FILE'),
    demoAccounts: parseMountedJson('CARECORD_DEMO_ACCOUNTS_FILE', read('CARECORD_DEMO_ACCOUNTS_FILE'), demoAccountsSchema, mistakes) ?? [],
    demoTickets: parseMountedJson('CARECORD_DEMO_TICKETS_FILE', read('CARECORD_DEMO_TICKETS_FILE'), demoTicketsSchema, mistakes) ?? [],
  };
}

function assemble(variables: Variables, mounted: Mounted): Configuration {
  const common = {
    name: variables.CARECORD_NAME,
    domain: variables.CARECORD_DOMAIN,
    networkId: variables.CARECORD_NETWORK_ID,
    databaseUrl: present(mounted.databaseUrl),
    dataDirectory: variables.CARECORD_DATA_DIRECTORY,
    keyPassphrase: present(mounted.keyPassphrase),
    http: { host: variables.CARECORD_HTTP_HOST, port: variables.CARECORD_HTTP_PORT },
    peerToPeer: { listen: variables.CARECORD_P2P_LISTEN, bootstrap: variables.CARECORD_BOOTSTRAP ?? [] },
    demo: variables.CARECORD_DEMO,
    logLevel: variables.CARECORD_LOG_LEVEL,
  };
  if (variables.CARECORD_ROLE === 'authority') return { role: 'authority', ...common, demoTickets: mounted.demoTickets };
  return {
    role: 'hospital',
    ...common,
    authority: { url: present(variables.CARECORD_AUTHORITY_URL), did: present(variables.CARECORD_AUTHORITY_DID), ticket: mounted.ticket },
    defaultListing: variables.CARECORD_DEFAULT_LISTING,
    hospitalPolicies: mounted.hospitalPolicies,
    demoAccounts: mounted.demoAccounts,
  };
}

/** The rules have made sure that the value is there; this tells the compiler, and stops us if they ever do not. */
function present(value: string | undefined): string {
  if (value === undefined) throw new ConfigurationError(['A setting is missing.']);
  return value;
}
