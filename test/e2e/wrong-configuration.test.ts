import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeSoftToken, whyNoToken } from '../../libs/keys/src/pkcs11/soft-token.fixture.ts';
import type { NodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { Organisations, succeed } from '../support/organisation.ts';
import type { Organisation } from '../support/organisation.ts';

const TIMEOUT = 120_000;
const MINUTE = 60_000;

/** Real starts of a hospital's node that must not succeed: each stops with 1 and one sentence, and nothing else. */
describe('a node with a wrong configuration', () => {
  let organisations: Organisations;
  let authority: NodeProcess;
  let networkFile: string;
  /** Its configuration is right: it is only waiting to be admitted. */
  let hospital: Organisation;
  let clocks: Server;
  let clockSkew = 0;

  beforeAll(async () => {
    organisations = await Organisations.create();
    const founder = await organisations.add('north', 'authority', { CARECORD_NETWORK_ID: 'carecord-one' });
    authority = await founder.start();
    networkFile = join(organisations.directory, 'network.json');
    await succeed(['network', 'create', '--id', 'carecord-one', '--authority', founder.url, '--allow-http', '--output', networkFile]);
    hospital = await organisations.add('west', 'hospital', { CARECORD_NETWORK_FILE: networkFile });
    clocks = await proxyWithClock(founder.url, () => clockSkew);
  }, TIMEOUT);
  afterAll(async () => {
    clocks.close();
    clocks.closeAllConnections();
    await organisations.stop();
  });

  const refuses = async (organisation: Organisation, sentence: RegExp): Promise<void> => {
    const { code, output, errors } = await organisation.startInVain();
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(sentence);
    expect(errors).toMatch(/^[^\n]+\.\n$/);
  };
  const networkFileWith = async (name: string, changes: object): Promise<string> =>
    organisations.file(name, JSON.stringify({ ...(JSON.parse(await readFile(networkFile, 'utf8')) as object), ...changes }));

  it('with a right one gets as far as the authority', async () => {
    await refuses(hospital, /^0 of the 1 authorities that are needed have admitted this hospital, 1 have not decided yet/);
  }, TIMEOUT);

  it.each([
    ['short', 'tulip', /^The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 16 characters/],
    ['repetitive', 'abcabcabcabcabcabcabc', /^The passphrase in CARECORD_KEY_PASSPHRASE_FILE must have at least 8 different characters/],
  ])('stops at a %s passphrase', async (name, passphrase, sentence) => {
    await refuses(hospital.with({ CARECORD_KEY_PASSPHRASE_FILE: await organisations.file(name, passphrase) }), sentence);
  });

  it('stops at another passphrase than the one that sealed its keys', async () => {
    await refuses(hospital.with({ CARECORD_KEY_PASSPHRASE_FILE: await organisations.file('another', 'nine green umbrellas') }), /passphrase/i);
  }, TIMEOUT);

  it('stops at a threshold larger than the number of authorities', async () => {
    await refuses(hospital.with({ CARECORD_NETWORK_FILE: await networkFileWith('too-many.json', { threshold: 2 }) }), /threshold/);
  });

  it('stops at a network file that is not there', async () => {
    await Promise.all([
      refuses(hospital.with({ CARECORD_NETWORK_FILE: undefined }), /^CARECORD_NETWORK_FILE is missing/),
      refuses(hospital.with({ CARECORD_NETWORK_FILE: join(organisations.directory, 'nowhere.json') }), /CARECORD_NETWORK_FILE/),
    ]);
  });

  it('stops in demo mode at an address that others can reach', async () => {
    await Promise.all([
      refuses(hospital.with({ CARECORD_HTTP_HOST: '0.0.0.0' }), /^CARECORD_HTTP_HOST must be a loopback address in demo mode/),
      refuses(hospital.with({ CARECORD_P2P_LISTEN: '/ip4/0.0.0.0/tcp/0' }), /^CARECORD_P2P_LISTEN must hold loopback addresses alone in demo mode/),
      refuses(hospital.with({ CARECORD_PUBLIC_URL: 'https://carecord.hospital-a.fi' }), /^CARECORD_PUBLIC_URL must be a loopback address in demo mode/),
    ]);
  });

  it("stops when its clock and the authority's differ, ahead and behind, and not for some seconds", async () => {
    const url = `http://127.0.0.1:${(clocks.address() as AddressInfo).port}`;
    const [listed] = (JSON.parse(await readFile(networkFile, 'utf8')) as { authorities: object[] }).authorities;
    const mistimed = hospital.with({ CARECORD_NETWORK_FILE: await networkFileWith('mistimed.json', { authorities: [{ ...listed, url }] }) });
    clockSkew = 10_000;
    await refuses(mistimed, /1 have not decided yet/);
    for (clockSkew of [5 * MINUTE, -5 * MINUTE]) await refuses(mistimed, /^This machine's clock differs from that of the authority at http:\S+ by more than 60 seconds: set both by NTP\.$/m);
  }, TIMEOUT);

  it("stops at another hospital's key file, and at another hospital's domain", async () => {
    const other = await organisations.add('east', 'hospital', { CARECORD_NETWORK_FILE: networkFile });
    await refuses(other, /1 have not decided yet/);
    await refuses(other.with({ CARECORD_DOMAIN: 'west.hospital.example' }), /^CARECORD_DOMAIN is not the domain of the DID/);
    await copyFile(join(organisations.directory, 'west', 'keys.sealed'), join(organisations.directory, 'east', 'keys.sealed'));
    await refuses(other.with({ CARECORD_KEY_PASSPHRASE_FILE: hospital.environment['CARECORD_KEY_PASSPHRASE_FILE'] }), /^The root keys do not open the keys in this database/);
  }, TIMEOUT);

  it('stops when the key server cannot be reached', async () => {
    const vault = { CARECORD_KEY_HOLDER: 'vault-transit', CARECORD_KEY_PASSPHRASE_FILE: undefined, CARECORD_VAULT_TOKEN_FILE: await organisations.file('token', 'hvs.nothing') };
    // A port of this machine that nobody listens at: it was the stand-in's until a moment ago.
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
    await new Promise<void>((resolve) => gone.close(() => resolve()));
    await Promise.all([
      refuses(hospital.with({ ...vault, CARECORD_VAULT_ADDRESS: address }), /key server/),
      refuses(hospital.with({ ...vault, CARECORD_VAULT_ADDRESS: 'http://vault.hospital-a.fi:8200' }), /^CARECORD_VAULT_ADDRESS must be an https:\/\/ address unless it is on this machine/),
    ]);
  }, TIMEOUT);

  const missing = whyNoToken();
  (missing === undefined ? describe : describe.skip)(`with a token${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    it('stops at a wrong PIN, a wrong label and a library that is none', async () => {
      const token = await makeSoftToken();
      try {
        const right = {
          CARECORD_KEY_HOLDER: 'pkcs11',
          CARECORD_KEY_PASSPHRASE_FILE: undefined,
          CARECORD_PKCS11_MODULE: token.modulePath,
          CARECORD_PKCS11_TOKEN: token.tokenLabel,
          CARECORD_PKCS11_PIN_FILE: await organisations.file('pin', token.pin),
          SOFTHSM2_CONF: join(token.directory, '..', 'softhsm2.conf'),
        };
        await refuses(hospital.with({ ...right, CARECORD_PKCS11_PIN_FILE: await organisations.file('wrong-pin', '0000-0000') }), /PIN/);
        await refuses(hospital.with({ ...right, CARECORD_PKCS11_TOKEN: 'no such token' }), /token/);
        await refuses(hospital.with({ ...right, CARECORD_PKCS11_MODULE: networkFile }), /module|library/i);
        const another = await organisations.add('south', 'hospital', { CARECORD_NETWORK_FILE: networkFile });
        await refuses(another.with(right), /1 have not decided yet/);
      } finally {
        await token.remove();
      }
    }, TIMEOUT);
  });

  it('leaves the authority as it was', async () => {
    expect((await fetch(`${authority.ready.http}/health/ready`)).status).toBe(200);
  });
});

/** The authority by way of somebody whose clock is wrong: every answer is its own, but for the date. */
async function proxyWithClock(target: string, skew: () => number): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = 'GET', url = '/' } = request;
      void fetch(target + url, { method, headers: { 'content-type': 'application/json' }, ...(method === 'POST' ? { body } : {}) }).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '', date: new Date(Date.now() + skew()).toUTCString() });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
