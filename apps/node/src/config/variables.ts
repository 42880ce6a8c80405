import { memberNameSchema } from '@carecord/identity';
import { z } from 'zod';
import { canBeTold, canListenAt, isAddressOrNetwork, parsePeerAddress } from './addresses.ts';
import type { PeerAddress } from './addresses.ts';
import { openIdVariables } from '../openid/openid-configuration.ts';

/** What a hospital may set for all new patients: named hospitals are a patient's own. */
const DEFAULT_LISTINGS = ['listed', 'unlisted'] as const;

/**
 * The environment variables of a node, each with the sentence that an operator reads when it is wrong. Rules about
 * several variables together stand in `rules.ts`. An empty variable counts as one that is not set.
 */
const port = (name: string): z.ZodType<number> =>
  z.string({ error: `${name} is missing: set it to a port number, or to 0 for any free port.` })
    .regex(/^\d{1,5}$/, { error: `${name} must be a port number between 0 and 65535.` })
    .transform(Number)
    .refine((value) => value <= 65_535, { error: `${name} must be a port number between 0 and 65535.` });

const oneOf = <const Values extends readonly [string, ...string[]]>(name: string, values: Values): z.ZodEnum<{ [Value in Values[number]]: Value }> =>
  z.enum(values, { error: `${name} must be one of: ${values.join(', ')}.` });

const required = (name: string, what: string): z.ZodString => z.string({ error: `${name} is missing: set it to ${what}.` });

const pathSegment = (name: string): z.ZodString => z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, { error: `${name} must be a name of letters, digits, hyphens and underscores.` });

const DAYS = 'CARECORD_KEY_ROTATION_DAYS must be a number of days between 1 and 365.';
const PUBLIC_URL = 'CARECORD_PUBLIC_URL must be an https:// address without a path, for example https://carecord.hospital-a.fi.';

/** Libp2p addresses, separated by commas, each of which must be usable for what it is given. */
const multiaddrs = (name: string, example: string, isUsable: (address: PeerAddress) => boolean): z.ZodType<string[]> =>
  z.string({ error: `${name} is missing: set it to libp2p addresses such as ${example}, separated by commas.` })
    .transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''))
    .refine((list) => list.length > 0 && list.map(parsePeerAddress).every((address) => address !== undefined && isUsable(address)), {
      error: `${name} must hold libp2p addresses such as ${example}, separated by commas.`,
    });

const flag = (name: string, unlessSet = false): z.ZodType<boolean> =>
  z.enum(['0', '1'], { error: `${name} must be 0 or 1.` }).optional().transform((value) => (value === undefined ? unlessSet : value === '1'));

export const variablesSchema = z.object({
  ...openIdVariables,
  CARECORD_ROLE: oneOf('CARECORD_ROLE', ['hospital', 'authority']),
  CARECORD_NAME: required('CARECORD_NAME', "the organisation's name, for example \"Hospital A\"")
    .max(200, { error: 'CARECORD_NAME must not be longer than 200 characters.', abort: true })
    .refine((name) => memberNameSchema.safeParse(name).success, { error: 'CARECORD_NAME must be words of visible characters (Unicode normal form C) with single spaces between them.' }),
  CARECORD_DOMAIN: required('CARECORD_DOMAIN', "the domain of the organisation's DID, for example a.hospital.example").regex(
    /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    { error: 'CARECORD_DOMAIN must be a domain name in lower case without a port, for example a.hospital.example.' },
  ),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, { error: 'DATABASE_URL must start with postgresql:// .' })
    .optional(),
  DATABASE_URL_FILE: z.string().optional(),
  CARECORD_DATA_DIRECTORY: required('CARECORD_DATA_DIRECTORY', "the folder for what this node alone keeps, such as the sealed key file"),
  CARECORD_KEY_HOLDER: oneOf('CARECORD_KEY_HOLDER', ['sealed-file', 'pkcs11', 'vault-transit']).default('sealed-file'),
  CARECORD_KEY_FILE: z.string().optional(),
  CARECORD_KEY_PASSPHRASE_FILE: z.string().optional(),
  CARECORD_PKCS11_MODULE: z.string().optional(),
  CARECORD_PKCS11_TOKEN: z.string().max(32, { error: 'CARECORD_PKCS11_TOKEN must be the label of a token: at most 32 characters.' }).optional(),
  CARECORD_PKCS11_PIN_FILE: z.string().optional(),
  CARECORD_VAULT_ADDRESS: z.url({ protocol: /^https?$/, error: 'CARECORD_VAULT_ADDRESS must be an http:// or https:// address.' }).optional(),
  CARECORD_VAULT_TOKEN_FILE: z.string().optional(),
  CARECORD_VAULT_MOUNT: pathSegment('CARECORD_VAULT_MOUNT').default('transit'),
  CARECORD_ROOT_KEY_NAME: pathSegment('CARECORD_ROOT_KEY_NAME').default('carecord-root'),
  CARECORD_KEY_ROTATION_DAYS: z.coerce.number({ error: DAYS }).int({ error: DAYS }).min(1, { error: DAYS }).max(365, { error: DAYS }).default(90),
  CARECORD_HTTP_HOST: z.string().default('127.0.0.1'),
  CARECORD_HTTP_PORT: port('CARECORD_HTTP_PORT'),
  CARECORD_P2P_LISTEN: multiaddrs('CARECORD_P2P_LISTEN', '/ip4/127.0.0.1/tcp/4001 or /ip6/::/tcp/4002/ws', canListenAt),
  CARECORD_P2P_ANNOUNCE: multiaddrs('CARECORD_P2P_ANNOUNCE', '/dns4/carecord.hospital-a.fi/tcp/443/wss (a port, no /p2p/)', canBeTold).optional(),
  CARECORD_P2P_ANNOUNCE_ONLY: flag('CARECORD_P2P_ANNOUNCE_ONLY'),
  CARECORD_BOOTSTRAP: multiaddrs('CARECORD_BOOTSTRAP', '/ip4/127.0.0.1/tcp/4001', ({ port }) => port > 0).optional(),
  CARECORD_MDNS: flag('CARECORD_MDNS'),
  CARECORD_DHT: flag('CARECORD_DHT', true),
  CARECORD_REPLICATION: z.string().regex(/^([3-9]|1[0-2])$/, { error: 'CARECORD_REPLICATION must be a number of members between 3 and 12.' }).transform(Number).optional(),
  CARECORD_RELAY_SERVER: flag('CARECORD_RELAY_SERVER'),
  CARECORD_BEHIND_FIREWALL: flag('CARECORD_BEHIND_FIREWALL'),
  CARECORD_METRICS_HOST: z.string().optional(),
  CARECORD_METRICS_PORT: port('CARECORD_METRICS_PORT').refine((value) => value > 0, { error: 'CARECORD_METRICS_PORT must be a port number between 1 and 65535.' }).optional(),
  CARECORD_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: PUBLIC_URL })
    .refine((url) => new URL(url).pathname === '/' && new URL(url).search === '' && new URL(url).username === '', { error: PUBLIC_URL })
    .transform((url) => new URL(url).origin)
    .optional(),
  CARECORD_ALLOWED_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''))
    .refine((hosts) => hosts.every((host) => /^[a-z0-9.:[\]-]{1,253}$/.test(host)), { error: 'CARECORD_ALLOWED_HOSTS must hold host names or addresses, separated by commas.' })
    .optional(),
  CARECORD_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''))
    .refine((list) => list.every(isAddressOrNetwork), { error: 'CARECORD_TRUSTED_PROXIES must hold IP addresses or networks such as 10.0.0.0/8, separated by commas.' })
    .optional(),
  CARECORD_NETWORK_FILE: z.string().optional(),
  CARECORD_ADMISSION_TICKET_FILE: z.string().optional(),
  CARECORD_NETWORK_ID: z.string().regex(/^[a-z0-9][a-z0-9-]{2,62}$/, { error: 'CARECORD_NETWORK_ID must be 3 to 63 lower-case letters, digits and hyphens.' }).optional(),
  CARECORD_DEFAULT_LISTING: oneOf('CARECORD_DEFAULT_LISTING', DEFAULT_LISTINGS).default('unlisted'),
  CARECORD_HOSPITAL_POLICIES_FILE: z.string().optional(),
  CARECORD_DEMO: flag('CARECORD_DEMO'),
  CARECORD_DEMO_ACCOUNTS_FILE: z.string().optional(),
  CARECORD_DEMO_TICKETS_FILE: z.string().optional(),
  CARECORD_GUARDIANS_FILE: z.string().optional(),
  CARECORD_LOG_LEVEL: oneOf('CARECORD_LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
});

export type Variables = z.infer<typeof variablesSchema>;
