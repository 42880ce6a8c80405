import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canaryBundle, generatePatients } from '@carecord/testkit';
import { scenarioHospitals } from '../../apps/cli/src/network/demo-hospitals.ts';
import { query, readRawColumns } from '../support/database.ts';
import { type RawSearch, searchFor } from '../support/raw-search.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork, untilPublished } from '../support/running-network.ts';

const SEED = 7_319;
const REASON = 'cnry-reason-4f1c20b7a98d';

/** Every file below a folder, with its content. */
async function files(directory: string): Promise<{ path: string; bytes: Buffer }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => ({ path: join(entry.parentPath, entry.name), bytes: await readFile(join(entry.parentPath, entry.name)) })),
  );
}

describe('nothing of a patient is at rest or in the network in the clear', () => {
  let network: TestNetwork;
  let search: RawSearch;
  let canaries: readonly string[];
  let bundle: unknown;

  beforeAll(async () => {
    network = await startTestNetwork();
    const made = canaryBundle(SEED);
    ({ canaries, bundle } = made);
    search = searchFor([...canaries, REASON]);
    const [a, b, privacyOfficer, administrator] = await Promise.all([
      network.as('alder', 'clinician'),
      network.as('birch', 'clinician'),
      network.as('alder', 'privacy-officer'),
      network.as('alder', 'administrator'),
    ]);
    const { patients } = await a.admitBundle(bundle, 'LISTED');
    const spread = generatePatients({ seed: SEED, count: 2, hospitals: scenarioHospitals.map(({ name, domain }) => ({ name, domain })) });
    for (const visit of spread.flatMap((patient) => patient.bundles)) {
      if (visit.hospital === 0) await a.admitBundle(visit.bundle, 'LISTED');
    }
    await untilPublished(administrator);
    // A refused bundle, a refused sign-in and a whole exchange leave their traces, too.
    await expect(a.admitBundle({ ...(bundle as object), type: canaries[0] }, 'LISTED')).rejects.toThrow(/INVALID_BUNDLE/);
    await privacyOfficer.giveConsent({ patientId: patients[0] ?? '', recipientDid: network.hospital('birch').did, recipientName: 'Birch', purposes: ['TREAT'] });
    const location = await b.locate(made.nationalId, 'TREAT');
    expect(location.holders.map(({ did }) => did)).toEqual([network.hospital('alder').did]);
    const answer = await b.requestAccess({ locationId: location.locationId, holderDid: network.hospital('alder').did, purpose: 'TREAT', reason: REASON });
    if (answer.kind !== 'request') throw new Error(`The exchange failed: ${answer.code}`);
    const opened = await b.releasedRecords(answer.requestId);
    expect(opened.length).toBeGreaterThan(10);
    // The control: what B opened does hold the canaries, so the search would find them.
    expect(search.formsFound(Buffer.from(JSON.stringify(opened)))).toContain('plain');
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  const databases = (): { owner: string; url: string }[] => [
    ...network.network.hospitals.map(({ hospital, databaseUrl }) => ({ owner: hospital.name, url: databaseUrl })),
    { owner: 'authority', url: network.network.authority.databaseUrl },
  ];

  it('holds for the search itself: it finds every form of a planted canary', () => {
    const text = JSON.stringify(bundle);
    expect(search.formsFound(Buffer.from(text))).toContain('plain');
    expect(search.formsFound(Buffer.from(Buffer.from(text).toString('hex')))).toContain('hexadecimal');
    for (const shift of ['', ' ', '  ']) expect(search.formsFound(Buffer.from(Buffer.from(shift + text).toString('base64'))).join()).toMatch(/base64/);
  });

  it('in no table of any database', async () => {
    const found: string[] = [];
    for (const { owner, url } of databases()) {
      const columns = await readRawColumns(url);
      const tables = new Set(columns.filter(({ rows }) => rows > 0).map(({ name }) => name.split('.').slice(0, 2).join('.')));
      expect(tables.size).toBeGreaterThan(4);
      for (const column of columns) found.push(...search.formsFound(column.bytes).map((form) => `${owner} ${column.name}: ${form}`));
    }
    expect(found).toEqual([]);
  });

  it('in no value of the DHT of any node', async () => {
    let values = 0;
    for (const { url } of databases()) {
      const rows = await query<{ key: string; value: Buffer }>(url, 'select key, value from datastore_entry');
      values += rows.length;
      for (const { key, value } of rows) expect(search.formsFound(Buffer.concat([Buffer.from(key), value]))).toEqual([]);
    }
    expect(values).toBeGreaterThan(10);
  });

  it('in no log, and in no file that the database server or a node wrote (write-ahead log and temporary files among them)', async () => {
    const all = await files(network.directory);
    expect(all.some(({ path, bytes }) => path.endsWith('alder.log') && bytes.length > 0)).toBe(true);
    expect(all.some(({ path }) => path.includes('pg_wal'))).toBe(true);
    expect(all.flatMap(({ path, bytes }) => search.formsFound(bytes).map((form) => `${path}: ${form}`))).toEqual([]);
  });
});
