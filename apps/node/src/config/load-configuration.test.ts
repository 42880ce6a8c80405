import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from './configuration-error.ts';
import { loadConfiguration } from './load-configuration.ts';

const directory = mkdtempSync(join(tmpdir(), 'carecord-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const passphrase = file('passphrase', 'correct horse battery staple\n');
const PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp';
const DID = 'did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG';
const WITNESSES = ['did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'];

interface NetworkFileText {
  readonly threshold?: number;
  readonly authorities?: readonly Readonly<Record<string, string>>[];
}
const authority = (number: number, origin: string): Readonly<Record<string, string>> => ({ did: `${DID}:authority-${number}.example`, url: origin, witness: WITNESSES[number - 1] ?? '' });
const networkText = (change: NetworkFileText = {}): string =>
  JSON.stringify({
    version: 2,
    sequence: 1,
    networkId: 'carecord-file',
    threshold: 1,
    authorities: [authority(1, 'https://authority.health.fi')],
    guardians: { members: [`${DID}:authority-1.example`], threshold: 1 },
    epoch: 1,
    statusMaxAgeHours: 24,
    witnessThreshold: 1,
    ...change,
  });
const network = file('network.json', networkText());
const demoNetwork = file('demo-network.json', networkText({ authorities: [authority(1, 'http://127.0.0.1:4000')] }));

type Environment = Record<string, string | undefined>;

const demoHospital: Environment = {
  CARECORD_ROLE: 'hospital',
  CARECORD_NAME: 'Hospital A',
  CARECORD_DOMAIN: 'a.hospital.example',
  DATABASE_URL: 'postgresql://carecord:secret@127.0.0.1:5432/a',
  CARECORD_DATA_DIRECTORY: directory,
  CARECORD_KEY_PASSPHRASE_FILE: passphrase,
  CARECORD_HTTP_PORT: '0',
  CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0',
  CARECORD_NETWORK_FILE: demoNetwork,
  CARECORD_DEMO: '1',
};

const realHospital: Environment = {
  ...demoHospital,
  CARECORD_DEMO: undefined,
  CARECORD_DOMAIN: 'hospital-a.fi',
  DATABASE_URL: undefined,
  DATABASE_URL_FILE: file('database-url', 'postgresql://carecord:secret@database.internal:5432/a'),
  CARECORD_NETWORK_FILE: network,
  CARECORD_PUBLIC_URL: 'https://carecord.hospital-a.fi',
  CARECORD_HTTP_HOST: '0.0.0.0',
  CARECORD_P2P_LISTEN: '/ip4/0.0.0.0/tcp/4001',
};

const demoAuthority: Environment = { ...demoHospital, CARECORD_ROLE: 'authority', CARECORD_DOMAIN: 'authority.example', CARECORD_NETWORK_FILE: undefined, CARECORD_NETWORK_ID: 'carecord-demo' };
const realAuthority: Environment = { ...realHospital, CARECORD_ROLE: 'authority', CARECORD_DOMAIN: 'authority.health.fi', CARECORD_PUBLIC_URL: 'https://authority.health.fi' };

const withoutHolder: Environment = { ...realHospital, CARECORD_KEY_PASSPHRASE_FILE: undefined };
const pkcs11: Environment = { ...withoutHolder, CARECORD_KEY_HOLDER: 'pkcs11', CARECORD_PKCS11_MODULE: '/usr/lib/pkcs11.so', CARECORD_PKCS11_TOKEN: 'carecord', CARECORD_PKCS11_PIN_FILE: file('pin', '1234567890\n') };
const vault: Environment = { ...withoutHolder, CARECORD_KEY_HOLDER: 'vault-transit', CARECORD_VAULT_ADDRESS: 'https://vault.internal:8200', CARECORD_VAULT_TOKEN_FILE: file('vault-token', 'a-token\n') };

function mistakesOf(environment: Environment): readonly string[] {
  try {
    loadConfiguration(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
}

describe('loadConfiguration', () => {
  it.each<[string, Environment]>([
    ['a demo hospital', demoHospital],
    ['a real hospital', realHospital],
    ['a demo authority that founds a network', demoAuthority],
    ['a real authority that founds a network', { ...realAuthority, CARECORD_NETWORK_FILE: undefined, CARECORD_NETWORK_ID: 'carecord-founded' }],
    ['a real authority of a network', realAuthority],
    ['a hospital whose root keys are in a PKCS#11 token', pkcs11],
    ['a hospital whose root keys are in Vault', vault],
    ['Vault on this machine without TLS', { ...vault, CARECORD_VAULT_ADDRESS: 'http://127.0.0.1:8200' }],
    ['a demo with a public address of this machine', { ...demoHospital, CARECORD_PUBLIC_URL: 'http://127.0.0.1:4101' }],
    ['the same of IPv6', { ...demoHospital, CARECORD_PUBLIC_URL: 'http://[::1]:4101' }],
    ['a database address without a password outside demo mode', { ...realHospital, DATABASE_URL_FILE: undefined, DATABASE_URL: 'postgresql://carecord@database.internal/a' }],
  ])('accepts %s', (_case, environment) => {
    expect(mistakesOf(environment)).toEqual([]);
  });

  it('reads secrets from files and fills in defaults', () => {
    const ticket = file('ticket', 'a-ticket-that-is-used-once\n');
    const accounts = file('accounts.json', JSON.stringify([{ username: 'clinician', password: 'long enough', role: 'clinician' }]));
    const configuration = loadConfiguration({ ...demoHospital, CARECORD_ADMISSION_TICKET_FILE: ticket, CARECORD_DEMO_ACCOUNTS_FILE: accounts });
    expect(configuration).toMatchObject({
      role: 'hospital',
      networkId: 'carecord-file',
      network: { networkId: 'carecord-file', threshold: 1 },
      keyHolder: { kind: 'sealed-file', path: join(directory, 'keys.sealed'), passphrase: 'correct horse battery staple' },
      keyRotationDays: 90,
      publicUrl: undefined,
      allowedHosts: [],
      http: { host: '127.0.0.1', port: 0 },
      defaultListing: 'unlisted',
      demoAccounts: [{ username: 'clinician', role: 'clinician' }],
      logLevel: 'info',
    });
    expect(configuration.tickets.for(`${DID}:authority-1.example`)).toBe('a-ticket-that-is-used-once');
    expect(loadConfiguration(realHospital).databaseUrl).toBe('postgresql://carecord:secret@database.internal:5432/a');
  });

  it('knows who holds the root keys', () => {
    expect(loadConfiguration({ ...realHospital, CARECORD_KEY_FILE: '/srv/carecord/keys.sealed' }).keyHolder).toMatchObject({ kind: 'sealed-file', path: '/srv/carecord/keys.sealed' });
    expect(loadConfiguration(pkcs11).keyHolder).toEqual({ kind: 'pkcs11', modulePath: '/usr/lib/pkcs11.so', tokenLabel: 'carecord', pinFile: pkcs11.CARECORD_PKCS11_PIN_FILE, keyName: 'carecord-root' });
    expect(loadConfiguration({ ...vault, CARECORD_VAULT_MOUNT: 'hospital', CARECORD_ROOT_KEY_NAME: 'root_a' }).keyHolder).toEqual({
      kind: 'vault-transit',
      address: 'https://vault.internal:8200',
      tokenFile: vault.CARECORD_VAULT_TOKEN_FILE,
      mount: 'hospital',
      keyName: 'root_a',
    });
  });

  it('reads lists, numbers and addresses', () => {
    const tickets = file('tickets', `${DID}:authority-1.example first\n${DID}:authority-2.example second\n`);
    const configuration = loadConfiguration({
      ...realHospital,
      CARECORD_ALLOWED_HOSTS: 'idp.internal, 10.0.0.7:8443,,[fd00::1]',
      CARECORD_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16,fd00::/8',
      CARECORD_KEY_ROTATION_DAYS: '30',
      CARECORD_PUBLIC_URL: 'https://carecord.hospital-a.fi:8443/',
      CARECORD_ADMISSION_TICKET_FILE: tickets,
      CARECORD_LOG_LEVEL: '',
    });
    expect(configuration).toMatchObject({ allowedHosts: ['idp.internal', '10.0.0.7:8443', '[fd00::1]'], keyRotationDays: 30, publicUrl: 'https://carecord.hospital-a.fi:8443', logLevel: 'info' });
    expect([1, 2, 3].map((number) => configuration.tickets.for(`${DID}:authority-${number}.example`))).toEqual(['first', 'second', undefined]);
  });

  it('knows how the node meets others, by itself', () => {
    expect(loadConfiguration(realHospital)).toMatchObject({
      peerToPeer: { listen: ['/ip4/0.0.0.0/tcp/4001'], bootstrap: [], announce: { addresses: [], onlyThese: false }, mdns: false, dht: true, relayServer: false, behindFirewall: false, replication: 5 },
      metrics: undefined,
    });
  });

  it('knows how the node meets others, as the operator says', () => {
    const reachable = loadConfiguration({
      ...realHospital,
      CARECORD_P2P_LISTEN: '/ip4/0.0.0.0/tcp/4001, /ip6/::/tcp/4001,/ip4/127.0.0.1/tcp/4002/ws',
      CARECORD_P2P_ANNOUNCE: '/dns4/node.hospital-a.fi/tcp/443/wss,/ip6/2001:db8::7/tcp/4001',
      CARECORD_P2P_ANNOUNCE_ONLY: '1',
      CARECORD_BOOTSTRAP: `/dns/b.hospital.fi/tcp/443/tls/ws/p2p/${PEER}`,
      CARECORD_MDNS: '1',
      CARECORD_RELAY_SERVER: '1',
      CARECORD_REPLICATION: '12',
      CARECORD_METRICS_PORT: '9464',
    });
    expect(reachable).toMatchObject({
      peerToPeer: {
        listen: ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001', '/ip4/127.0.0.1/tcp/4002/ws'],
        bootstrap: [`/dns/b.hospital.fi/tcp/443/tls/ws/p2p/${PEER}`],
        announce: { addresses: ['/dns4/node.hospital-a.fi/tcp/443/wss', '/ip6/2001:db8::7/tcp/4001'], onlyThese: true },
        mdns: true,
        relayServer: true,
        replication: 12,
      },
      metrics: { host: '127.0.0.1', port: 9464 },
    });
    expect(loadConfiguration({ ...realHospital, CARECORD_DHT: '0', CARECORD_BEHIND_FIREWALL: '1', CARECORD_METRICS_HOST: '0.0.0.0', CARECORD_METRICS_PORT: '9464' })).toMatchObject({
      peerToPeer: { dht: false, behindFirewall: true },
      metrics: { host: '0.0.0.0', port: 9464 },
    });
  });

  it('takes the network of an authority from its file, or from its own word', () => {
    expect(loadConfiguration(demoAuthority)).toMatchObject({ role: 'authority', networkId: 'carecord-demo', network: undefined });
    expect(loadConfiguration(realAuthority)).toMatchObject({ role: 'authority', networkId: 'carecord-file', network: { networkId: 'carecord-file' } });
  });

  it('names every mistake of an empty environment at once, one sentence each', () => {
    const mistakes = mistakesOf({});
    for (const name of [
      'CARECORD_ROLE', 'CARECORD_NAME', 'CARECORD_DOMAIN', 'DATABASE_URL', 'CARECORD_DATA_DIRECTORY', 'CARECORD_KEY_PASSPHRASE_FILE', 'CARECORD_HTTP_PORT', 'CARECORD_P2P_LISTEN', 'CARECORD_PUBLIC_URL',
    ]) {
      expect(mistakes.filter((mistake) => mistake.startsWith(name) || mistake.includes(`of ${name}`))).toHaveLength(1);
    }
    expect(mistakes).toHaveLength(9);
    for (const mistake of mistakes) expect(mistake).toMatch(/^[A-Z].*\.$/);
  });

  const missing = (name: string): string => `${name} names a file that cannot be read (ENOENT).`;
  const absent = join(directory, 'absent');
  const LISTEN = 'CARECORD_P2P_LISTEN must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001 or /ip6/::/tcp/4002/ws, separated by commas.';
  const ANNOUNCE = 'CARECORD_P2P_ANNOUNCE must hold libp2p addresses such as /dns4/carecord.hospital-a.fi/tcp/443/wss (a port, no /p2p/), separated by commas.';
  const PUBLIC = 'CARECORD_PUBLIC_URL must be an https:// address without a path, for example https://carecord.hospital-a.fi.';
  const DAYS = 'CARECORD_KEY_ROTATION_DAYS must be a number of days between 1 and 365.';
  const TICKETS = 'CARECORD_ADMISSION_TICKET_FILE must hold one ticket, or on each line the DID of an authority and its ticket.';
  it.each<[string, Environment, string]>([
    ['an unknown role', { ...demoHospital, CARECORD_ROLE: 'clinic' }, 'CARECORD_ROLE must be one of: hospital, authority.'],
    ['a name with what is not seen', { ...demoHospital, CARECORD_NAME: 'Hospital \u202eA' }, 'CARECORD_NAME must be words of visible characters (Unicode normal form C) with single spaces between them.'],
    [
      'a ticket that several authorities would learn',
      { ...realHospital, CARECORD_NETWORK_FILE: file('two-authorities.json', networkText({ authorities: [authority(1, 'https://authority-1.health.fi'), authority(2, 'https://authority-2.health.fi')] })), CARECORD_ADMISSION_TICKET_FILE: file('one-ticket', 'a-ticket-for-somebody') },
      'CARECORD_ADMISSION_TICKET_FILE must say whose ticket it holds, as the network has several authorities: on each line the DID of an authority and its ticket.',
    ],
    ['a name that is too long', { ...demoHospital, CARECORD_NAME: 'x'.repeat(201) }, 'CARECORD_NAME must not be longer than 200 characters.'],
    ['a domain with a port', { ...demoHospital, CARECORD_DOMAIN: 'a.hospital.example:4000' }, 'CARECORD_DOMAIN must be a domain name in lower case without a port, for example a.hospital.example.'],
    ['no PostgreSQL address', { ...demoHospital, DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must start with postgresql:// .'],
    ['two database addresses', { ...realHospital, DATABASE_URL: 'postgresql://x@y/z' }, 'Set exactly one of DATABASE_URL and DATABASE_URL_FILE.'],
    ['a database password in the environment', { ...realHospital, DATABASE_URL_FILE: undefined, DATABASE_URL: 'postgresql://a:b@c/d' }, 'DATABASE_URL holds a password: outside demo mode put the address into a file and name it in DATABASE_URL_FILE.'],
    ['a file that is no database address', { ...realHospital, DATABASE_URL_FILE: passphrase }, 'DATABASE_URL_FILE names a file that must hold an address that starts with postgresql:// .'],
    ['a port out of range', { ...demoHospital, CARECORD_HTTP_PORT: '65536' }, 'CARECORD_HTTP_PORT must be a port number between 0 and 65535.'],
    ['a port that is no number', { ...demoHospital, CARECORD_HTTP_PORT: 'http' }, 'CARECORD_HTTP_PORT must be a port number between 0 and 65535.'],
    ['a listening address that is none', { ...demoHospital, CARECORD_P2P_LISTEN: '127.0.0.1:4001' }, LISTEN],
    ['a listening address by name', { ...demoHospital, CARECORD_P2P_LISTEN: '/dns4/localhost/tcp/4001' }, LISTEN],
    ['a listening address that is no IPv4 address', { ...demoHospital, CARECORD_P2P_LISTEN: '/ip4/127.0.0.256/tcp/4001' }, LISTEN],
    ['a listening port out of range', { ...demoHospital, CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/65536' }, LISTEN],
    ['listening for WebSocket with TLS', { ...demoHospital, CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/4001/wss' }, LISTEN],
    ['a listening address of somebody', { ...demoHospital, CARECORD_P2P_LISTEN: `/ip4/127.0.0.1/tcp/4001/p2p/${PEER}` }, LISTEN],
    ['no listening address between commas', { ...demoHospital, CARECORD_P2P_LISTEN: ' , ' }, LISTEN],
    ['a bootstrap address of a PeerId that is none', { ...demoHospital, CARECORD_BOOTSTRAP: '/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW' }, 'CARECORD_BOOTSTRAP must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001, separated by commas.'],
    ['a bootstrap port of 0', { ...demoHospital, CARECORD_BOOTSTRAP: '/ip4/127.0.0.1/tcp/0' }, 'CARECORD_BOOTSTRAP must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001, separated by commas.'],
    ['an announced address of all interfaces', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/ip4/0.0.0.0/tcp/4001' }, ANNOUNCE],
    ['the same of IPv6', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/ip6/::/tcp/4001' }, ANNOUNCE],
    ['an announced port of 0', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/dns4/node.hospital-a.fi/tcp/0' }, ANNOUNCE],
    ['an announced address with a PeerId', { ...realHospital, CARECORD_P2P_ANNOUNCE: `/dns4/node.hospital-a.fi/tcp/4001/p2p/${PEER}` }, ANNOUNCE],
    ['an announced address with underscores', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/dns4/node_a/tcp/4001' }, ANNOUNCE],
    ['an announced address that leads others to themselves', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/ip6/::1/tcp/4001' }, 'CARECORD_P2P_ANNOUNCE holds a loopback address, which leads other hospitals to themselves.'],
    ['nothing but announced addresses, and none', { ...realHospital, CARECORD_P2P_ANNOUNCE_ONLY: '1' }, 'CARECORD_P2P_ANNOUNCE_ONLY=1 needs addresses in CARECORD_P2P_ANNOUNCE: otherwise nobody learns where this node is.'],
    ['a relay that cannot be reached', { ...realHospital, CARECORD_RELAY_SERVER: '1', CARECORD_BEHIND_FIREWALL: '1' }, 'CARECORD_RELAY_SERVER and CARECORD_BEHIND_FIREWALL exclude each other: who cannot be reached cannot relay for others.'],
    ['announced addresses of a node that cannot be reached', { ...realHospital, CARECORD_P2P_ANNOUNCE: '/dns4/node.hospital-a.fi/tcp/4001', CARECORD_BEHIND_FIREWALL: '1' }, 'CARECORD_P2P_ANNOUNCE and CARECORD_BEHIND_FIREWALL exclude each other: who cannot be reached announces the places that it has at relays, by itself.'],
    ...['CARECORD_MDNS', 'CARECORD_DHT', 'CARECORD_P2P_ANNOUNCE_ONLY', 'CARECORD_RELAY_SERVER', 'CARECORD_BEHIND_FIREWALL'].map((name): [string, Environment, string] => [`an unknown switch ${name}`, { ...realHospital, [name]: 'true' }, `${name} must be 0 or 1.`]),
    ...['2', '13', '5.5', 'some'].map((replication): [string, Environment, string] => [`a replication of ${replication}`, { ...realHospital, CARECORD_REPLICATION: replication }, 'CARECORD_REPLICATION must be a number of members between 3 and 12.']),
    ['a replication without the DHT', { ...realHospital, CARECORD_DHT: '0', CARECORD_REPLICATION: '5' }, 'CARECORD_REPLICATION is for CARECORD_DHT=1 alone: without the DHT this node publishes nothing.'],
    ['metrics at port 0', { ...realHospital, CARECORD_METRICS_PORT: '0' }, 'CARECORD_METRICS_PORT must be a port number between 1 and 65535.'],
    ['metrics at a port that is none', { ...realHospital, CARECORD_METRICS_PORT: 'prometheus' }, 'CARECORD_METRICS_PORT must be a port number between 0 and 65535.'],
    ['metrics without a port', { ...realHospital, CARECORD_METRICS_HOST: '10.0.0.7' }, 'CARECORD_METRICS_HOST needs a port in CARECORD_METRICS_PORT: without one there are no metrics.'],
    ['metrics at the port of the API', { ...realHospital, CARECORD_HTTP_PORT: '4101', CARECORD_METRICS_PORT: '4101' }, 'CARECORD_METRICS_PORT must be another port than CARECORD_HTTP_PORT: the metrics are not for everybody who reaches the API.'],
    ['a bootstrap address that is none', { ...demoHospital, CARECORD_BOOTSTRAP: 'there' }, 'CARECORD_BOOTSTRAP must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001, separated by commas.'],
    ['an unknown listing', { ...demoHospital, CARECORD_DEFAULT_LISTING: 'public' }, 'CARECORD_DEFAULT_LISTING must be one of: listed, unlisted.'],
    ['an unknown log level', { ...demoHospital, CARECORD_LOG_LEVEL: 'loud' }, 'CARECORD_LOG_LEVEL must be one of: fatal, error, warn, info, debug, silent.'],
    ['an unknown demo flag', { ...demoHospital, CARECORD_DEMO: 'yes', CARECORD_NETWORK_FILE: network }, 'CARECORD_DEMO must be 0 or 1.'],
    ['a variable that is misspelt', { ...demoHospital, CARECORD_HTTPPORT: '1' }, 'CARECORD_HTTPPORT is not a variable that this node knows.'],
    ['demo accounts that are not JSON', { ...demoHospital, CARECORD_DEMO_ACCOUNTS_FILE: passphrase }, 'CARECORD_DEMO_ACCOUNTS_FILE names a file that is not JSON.'],
    ['demo accounts of an unknown role', { ...demoHospital, CARECORD_DEMO_ACCOUNTS_FILE: file('role.json', '[{"username":"x","password":"long enough","role":"king"}]') }, 'CARECORD_DEMO_ACCOUNTS_FILE names a file whose content is wrong at "0.role".'],
    ['no network file', { ...demoHospital, CARECORD_NETWORK_FILE: undefined }, 'CARECORD_NETWORK_FILE is missing: a hospital needs the file that says which authorities it trusts ("carecord network create" writes it).'],
    ['a network file that is not there', { ...demoHospital, CARECORD_NETWORK_FILE: absent }, missing('CARECORD_NETWORK_FILE')],
    ['a network file that is too large', { ...demoHospital, CARECORD_NETWORK_FILE: file('large', 'x'.repeat(1024 * 1024 + 1)) }, 'CARECORD_NETWORK_FILE names a file that is larger than 1 MiB.'],
    ['a hospital that names its network as well', { ...demoHospital, CARECORD_NETWORK_ID: 'carecord-demo' }, 'Set exactly one of CARECORD_NETWORK_FILE and, for an authority that founds a network, CARECORD_NETWORK_ID.'],
    ['an authority without a network', { ...demoAuthority, CARECORD_NETWORK_ID: undefined }, 'Set exactly one of CARECORD_NETWORK_FILE and, for an authority that founds a network, CARECORD_NETWORK_ID.'],
    ['an authority with two', { ...realAuthority, CARECORD_NETWORK_ID: 'carecord-other' }, 'Set exactly one of CARECORD_NETWORK_FILE and, for an authority that founds a network, CARECORD_NETWORK_ID.'],
    ['a network name with capitals', { ...demoAuthority, CARECORD_NETWORK_ID: 'Demo' }, 'CARECORD_NETWORK_ID must be 3 to 63 lower-case letters, digits and hyphens.'],
    ['a ticket file of another form', { ...demoHospital, CARECORD_ADMISSION_TICKET_FILE: file('two-words', 'two words') }, TICKETS],
    ['a public address with a path', { ...realHospital, CARECORD_PUBLIC_URL: 'https://hospital-a.fi/carecord' }, PUBLIC],
    ['a public address with credentials', { ...realHospital, CARECORD_PUBLIC_URL: 'https://me@hospital-a.fi' }, PUBLIC],
    ['a public address of another kind', { ...realHospital, CARECORD_PUBLIC_URL: 'ftp://hospital-a.fi' }, PUBLIC],
    ['no rotation', { ...demoHospital, CARECORD_KEY_ROTATION_DAYS: '0' }, DAYS],
    ['a rotation after years', { ...demoHospital, CARECORD_KEY_ROTATION_DAYS: '366' }, DAYS],
    ['a rotation after half a day', { ...demoHospital, CARECORD_KEY_ROTATION_DAYS: '0.5' }, DAYS],
    ['a rotation after some days', { ...demoHospital, CARECORD_KEY_ROTATION_DAYS: 'some' }, DAYS],
    ['everybody as a trusted proxy', { ...demoHospital, CARECORD_TRUSTED_PROXIES: '10.0.0.1, 0.0.0.0/0' }, 'CARECORD_TRUSTED_PROXIES must hold IP addresses or networks such as 10.0.0.0/8, separated by commas.'],
    ['trusted proxies by name', { ...demoHospital, CARECORD_TRUSTED_PROXIES: 'proxy.internal' }, 'CARECORD_TRUSTED_PROXIES must hold IP addresses or networks such as 10.0.0.0/8, separated by commas.'],
    ['allowed hosts that are addresses of pages', { ...demoHospital, CARECORD_ALLOWED_HOSTS: 'https://idp.internal/login' }, 'CARECORD_ALLOWED_HOSTS must hold host names or addresses, separated by commas.'],
  ])('refuses %s', (_case, environment, sentence) => {
    expect(mistakesOf(environment)).toEqual([sentence]);
  });

  const networkFile = (name: string, change: NetworkFileText): Environment => ({ ...realHospital, CARECORD_NETWORK_FILE: file(`${name}.json`, networkText(change)) });
  it.each<[string, Environment, RegExp]>([
    ['is not JSON', { ...realHospital, CARECORD_NETWORK_FILE: passphrase }, /network file.*not JSON/],
    ['has a threshold that is larger than the number of authorities', networkFile('threshold', { threshold: 2 }), /threshold \(2\) is larger than the number of authorities \(1\)/],
    ['has a threshold of nobody', networkFile('nobody', { threshold: 0 }), /threshold must be at least 1/],
    ['lists an authority twice', networkFile('twice', { authorities: [1, 1].map((number) => authority(number, 'https://authority.health.fi')) }), /listed twice/],
    ['has an authority without TLS outside demo mode', { ...realHospital, CARECORD_NETWORK_FILE: demoNetwork }, /https:\/\//],
    ['lacks something', networkFile('lacks', { authorities: [{ did: `${DID}:authority.example` }] }), /"authorities\.0\.\w+" is missing or not valid/],
  ])('says in one sentence that the network file %s', (_case, environment, sentence) => {
    expect(mistakesOf(environment)).toEqual([expect.stringMatching(sentence)]);
  });

  describe('the key holder', () => {
    const passphraseOf = (name: string, text: string): Environment => ({ ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: file(name, text) });
    it.each<[string, Environment, string]>([
      ['of an unknown kind', { ...withoutHolder, CARECORD_KEY_HOLDER: 'paper' }, 'CARECORD_KEY_HOLDER must be one of: sealed-file, pkcs11, vault-transit.'],
      ['of an unknown kind, with what another one needs', { ...pkcs11, CARECORD_KEY_HOLDER: 'hsm' }, 'CARECORD_KEY_HOLDER must be one of: sealed-file, pkcs11, vault-transit.'],
      ['without a passphrase', withoutHolder, 'CARECORD_KEY_PASSPHRASE_FILE is missing: CARECORD_KEY_HOLDER=sealed-file needs it.'],
      ['without a passphrase file', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: absent }, missing('CARECORD_KEY_PASSPHRASE_FILE')],
      ['with an empty passphrase file', passphraseOf('empty', '\n'), 'CARECORD_KEY_PASSPHRASE_FILE names an empty file.'],
      ['with a short passphrase', passphraseOf('short', 'abcdefgh'), 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 16 characters.'],
      ['with a monotonous passphrase', passphraseOf('same', 'ab'.repeat(20)), 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 8 different characters.'],
      ['with a passphrase that is guessed first', passphraseOf('guess', 'MyPassword-2026-long'), 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must not hold a word that is guessed first, such as "password".'],
      ['pkcs11 without a module', { ...pkcs11, CARECORD_PKCS11_MODULE: undefined }, 'CARECORD_PKCS11_MODULE is missing: CARECORD_KEY_HOLDER=pkcs11 needs it.'],
      ['pkcs11 without a token', { ...pkcs11, CARECORD_PKCS11_TOKEN: undefined }, 'CARECORD_PKCS11_TOKEN is missing: CARECORD_KEY_HOLDER=pkcs11 needs it.'],
      ['pkcs11 with a label that no token has', { ...pkcs11, CARECORD_PKCS11_TOKEN: 'x'.repeat(33) }, 'CARECORD_PKCS11_TOKEN must be the label of a token: at most 32 characters.'],
      ['pkcs11 without a PIN', { ...pkcs11, CARECORD_PKCS11_PIN_FILE: undefined }, 'CARECORD_PKCS11_PIN_FILE is missing: CARECORD_KEY_HOLDER=pkcs11 needs it.'],
      ['pkcs11 without the file of its PIN', { ...pkcs11, CARECORD_PKCS11_PIN_FILE: absent }, missing('CARECORD_PKCS11_PIN_FILE')],
      ['pkcs11 with a passphrase that nobody uses', { ...pkcs11, CARECORD_KEY_PASSPHRASE_FILE: passphrase }, 'CARECORD_KEY_PASSPHRASE_FILE is for CARECORD_KEY_HOLDER=sealed-file alone.'],
      ['pkcs11 with a sealed file that nobody uses', { ...pkcs11, CARECORD_KEY_FILE: '/srv/carecord/keys.sealed' }, 'CARECORD_KEY_FILE is for CARECORD_KEY_HOLDER=sealed-file alone.'],
      ['sealed-file with a token that nobody uses', { ...realHospital, CARECORD_PKCS11_TOKEN: 'carecord' }, 'CARECORD_PKCS11_TOKEN is for CARECORD_KEY_HOLDER=pkcs11 alone.'],
      ['vault-transit without an address', { ...vault, CARECORD_VAULT_ADDRESS: undefined }, 'CARECORD_VAULT_ADDRESS is missing: CARECORD_KEY_HOLDER=vault-transit needs it.'],
      ['vault-transit with an address of another kind', { ...vault, CARECORD_VAULT_ADDRESS: 'vault.internal' }, 'CARECORD_VAULT_ADDRESS must be an http:// or https:// address.'],
      ['vault-transit without TLS', { ...vault, CARECORD_VAULT_ADDRESS: 'http://vault.internal:8200' }, 'CARECORD_VAULT_ADDRESS must be an https:// address unless it is on this machine.'],
      ['vault-transit without a token', { ...vault, CARECORD_VAULT_TOKEN_FILE: undefined }, 'CARECORD_VAULT_TOKEN_FILE is missing: CARECORD_KEY_HOLDER=vault-transit needs it.'],
      ['vault-transit with an empty token', { ...vault, CARECORD_VAULT_TOKEN_FILE: file('no-token', '') }, 'CARECORD_VAULT_TOKEN_FILE names an empty file.'],
      ['vault-transit with a mount that is a path', { ...vault, CARECORD_VAULT_MOUNT: 'transit/../secret' }, 'CARECORD_VAULT_MOUNT must be a name of letters, digits, hyphens and underscores.'],
      ['with a name that is none', { ...vault, CARECORD_ROOT_KEY_NAME: 'a key' }, 'CARECORD_ROOT_KEY_NAME must be a name of letters, digits, hyphens and underscores.'],
    ])('%s is refused in one sentence', (_case, environment, sentence) => {
      expect(mistakesOf(environment)).toEqual([sentence]);
    });
  });

  describe('the demo boundary', () => {
    const accounts = file('demo-accounts.json', '[]');
    it.each<[string, Environment, string]>([
      ['a reserved domain outside demo mode', { ...realHospital, CARECORD_DOMAIN: 'a.hospital.example' }, 'CARECORD_DOMAIN is a reserved domain that nobody can own and needs CARECORD_DEMO=1.'],
      ['no public address outside demo mode', { ...realHospital, CARECORD_PUBLIC_URL: undefined }, 'CARECORD_PUBLIC_URL is missing or not an https:// address: others need the address under which this node is reached.'],
      ['a public address without TLS outside demo mode', { ...realHospital, CARECORD_PUBLIC_URL: 'http://carecord.hospital-a.fi' }, 'CARECORD_PUBLIC_URL is missing or not an https:// address: others need the address under which this node is reached.'],
      ['demo mode with a public address', { ...demoHospital, CARECORD_PUBLIC_URL: 'https://carecord.hospital-a.fi' }, 'CARECORD_PUBLIC_URL must be a loopback address in demo mode, for example http://127.0.0.1:4101.'],
      ['demo accounts outside demo mode', { ...realHospital, CARECORD_DEMO_ACCOUNTS_FILE: accounts }, 'CARECORD_DEMO_ACCOUNTS_FILE creates demo accounts and needs CARECORD_DEMO=1.'],
      ['demo tickets at a hospital', { ...demoHospital, CARECORD_DEMO_TICKETS_FILE: accounts }, 'CARECORD_DEMO_TICKETS_FILE is for the authority alone.'],
      ['guardians at a hospital', { ...demoHospital, CARECORD_GUARDIANS_FILE: absent }, 'CARECORD_GUARDIANS_FILE is for an authority alone: hospitals hear from the authorities who guards the look-up.'],
      ['demo tickets outside demo mode', { ...realAuthority, CARECORD_DEMO_TICKETS_FILE: accounts }, 'CARECORD_DEMO_TICKETS_FILE creates demo admission tickets and needs CARECORD_DEMO=1.'],
      ['a demo that others can reach over HTTP', { ...demoHospital, CARECORD_HTTP_HOST: '0.0.0.0' }, 'CARECORD_HTTP_HOST must be a loopback address in demo mode, for example 127.0.0.1.'],
      ['a demo whose peers can be elsewhere', { ...demoHospital, CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0,/ip4/0.0.0.0/tcp/0' }, 'CARECORD_P2P_LISTEN must hold loopback addresses alone in demo mode, for example /ip4/127.0.0.1/tcp/0.'],
      ['a demo that announces an address elsewhere', { ...demoHospital, CARECORD_P2P_ANNOUNCE: '/ip4/127.0.0.1/tcp/4001,/dns4/node.hospital-a.fi/tcp/4001' }, 'CARECORD_P2P_ANNOUNCE must hold loopback addresses alone in demo mode, for example /ip4/127.0.0.1/tcp/4001.'],
      ['a demo whose metrics others can read', { ...demoHospital, CARECORD_METRICS_HOST: '0.0.0.0', CARECORD_METRICS_PORT: '9464' }, 'CARECORD_METRICS_HOST must be a loopback address in demo mode, for example 127.0.0.1.'],
    ])('refuses %s', (_case, environment, sentence) => {
      expect(mistakesOf(environment)).toEqual([sentence]);
    });

    it('permits demo accounts to both roles, and tickets to the authority', () => {
      expect(mistakesOf({ ...demoHospital, CARECORD_DEMO_ACCOUNTS_FILE: accounts })).toEqual([]);
      expect(mistakesOf({ ...demoAuthority, CARECORD_DEMO_ACCOUNTS_FILE: accounts, CARECORD_DEMO_TICKETS_FILE: accounts })).toEqual([]);
      // It need not be there yet.
      expect(mistakesOf({ ...demoAuthority, CARECORD_GUARDIANS_FILE: absent })).toEqual([]);
    });
  });

  it('never repeats a secret', () => {
    const mistakes = mistakesOf({
      ...realHospital,
      DATABASE_URL: 'postgresql://carecord:hunter22@db/x',
      CARECORD_KEY_PASSPHRASE_FILE: file('leak', 'hunter22'),
      CARECORD_ADMISSION_TICKET_FILE: file('leaked-ticket', 'hunter22 hunter22'),
      CARECORD_NETWORK_FILE: file('leaked-network', '{"hunter22":"hunter22"}'),
    });
    expect(mistakes).toHaveLength(5);
    expect(mistakes.join(' ')).not.toContain('hunter22');
  });
});
