import { isLoopbackHost, isLoopbackMultiaddr } from './addresses.ts';
import type { Variables } from './variables.ts';

/** Domains that nobody can own (RFC 2606): good for demonstrations, worthless as an identity. */
const RESERVED_DOMAIN = /(^|\.)(example|test|invalid|localhost|example\.(com|net|org))$/;

/** One rule about several variables; it is left out when one of those that it `concerns` is wrong by itself. */
interface Rule {
  readonly concerns: readonly (keyof Variables)[];
  readonly broken: (variables: Partial<Variables>) => boolean;
  readonly sentence: string;
}

const hospital = (variables: Partial<Variables>): boolean => variables.CARECORD_ROLE === 'hospital';
const demo = (variables: Partial<Variables>): boolean => variables.CARECORD_DEMO === true;

/** What must hold between the variables; every broken rule is one sentence for the operator. */
const RULES: readonly Rule[] = [
  {
    concerns: ['DATABASE_URL', 'DATABASE_URL_FILE'],
    broken: (variables) => (variables.DATABASE_URL === undefined) === (variables.DATABASE_URL_FILE === undefined),
    sentence: 'Set exactly one of DATABASE_URL and DATABASE_URL_FILE.',
  },
  {
    concerns: ['CARECORD_DEMO', 'DATABASE_URL'],
    broken: (variables) => !demo(variables) && variables.DATABASE_URL !== undefined && hasPassword(variables.DATABASE_URL),
    sentence: 'DATABASE_URL holds a password: outside demo mode put the address into a file and name it in DATABASE_URL_FILE.',
  },
  {
    concerns: ['CARECORD_ROLE', 'CARECORD_NETWORK_FILE'],
    broken: (variables) => hospital(variables) && variables.CARECORD_NETWORK_FILE === undefined,
    sentence: 'CARECORD_NETWORK_FILE is missing: a hospital needs the file that says which authorities it trusts ("carecord network create" writes it).',
  },
  {
    concerns: ['CARECORD_ROLE', 'CARECORD_NETWORK_FILE', 'CARECORD_NETWORK_ID'],
    broken: (variables) => variables.CARECORD_ROLE !== undefined && (variables.CARECORD_NETWORK_FILE === undefined) === (variables.CARECORD_NETWORK_ID === undefined) && !(hospital(variables) && variables.CARECORD_NETWORK_FILE === undefined),
    sentence: 'Set exactly one of CARECORD_NETWORK_FILE and, for an authority that founds a network, CARECORD_NETWORK_ID.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_PUBLIC_URL'],
    broken: (variables) => !demo(variables) && variables.CARECORD_PUBLIC_URL?.startsWith('https://') !== true,
    sentence: 'CARECORD_PUBLIC_URL is missing or not an https:// address: others need the address under which this node is reached.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_PUBLIC_URL'],
    broken: (variables) => demo(variables) && variables.CARECORD_PUBLIC_URL !== undefined && !isLoopbackHost(new URL(variables.CARECORD_PUBLIC_URL).hostname.replace(/^\[|\]$/g, '')),
    sentence: 'CARECORD_PUBLIC_URL must be a loopback address in demo mode, for example http://127.0.0.1:4101.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_VAULT_ADDRESS'],
    broken: (variables) => variables.CARECORD_VAULT_ADDRESS?.startsWith('http://') === true && !isLoopbackHost(new URL(variables.CARECORD_VAULT_ADDRESS).hostname),
    sentence: 'CARECORD_VAULT_ADDRESS must be an https:// address unless it is on this machine.',
  },
  {
    concerns: ['CARECORD_ROLE', 'CARECORD_OPENID_ISSUER'],
    broken: (variables) => variables.CARECORD_ROLE === 'authority' && variables.CARECORD_OPENID_ISSUER !== undefined,
    sentence: 'CARECORD_OPENID_ISSUER is for hospitals alone: the staff of an authority have accounts at its node.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_DOMAIN'],
    broken: (variables) => !demo(variables) && variables.CARECORD_DOMAIN !== undefined && RESERVED_DOMAIN.test(variables.CARECORD_DOMAIN),
    sentence: 'CARECORD_DOMAIN is a reserved domain that nobody can own and needs CARECORD_DEMO=1.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_DEMO_ACCOUNTS_FILE'],
    broken: (variables) => !demo(variables) && variables.CARECORD_DEMO_ACCOUNTS_FILE !== undefined,
    sentence: 'CARECORD_DEMO_ACCOUNTS_FILE creates demo accounts and needs CARECORD_DEMO=1.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_DEMO_TICKETS_FILE'],
    broken: (variables) => !demo(variables) && variables.CARECORD_DEMO_TICKETS_FILE !== undefined,
    sentence: 'CARECORD_DEMO_TICKETS_FILE creates demo admission tickets and needs CARECORD_DEMO=1.',
  },
  {
    concerns: ['CARECORD_ROLE', 'CARECORD_DEMO_TICKETS_FILE'],
    broken: (variables) => hospital(variables) && variables.CARECORD_DEMO_TICKETS_FILE !== undefined,
    sentence: 'CARECORD_DEMO_TICKETS_FILE is for the authority alone.',
  },
  {
    concerns: ['CARECORD_ROLE', 'CARECORD_GUARDIANS_FILE'],
    broken: (variables) => hospital(variables) && variables.CARECORD_GUARDIANS_FILE !== undefined,
    sentence: 'CARECORD_GUARDIANS_FILE is for an authority alone: hospitals hear from the authorities who guards the look-up.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_HTTP_HOST'],
    broken: (variables) => demo(variables) && variables.CARECORD_HTTP_HOST !== undefined && !isLoopbackHost(variables.CARECORD_HTTP_HOST),
    sentence: 'CARECORD_HTTP_HOST must be a loopback address in demo mode, for example 127.0.0.1.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_P2P_LISTEN'],
    broken: (variables) => demo(variables) && variables.CARECORD_P2P_LISTEN?.every(isLoopbackMultiaddr) === false,
    sentence: 'CARECORD_P2P_LISTEN must hold loopback addresses alone in demo mode, for example /ip4/127.0.0.1/tcp/0.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_P2P_ANNOUNCE'],
    broken: (variables) => demo(variables) && variables.CARECORD_P2P_ANNOUNCE?.every(isLoopbackMultiaddr) === false,
    sentence: 'CARECORD_P2P_ANNOUNCE must hold loopback addresses alone in demo mode, for example /ip4/127.0.0.1/tcp/4001.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_P2P_ANNOUNCE'],
    broken: (variables) => !demo(variables) && variables.CARECORD_P2P_ANNOUNCE?.some(isLoopbackMultiaddr) === true,
    sentence: 'CARECORD_P2P_ANNOUNCE holds a loopback address, which leads other hospitals to themselves.',
  },
  {
    concerns: ['CARECORD_P2P_ANNOUNCE', 'CARECORD_P2P_ANNOUNCE_ONLY'],
    broken: (variables) => variables.CARECORD_P2P_ANNOUNCE_ONLY === true && variables.CARECORD_P2P_ANNOUNCE === undefined,
    sentence: 'CARECORD_P2P_ANNOUNCE_ONLY=1 needs addresses in CARECORD_P2P_ANNOUNCE: otherwise nobody learns where this node is.',
  },
  {
    concerns: ['CARECORD_BEHIND_FIREWALL', 'CARECORD_RELAY_SERVER'],
    broken: (variables) => variables.CARECORD_BEHIND_FIREWALL === true && variables.CARECORD_RELAY_SERVER === true,
    sentence: 'CARECORD_RELAY_SERVER and CARECORD_BEHIND_FIREWALL exclude each other: who cannot be reached cannot relay for others.',
  },
  {
    concerns: ['CARECORD_BEHIND_FIREWALL', 'CARECORD_P2P_ANNOUNCE'],
    broken: (variables) => variables.CARECORD_BEHIND_FIREWALL === true && variables.CARECORD_P2P_ANNOUNCE !== undefined,
    sentence: 'CARECORD_P2P_ANNOUNCE and CARECORD_BEHIND_FIREWALL exclude each other: who cannot be reached announces the places that it has at relays, by itself.',
  },
  {
    concerns: ['CARECORD_DHT', 'CARECORD_REPLICATION'],
    broken: (variables) => variables.CARECORD_DHT === false && variables.CARECORD_REPLICATION !== undefined,
    sentence: 'CARECORD_REPLICATION is for CARECORD_DHT=1 alone: without the DHT this node publishes nothing.',
  },
  {
    concerns: ['CARECORD_METRICS_HOST', 'CARECORD_METRICS_PORT'],
    broken: (variables) => variables.CARECORD_METRICS_HOST !== undefined && variables.CARECORD_METRICS_PORT === undefined,
    sentence: 'CARECORD_METRICS_HOST needs a port in CARECORD_METRICS_PORT: without one there are no metrics.',
  },
  {
    concerns: ['CARECORD_HTTP_PORT', 'CARECORD_METRICS_PORT'],
    broken: (variables) => variables.CARECORD_METRICS_PORT !== undefined && variables.CARECORD_METRICS_PORT === variables.CARECORD_HTTP_PORT,
    sentence: 'CARECORD_METRICS_PORT must be another port than CARECORD_HTTP_PORT: the metrics are not for everybody who reaches the API.',
  },
  {
    concerns: ['CARECORD_DEMO', 'CARECORD_METRICS_HOST'],
    broken: (variables) => demo(variables) && variables.CARECORD_METRICS_HOST !== undefined && !isLoopbackHost(variables.CARECORD_METRICS_HOST),
    sentence: 'CARECORD_METRICS_HOST must be a loopback address in demo mode, for example 127.0.0.1.',
  },
];

/**
 * The sentences of all rules that the variables break.
 * @param mistaken the variables that are wrong by themselves and have their sentence already
 */
export function brokenRules(variables: Partial<Variables>, mistaken: ReadonlySet<string>): string[] {
  return RULES.filter((rule) => !rule.concerns.some((name) => mistaken.has(name)) && rule.broken(variables)).map((rule) => rule.sentence);
}

function hasPassword(url: string): boolean {
  return URL.canParse(url) && new URL(url).password !== '';
}
