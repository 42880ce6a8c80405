import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetworkFile } from '@carecord/node';
import { type DatabaseServer, databaseName, openDatabaseServer } from './database-server.ts';
import { type DemoHospital, authorityStaff, demoAuthority, demoHospitals, demoNetworkId } from './demo-hospitals.ts';
import { type DemoNodeSecrets, type DemoUser, ensureHospitalSecrets, ensureNodeSecrets, ensureTicketList } from './demo-secrets.ts';
import { type LocalNetworkLayout, lockDirectory, prepareDirectory } from './directory.ts';
import { type NodeProcess, startNodeProcess } from './node-process.ts';
import type { Progress } from '../progress.ts';

/** A hospital of the local network, as a client needs it. */
export interface RunningHospital {
  readonly hospital: DemoHospital;
  readonly did: string;
  readonly peerId: string;
  readonly graphql: string;
  readonly databaseUrl: string;
  readonly users: readonly DemoUser[];
  readonly process: NodeProcess;
}

/** Three hospitals and their authority, running. */
export interface LocalNetwork {
  readonly layout: LocalNetworkLayout;
  readonly hospitals: readonly RunningHospital[];
  readonly authority: { readonly did: string; readonly graphql: string; readonly databaseUrl: string; readonly users: readonly DemoUser[]; readonly process: NodeProcess };
  /** Resolves with a sentence when a node ends that was not asked to. */
  readonly died: Promise<string>;
  /** Starts a hospital's process again with the data it has: for fault tests. */
  restart(slug: string): Promise<RunningHospital>;
  /** Stops every node, then the database, then gives the directory free. */
  stop(): Promise<void>;
}

/** Where a local network lives and what it is started with. */
export interface LocalNetworkOptions {
  readonly directory: string;
  /** An external PostgreSQL server; without one the embedded server is started. */
  readonly databaseUrl?: string | undefined;
  readonly progress: Progress;
  /** The embedded PostgreSQL without fsync: for tests alone. */
  readonly fsync?: boolean;
}

/**
 * Brings the network up: database server, demo authority, then the hospitals, each a process of its own.
 * @throws CliError with the sentence for the person; what was started by then has been stopped again
 */
export async function startLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const layout = await prepareDirectory(options.directory);
  const cleanUp: (() => Promise<void>)[] = [await lockDirectory(options.directory)];
  const stop = async (): Promise<void> => {
    for (const step of cleanUp.splice(0).reverse()) await step();
  };
  try {
    const server = await options.progress.during('Starting PostgreSQL', (onProgress) =>
      openDatabaseServer({ layout, databaseUrl: options.databaseUrl, fsync: options.fsync ?? true, onProgress }),
    );
    cleanUp.push(() => server.stop());
    const authority = await options.progress.during(`Starting ${demoAuthority.name}, which admits the hospitals`, () => startAuthority(layout, server));
    cleanUp.push(() => authority.process.stop());
    const hospitals = await options.progress.during('Starting three hospitals, each a process with its own database and keys', () =>
      Promise.all(demoHospitals.map((hospital) => startHospital(layout, server, authority.process, hospital))),
    );
    cleanUp.push(async () => {
      await Promise.all(hospitals.map((hospital) => hospital.process.stop()));
    });
    return {
      layout,
      hospitals,
      authority,
      died: Promise.race([authority.process.died, ...hospitals.map((hospital) => hospital.process.died)]),
      restart: async (slug) => {
        const index = hospitals.findIndex((candidate) => candidate.hospital.slug === slug);
        const hospital = demoHospitals[index];
        if (hospital === undefined) throw new RangeError('There is no such hospital.');
        return (hospitals[index] = await startHospital(layout, server, authority.process, hospital));
      },
      stop,
    };
  } catch (failure) {
    await stop();
    throw failure;
  }
}

async function startAuthority(layout: LocalNetworkLayout, server: DatabaseServer): Promise<LocalNetwork['authority']> {
  const secrets = await ensureNodeSecrets(layout.node(demoAuthority.slug), authorityStaff);
  const hospitals = await Promise.all(demoHospitals.map((hospital) => ensureHospitalSecrets(layout.node(hospital.slug))));
  const tickets = await Promise.all(hospitals.map((hospital) => readFile(hospital.ticketFile, 'utf8')));
  const databaseUrl = await server.database(databaseName(demoAuthority));
  const process = await startNodeProcess({
    name: demoAuthority.name,
    logFile: join(layout.logs, `${demoAuthority.slug}.log`),
    environment: {
      ...commonEnvironment(demoAuthority, secrets, databaseUrl),
      CARECORD_ROLE: 'authority',
      CARECORD_NETWORK_ID: demoNetworkId,
      CARECORD_DEMO_TICKETS_FILE: await ensureTicketList(secrets.directory, tickets),
    },
  });
  await writeNetworkFile(layout, process.ready.http);
  return { did: process.ready.did, graphql: graphqlOf(process), databaseUrl, users: secrets.users, process };
}

/** What an operator does with "carecord network create". */
async function writeNetworkFile(layout: LocalNetworkLayout, authorityUrl: string): Promise<void> {
  const { text } = await createNetworkFile({ networkId: demoNetworkId, authorityUrls: [authorityUrl], threshold: 1, witnessThreshold: 1, statusMaxAgeHours: 24, allowHttp: true });
  await writeFile(layout.networkFile, text, { mode: 0o600 });
}

function graphqlOf({ ready }: NodeProcess): string {
  return ready.graphql ?? `${ready.http}/graphql`;
}

async function startHospital(layout: LocalNetworkLayout, server: DatabaseServer, authority: NodeProcess, hospital: DemoHospital): Promise<RunningHospital> {
  const secrets = await ensureHospitalSecrets(layout.node(hospital.slug));
  const databaseUrl = await server.database(databaseName(hospital));
  const process = await startNodeProcess({
    name: hospital.name,
    logFile: join(layout.logs, `${hospital.slug}.log`),
    environment: {
      ...commonEnvironment(hospital, secrets, databaseUrl),
      CARECORD_ROLE: 'hospital',
      CARECORD_NETWORK_FILE: layout.networkFile,
      CARECORD_BOOTSTRAP: authority.ready.p2p.join(','),
      CARECORD_ADMISSION_TICKET_FILE: secrets.ticketFile,
    },
  });
  const { did, peerId } = process.ready;
  return { hospital, did, peerId, graphql: graphqlOf(process), databaseUrl, users: secrets.users, process };
}

function commonEnvironment(node: DemoHospital, secrets: DemoNodeSecrets, databaseUrl: string): Record<string, string> {
  return {
    CARECORD_DEMO: '1',
    CARECORD_NAME: node.name,
    CARECORD_DOMAIN: node.domain,
    CARECORD_DATA_DIRECTORY: secrets.directory,
    CARECORD_KEY_PASSPHRASE_FILE: secrets.passphraseFile,
    CARECORD_DEMO_ACCOUNTS_FILE: secrets.accountsFile,
    CARECORD_HTTP_HOST: '127.0.0.1',
    CARECORD_HTTP_PORT: String(node.preferredPort),
    CARECORD_P2P_LISTEN: '/ip4/127.0.0.1/tcp/0',
    DATABASE_URL: databaseUrl,
  };
}
