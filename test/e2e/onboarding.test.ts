import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import type { NodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { Organisations, runCommand, succeed } from '../support/organisation.ts';
import type { Organisation } from '../support/organisation.ts';
import { connectedHospitals } from '../support/operator.ts';
import { until } from '../support/until.ts';

const TIMEOUT = 180_000;
/** Removal is pushed; within this it has to be everywhere. */
const REMOVAL_MILLISECONDS = 30_000;
const CONNECTION_MILLISECONDS = 30_000;
const USERNAME = 'registrar-in-chief';
const PASSWORD = 'plover-tundra-ninety';

/** docs/onboarding.md, step by step, by the command line alone: two authorities that must agree, and two hospitals. */
describe('a network whose two authorities must agree', () => {
  let organisations: Organisations;
  const authorities: Organisation[] = [];
  const nodes = new Map<string, NodeProcess>();
  let networkFile: string;
  let passwordFile: string;
  let hospital: Organisation;
  let hospitalDid: string;

  const operator = ({ url }: Organisation): string[] => ['--url', url, '--username', USERNAME, '--password-file', passwordFile];
  const decide = (at: Organisation | undefined, ...decision: string[]): Promise<string> => succeed(['authority', ...decision, ...operator(present(at))]);
  const restart = async (organisation: Organisation): Promise<NodeProcess> => {
    await nodes.get(organisation.slug)?.stop();
    const node = await organisation.start();
    nodes.set(organisation.slug, node);
    return node;
  };
  const application = async (of: Organisation): Promise<{ did: string; admitted: boolean; states: { state: string }[] }> =>
    JSON.parse(await of.command('hospital', 'apply', '--json')) as { did: string; admitted: boolean; states: { state: string }[] };

  beforeAll(async () => {
    organisations = await Organisations.create();
    passwordFile = await organisations.file('password', PASSWORD);
    for (const slug of ['north', 'south']) authorities.push(await organisations.add(slug, 'authority', { CARECORD_NETWORK_ID: 'carecord-two' }));
    await Promise.all(authorities.map(restart));
  }, TIMEOUT);
  afterAll(() => organisations.stop());

  it(
    'makes the first administrator of each authority, who must choose an own password',
    async () => {
      await Promise.all(
        authorities.map(async (authority) => {
          const initial = await organisations.file(`${authority.slug}.initial`, await authority.command('staff', 'add', '--username', USERNAME, '--role', 'administrator'));
          const url = ['--url', authority.url, '--username', USERNAME, '--password-file', initial];
          const early = await runCommand(['authority', 'applications', ...url]);
          expect(early).toMatchObject({ code: 1, output: '' });
          expect(early.errors).toMatch(/carecord staff set-password/);
          const weak = await organisations.file(`${authority.slug}.weak`, `${USERNAME}1`);
          expect(await runCommand(['staff', 'set-password', ...url, '--new-password-file', weak])).toMatchObject({ code: 1, output: '' });
          await succeed(['staff', 'set-password', ...url, '--new-password-file', passwordFile]);
          expect(await decide(authority, 'applications')).toMatch(/^ADMITTED/);
        }),
      );
      const [north] = authorities;
      const guess = await runCommand(['authority', 'applications', '--url', present(north).url, '--username', USERNAME, '--password-file', await organisations.file('guess', 'plover-tundra-eighty')]);
      expect(guess).toMatchObject({ code: 1, output: '' });
    },
    TIMEOUT,
  );

  it(
    'writes the network file, with which the authorities admit each other',
    async () => {
      networkFile = join(organisations.directory, 'network.json');
      const create = ['network', 'create', '--id', 'carecord-two', ...authorities.flatMap(({ url }) => ['--authority', url]), '--allow-http', '--output', networkFile];
      expect(await runCommand([...create, '--threshold', '3'])).toMatchObject({ code: 1, errors: expect.stringMatching(/^[^\n]*threshold[^\n]*\n$/) });
      const output = await succeed([...create, '--threshold', '2']);
      for (const { slug } of authorities) expect(output).toContain(nodes.get(slug)?.ready.did);
      expect(JSON.parse(await readFile(networkFile, 'utf8'))).toMatchObject({ networkId: 'carecord-two', threshold: 2, witnessThreshold: 2 });
      // A file that may be in use is not replaced.
      expect((await runCommand([...create, '--threshold', '2'])).code).toBe(1);

      const before = authorities.map(({ slug }) => nodes.get(slug)?.ready.did);
      for (const [index, authority] of authorities.entries()) authorities[index] = authority.with({ CARECORD_NETWORK_ID: undefined, CARECORD_NETWORK_FILE: networkFile });
      await Promise.all(authorities.map(restart));
      expect(authorities.map(({ slug }) => nodes.get(slug)?.ready.did)).toEqual(before);
    },
    TIMEOUT,
  );

  it(
    'lets a hospital in when both have admitted it, and not when one has',
    async () => {
      hospital = await organisations.add('west', 'hospital', { CARECORD_NETWORK_FILE: networkFile });
      const first = await application(hospital);
      hospitalDid = first.did;
      expect(first).toMatchObject({ admitted: false, states: [{ state: 'pending' }, { state: 'pending' }] });
      expect(await hospital.startInVain()).toEqual({ code: 1, output: '', errors: expect.stringMatching(/^0 of the 2 authorities [^\n]*, 2 have not decided yet: [^\n]*\n$/) });

      expect(await decide(authorities[0], 'applications')).toMatch(new RegExp(`PENDING   West\\n +${hospitalDid}`));
      expect(await decide(authorities[0], 'admit', hospitalDid)).toMatch(/^ADMITTED/);
      expect(await application(hospital)).toMatchObject({ did: hospitalDid, admitted: false, states: [{ state: 'admitted' }, { state: 'pending' }] });
      expect(await hospital.startInVain()).toEqual({ code: 1, output: '', errors: expect.stringMatching(/^1 of the 2 authorities [^\n]*, 1 have not decided yet: [^\n]*\n$/) });

      await decide(authorities[1], 'admit', hospitalDid);
      const { ready } = await restart(hospital);
      expect(ready.did).toBe(hospitalDid);
      expect((await fetch(`${ready.http}/health/ready`)).status).toBe(200);
    },
    TIMEOUT,
  );

  it(
    'shows an administrator of an authority its peers and the network, for a person and for a program',
    async () => {
      const [north, south] = authorities.map(({ slug }) => present(nodes.get(slug)).ready);
      const at = operator(present(authorities[0]));
      const peers = async (): Promise<Record<string, unknown>[]> => (await succeed(['peers', '--json', ...at])).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
      const found = await until('the connections', peers, (list) => [south?.did, hospitalDid].every((did) => list.some((peer) => peer['did'] === did && peer['connected'] === true)), CONNECTION_MILLISECONDS);
      expect(found.find(({ did }) => did === hospitalDid)).toMatchObject({ name: 'West', roles: ['hospital'], group: 'X25519MLKEM768', relayed: false, address: expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\//) });
      expect(found.map(({ did }) => did)).not.toContain(north?.did);

      const [headings, ...rows] = (await succeed(['peers', ...at])).split('\n');
      expect(headings).toMatch(/^NAME +CONNECTED +GROUP +STATUS AGE +LATENCY +REPUTATION +RELAYED +DID$/);
      expect(rows).toContainEqual(expect.stringMatching(new RegExp(`^West +yes +X25519MLKEM768 +\\S.* no +${hospitalDid}$`)));

      expect(JSON.parse(await succeed(['network', 'status', '--json', ...at]))).toMatchObject({ health: 'HEALTHY', connectedMembers: 2, publications: null, replication: { factor: 5 } });
      expect(await succeed(['network', 'status', ...at])).toMatch(/^The network is +healthy\n[^]*^Members +2 connected, /m);
    },
    TIMEOUT,
  );

  it(
    'serves its DID, which resolves with its witnesses',
    async () => {
      const served = join(organisations.directory, 'served');
      await mkdir(served);
      for (const name of ['did.jsonl', 'did-witness.json', 'did-cosignatures.json']) {
        const answer = await fetch(`${hospital.url}/.well-known/${name}`);
        expect({ name, status: answer.status }).toEqual({ name, status: 200 });
        await writeFile(join(served, name), await answer.text());
      }
      const resolve = ['did', 'resolve', hospitalDid, '--json', '--history', join(served, 'did.jsonl')];
      expect(JSON.parse(await succeed(resolve))).toMatchObject({ didDocument: { id: hospitalDid }, didResolutionMetadata: expect.not.objectContaining({ error: expect.anything() }) });
      const stranger = ['did', 'resolve', present(nodes.get('north')).ready.did, '--json', '--history', join(served, 'did.jsonl')];
      expect(await runCommand(stranger)).toMatchObject({ code: 1, output: expect.stringContaining('"didDocument":null') });

      const witnesses = join(served, 'did-witness.json');
      const [entry] = JSON.parse(await readFile(witnesses, 'utf8')) as [{ proof: unknown[] }];
      expect(entry.proof).toHaveLength(2);
      await writeFile(witnesses, JSON.stringify([{ ...entry, proof: entry.proof.slice(1) }]));
      expect(await runCommand(resolve)).toMatchObject({ code: 1, output: expect.stringContaining('"didDocument":null') });
    },
    TIMEOUT,
  );

  it(
    'admits at once who shows a ticket of each authority, and takes a hospital out when one of them revokes it',
    async () => {
      const tickets: string[] = [];
      for (const authority of authorities) tickets.push(`${present(nodes.get(authority.slug)).ready.did} ${await decide(authority, 'ticket', '--name', 'East')}`);
      const accountsFile = await organisations.file('accounts.json', JSON.stringify([{ username: 'clinician', password: PASSWORD, role: 'clinician' }]));
      const files = { CARECORD_NETWORK_FILE: networkFile, CARECORD_DEMO_ACCOUNTS_FILE: accountsFile, CARECORD_ADMISSION_TICKET_FILE: await organisations.file('tickets', tickets.join('\n')) };
      const wrongName = await organisations.add('eastern', 'hospital', files);
      expect(await wrongName.startInVain()).toEqual({ code: 1, output: '', errors: expect.stringMatching(/^0 of the 2 authorities [^\n]* refused it[^\n]*ticket[^\n]*\n$/) });

      const second = await organisations.add('east', 'hospital', files);
      const { ready } = await restart(second);
      const clinician = await HospitalClient.signIn(present(ready.graphql), { username: 'clinician', password: PASSWORD });
      const members = (): Promise<readonly string[]> => connectedHospitals(clinician);
      await until('the connection with the first hospital', members, (dids) => dids.includes(hospitalDid), CONNECTION_MILLISECONDS);

      // Peers are for administrators.
      for (const command of [['peers'], ['network', 'status']]) {
        expect(await runCommand([...command, '--url', second.url, '--username', 'clinician', '--password-file', passwordFile])).toEqual({ code: 1, output: '', errors: 'Your role may not do this. (FORBIDDEN)\n' });
      }
      expect(await decide(authorities[1], 'revoke', hospitalDid, '--reason', 'KEYS_STOLEN')).toMatch(/^REVOKED {2}.*\n.*\n.*\(KEYS_STOLEN\)/);
      await until('the removal', members, (dids) => !dids.includes(hospitalDid), REMOVAL_MILLISECONDS);
      // For ever: no authority takes a revocation back.
      expect(await runCommand(['authority', 'reinstate', hospitalDid, ...operator(present(authorities[1]))])).toMatchObject({ code: 1, output: '' });
      expect(await decide(authorities[0], 'applications')).toMatch(/ADMITTED {2}West/);
    },
    TIMEOUT,
  );
});

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('It is not there.');
  return value;
}
