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
const AUTHORITY_DID = 'did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:authority.example';
const REAL_AUTHORITY_DID = 'did:webvh:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG:authority.health.fi';

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
  CARECORD_AUTHORITY_URL: 'http://127.0.0.1:4000',
  CARECORD_AUTHORITY_DID: AUTHORITY_DID,
  CARECORD_NETWORK_ID: 'carecord-demo',
  CARECORD_DEMO: '1',
};

const realHospital: Environment = {
  ...demoHospital,
  CARECORD_DEMO: undefined,
  CARECORD_DOMAIN: 'hospital-a.fi',
  DATABASE_URL: undefined,
  DATABASE_URL_FILE: file('database-url', 'postgresql://carecord:secret@database.internal:5432/a'),
  CARECORD_AUTHORITY_URL: 'https://authority.health.fi',
  CARECORD_AUTHORITY_DID: REAL_AUTHORITY_DID,
  CARECORD_HTTP_HOST: '0.0.0.0',
  CARECORD_P2P_LISTEN: '/ip4/0.0.0.0/tcp/4001',
};

const demoAuthority: Environment = {
  ...demoHospital,
  CARECORD_ROLE: 'authority',
  CARECORD_DOMAIN: 'authority.example',
  CARECORD_AUTHORITY_URL: undefined,
  CARECORD_AUTHORITY_DID: undefined,
};

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
  it('accepts a demo hospital, a real hospital and a demo authority', () => {
    expect(mistakesOf(demoHospital)).toEqual([]);
    expect(mistakesOf(realHospital)).toEqual([]);
    expect(mistakesOf(demoAuthority)).toEqual([]);
  });

  it('reads secrets from files and fills in defaults', () => {
    const ticket = file('ticket', 'a-ticket-that-is-used-once\n');
    const accounts = file('accounts.json', JSON.stringify([{ username: 'clinician', password: 'long enough', role: 'clinician' }]));
    const configuration = loadConfiguration({ ...demoHospital, CARECORD_ADMISSION_TICKET_FILE: ticket, CARECORD_DEMO_ACCOUNTS_FILE: accounts });
    expect(configuration).toMatchObject({
      role: 'hospital',
      keyPassphrase: 'correct horse battery staple',
      http: { host: '127.0.0.1', port: 0 },
      authority: { ticket: 'a-ticket-that-is-used-once' },
      defaultListing: 'unlisted',
      demoAccounts: [{ username: 'clinician', role: 'clinician' }],
      logLevel: 'info',
    });
    expect(loadConfiguration(realHospital).databaseUrl).toBe('postgresql://carecord:secret@database.internal:5432/a');
  });

  it('names every mistake of an empty environment at once, one sentence each', () => {
    const mistakes = mistakesOf({});
    for (const name of [
      'CARECORD_ROLE', 'CARECORD_NAME', 'CARECORD_DOMAIN', 'DATABASE_URL', 'CARECORD_DATA_DIRECTORY',
      'CARECORD_KEY_PASSPHRASE_FILE', 'CARECORD_HTTP_PORT', 'CARECORD_P2P_LISTEN', 'CARECORD_NETWORK_ID',
    ]) {
      expect(mistakes.filter((mistake) => mistake.includes(name))).toHaveLength(1);
    }
    for (const mistake of mistakes) expect(mistake).toMatch(/^[A-Z].*\.$/);
  });

  it.each<[string, Environment, string]>([
    ['an unknown role', { ...demoHospital, CARECORD_ROLE: 'clinic' }, 'CARECORD_ROLE must be one of: hospital, authority.'],
    ['a name that is too long', { ...demoHospital, CARECORD_NAME: 'x'.repeat(201) }, 'CARECORD_NAME must not be longer than 200 characters.'],
    ['a domain with a port', { ...demoHospital, CARECORD_DOMAIN: 'a.hospital.example:4000' }, 'CARECORD_DOMAIN must be a domain name in lower case without a port, for example a.hospital.example.'],
    ['no PostgreSQL address', { ...demoHospital, DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must start with postgresql:// .'],
    ['two database addresses', { ...realHospital, DATABASE_URL: 'postgresql://x@y/z' }, 'Set exactly one of DATABASE_URL and DATABASE_URL_FILE.'],
    ['a database password in the environment', { ...realHospital, DATABASE_URL_FILE: undefined, DATABASE_URL: 'postgresql://a:b@c/d' }, 'DATABASE_URL holds a password: outside demo mode put the address into a file and name it in DATABASE_URL_FILE.'],
    ['a file that is no database address', { ...realHospital, DATABASE_URL_FILE: passphrase }, 'DATABASE_URL_FILE names a file that must hold an address that starts with postgresql:// .'],
    ['a port out of range', { ...demoHospital, CARECORD_HTTP_PORT: '65536' }, 'CARECORD_HTTP_PORT must be a port number between 0 and 65535.'],
    ['a port that is no number', { ...demoHospital, CARECORD_HTTP_PORT: 'http' }, 'CARECORD_HTTP_PORT must be a port number between 0 and 65535.'],
    ['a listening address that is none', { ...demoHospital, CARECORD_P2P_LISTEN: '127.0.0.1:4001' }, 'CARECORD_P2P_LISTEN must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001, separated by commas.'],
    ['a bootstrap address that is none', { ...demoHospital, CARECORD_BOOTSTRAP: 'there' }, 'CARECORD_BOOTSTRAP must hold libp2p addresses such as /ip4/127.0.0.1/tcp/4001, separated by commas.'],
    ['no authority address', { ...demoHospital, CARECORD_AUTHORITY_URL: undefined }, 'CARECORD_AUTHORITY_URL is missing: a hospital needs the address of the authority that admits it.'],
    ['no authority DID', { ...demoHospital, CARECORD_AUTHORITY_DID: undefined }, 'CARECORD_AUTHORITY_DID is missing: a hospital needs the DID of the authority that it trusts.'],
    ['an authority address of another kind', { ...demoHospital, CARECORD_AUTHORITY_URL: 'ftp://x' }, 'CARECORD_AUTHORITY_URL must be an http:// or https:// address.'],
    ['an authority DID of another method', { ...demoHospital, CARECORD_AUTHORITY_DID: 'did:web:x.example' }, 'CARECORD_AUTHORITY_DID must be a did:webvh identifier.'],
    ['an authority that is told of one', { ...demoAuthority, CARECORD_AUTHORITY_DID: AUTHORITY_DID }, 'CARECORD_AUTHORITY_URL, CARECORD_AUTHORITY_DID and CARECORD_ADMISSION_TICKET_FILE are for hospitals alone.'],
    ['a network name with capitals', { ...demoHospital, CARECORD_NETWORK_ID: 'Demo' }, 'CARECORD_NETWORK_ID must be 3 to 63 lower-case letters, digits and hyphens.'],
    ['an unknown listing', { ...demoHospital, CARECORD_DEFAULT_LISTING: 'public' }, 'CARECORD_DEFAULT_LISTING must be one of: listed, unlisted.'],
    ['an unknown log level', { ...demoHospital, CARECORD_LOG_LEVEL: 'loud' }, 'CARECORD_LOG_LEVEL must be one of: fatal, error, warn, info, debug, silent.'],
    ['an unknown demo flag', { ...demoHospital, CARECORD_DEMO: 'yes' }, 'CARECORD_DEMO must be 0 or 1.'],
    ['a variable that is misspelt', { ...demoHospital, CARECORD_HTTPPORT: '1' }, 'CARECORD_HTTPPORT is not a variable that this node knows.'],
    ['a missing passphrase file', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: join(directory, 'absent') }, 'CARECORD_KEY_PASSPHRASE_FILE names a file that cannot be read (ENOENT).'],
    ['an empty passphrase file', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: file('empty', '\n') }, 'CARECORD_KEY_PASSPHRASE_FILE names an empty file.'],
    ['a short passphrase', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: file('short', 'abcdefgh') }, 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 16 characters.'],
    ['a monotonous passphrase', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: file('same', 'ab'.repeat(20)) }, 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 8 different characters.'],
    ['a passphrase that is guessed first', { ...demoHospital, CARECORD_KEY_PASSPHRASE_FILE: file('guess', 'MyPassword-2026-long') }, 'The passphrase in CARECORD_KEY_PASSPHRASE_FILE must not hold a word that is guessed first, such as "password".'],
    ['demo accounts that are not JSON', { ...demoHospital, CARECORD_DEMO_ACCOUNTS_FILE: passphrase }, 'CARECORD_DEMO_ACCOUNTS_FILE names a file that is not JSON.'],
    ['demo accounts of an unknown role', { ...demoHospital, CARECORD_DEMO_ACCOUNTS_FILE: file('role.json', '[{"username":"x","password":"long enough","role":"king"}]') }, 'CARECORD_DEMO_ACCOUNTS_FILE names a file whose content is wrong at "0.role".'],
  ])('refuses %s', (_case, environment, sentence) => {
    expect(mistakesOf(environment)).toEqual([sentence]);
  });

  describe('the demo boundary', () => {
    const accounts = file('demo-accounts.json', '[]');
    it.each<[string, Environment, string]>([
      ['a demo authority outside demo mode', { ...demoAuthority, CARECORD_DEMO: undefined, CARECORD_DOMAIN: 'authority.fi', DATABASE_URL: 'postgresql://a@b/c' }, 'CARECORD_ROLE=authority starts a self-made demo authority and needs CARECORD_DEMO=1.'],
      ['trust in a demo authority outside demo mode', { ...realHospital, CARECORD_AUTHORITY_DID: AUTHORITY_DID }, 'CARECORD_AUTHORITY_DID names a demo authority (a reserved domain) and needs CARECORD_DEMO=1.'],
      ['a reserved domain outside demo mode', { ...realHospital, CARECORD_DOMAIN: 'a.hospital.example' }, 'CARECORD_DOMAIN is a reserved domain that nobody can own and needs CARECORD_DEMO=1.'],
      ['an unprotected authority address outside demo mode', { ...realHospital, CARECORD_AUTHORITY_URL: 'http://authority.health.fi' }, 'CARECORD_AUTHORITY_URL must be an https:// address outside demo mode.'],
      ['demo accounts outside demo mode', { ...realHospital, CARECORD_DEMO_ACCOUNTS_FILE: accounts }, 'CARECORD_DEMO_ACCOUNTS_FILE creates demo accounts and needs CARECORD_DEMO=1.'],
      ['demo tickets at a hospital', { ...demoHospital, CARECORD_DEMO_TICKETS_FILE: accounts }, 'CARECORD_DEMO_TICKETS_FILE is for the authority alone.'],
      ['demo accounts at the authority', { ...demoAuthority, CARECORD_DEMO_ACCOUNTS_FILE: accounts }, 'CARECORD_DEMO_ACCOUNTS_FILE is for hospitals alone: the authority has no staff accounts.'],
      ['a demo that others can reach over HTTP', { ...demoHospital, CARECORD_HTTP_HOST: '0.0.0.0' }, 'CARECORD_HTTP_HOST must be a loopback address in demo mode, for example 127.0.0.1.'],
      ['a demo whose peers can be elsewhere', { ...demoHospital, CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0,/ip4/0.0.0.0/tcp/0' }, 'CARECORD_P2P_LISTEN must hold loopback addresses alone in demo mode, for example /ip4/127.0.0.1/tcp/0.'],
    ])('refuses %s', (_case, environment, sentence) => {
      expect(mistakesOf(environment)).toEqual([sentence]);
    });

    it('refuses demo tickets outside demo mode', () => {
      expect(mistakesOf({ ...realHospital, CARECORD_DEMO_TICKETS_FILE: accounts })).toContain('CARECORD_DEMO_TICKETS_FILE creates demo admission tickets and needs CARECORD_DEMO=1.');
    });
  });

  it('never repeats a secret', () => {
    const mistakes = mistakesOf({ ...realHospital, DATABASE_URL: 'postgresql://carecord:hunter22@db/x', CARECORD_KEY_PASSPHRASE_FILE: file('leak', 'hunter22') });
    expect(mistakes.join(' ')).not.toContain('hunter22');
  });
});
