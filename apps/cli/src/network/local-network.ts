import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetworkFile } from '@carecord/node';
import { type DatabaseServer, databaseName, openDatabaseServer } from './database-server.ts';
import { type DemoHospital, authorityStaff, demoAuthority, demoHospitals, demoNetworkId } from './demo-hospitals.ts';
import { type DemoNodeSecrets, type DemoUser, ensureHospitalSecrets, ensureNodeSecrets, writeTicketList } from './demo-secrets.ts';
import { type LocalNetworkLayout, lockDirectory, prepareDirectory } from './directory.ts';
import { hospitalsToStart, rememberHospitals } from './network-size.ts';
import { type NodeProcess, startNodeProcess } from './node-process.ts';
import { ensureGuardians } from './local-guardians.ts';
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

/** Hospitals and their authority, running. */
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
  /** How many hospitals; @default as many as there were, at first three */
  readonly hospitals?: number | undefined;
  readonly progress: Progress;
  /** Told how many hospitals there will be, before the first thing is started. */
  readonly onStart?: (hospitals: number) => void;
  /** The embedded PostgreSQL without fsync: for tests alone. */
  readonly fsync?: boolean;
}

/** More at once would only wait for each other, and the last of them for longer than a start may take: each needs some seconds of a core. */
const STARTED_TOGETHER = 4;

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
    const chosen = demoHospitals.slice(0, await hospitalsToStart(layout, options.hospitals));
    options.onStart?.(chosen.length);
    const server = await options.progress.during('Starting PostgreSQL', (onProgress) =>
      openDatabaseServer({ layout, databaseUrl: options.databaseUrl, fsync: options.fsync ?? true, onProgress }),
    );
    cleanUp.push(() => server.stop());
    const authority = await options.progress.during(`Starting ${demoAuthority.name}, which admits the hospitals`, () => startAuthority(layout, server, chosen));
    cleanUp.push(() => authority.process.stop());
    const hospitals: RunningHospital[] = [];
    cleanUp.push(async () => {
      await Promise.all(hospitals.map((hospital) => hospital.process.stop()));
    });
    await options.progress.during(`Starting ${chosen.length} hospitals, each a process with its own database and keys`, async (update) => {
      for (let at = 0; at < chosen.length; at += STARTED_TOGETHER) {
        const started = await Promise.allSettled(chosen.slice(at, at + STARTED_TOGETHER).map((hospital) => startHospital(layout, server, authority.process, hospital)));
        // Those that did start are stopped with the rest when another one did not.
        hospitals.push(...started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
        const failure = started.find((outcome) => outcome.status === 'rejected');
        if (failure !== undefined) throw failure.reason;
        update(`${hospitals.length} are ready`);
      }
    });
    await options.progress.during('Making the key of the look-up, which three guardians share', () => ensureGuardians(layout, authority, hospitals));
    await rememberHospitals(layout, hospitals.length);
    return {
      layout,
      hospitals,
      authority,
      died: Promise.race([authority.process.died, ...hospitals.map((hospital) => hospital.process.died)]),
      restart: async (slug) => {
        const index = hospitals.findIndex((candidate) => candidate.hospital.slug === slug);
        const hospital = chosen[index];
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

async function startAuthority(layout: LocalNetworkLayout, server: DatabaseServer, hospitals: readonly DemoHospital[]): Promise<LocalNetwork['authority']> {
  const secrets = await ensureNodeSecrets(layout.node(demoAuthority.slug), authorityStaff);
  const tickets = await Promise.all(
    hospitals.map(async ({ slug, name }) => {
      const { ticketFile } = await ensureHospitalSecrets(layout.node(slug));
      return { ticket: await readFile(ticketFile, 'utf8'), name };
    }),
  );
  const databaseUrl = await server.database(databaseName(demoAuthority));
  const process = await startNodeProcess({
    name: demoAuthority.name,
    logFile: join(layout.logs, `${demoAuthority.slug}.log`),
    environment: {
      ...commonEnvironment(demoAuthority, secrets, databaseUrl),
      CARECORD_ROLE: 'authority',
      CARECORD_NETWORK_ID: demoNetworkId,
      CARECORD_GUARDIANS_FILE: layout.guardiansFile,
      CARECORD_DEMO_TICKETS_FILE: await writeTicketList(secrets.directory, tickets),
    },
  });
  await writeNetworkFile(layout, process.ready.http);
  return { did: process.ready.did, graphql: graphqlOf(process), databaseUrl, users: secrets.users, process };
}

/** What an operator does with "carecord network create". */
async function writeNetworkFile(layout: LocalNetworkLayout, authorityUrl: string): Promise<void> {
  const { text } = await createNetworkFile({ networkId: demoNetworkId, authorityUrls: [authorityUrl], guardians: [], threshold: 1, witnessThreshold: 1, statusMaxAgeHours: 24, allowHttp: true });
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
