import { silentLogger } from '@carecord/core';
import { dropExternalDatabase, ensureExternalDatabase, startEmbeddedPostgres } from '@carecord/storage';
import { type DemoHospital, demoAuthority, demoHospitals } from './demo-hospitals.ts';
import type { LocalNetworkLayout } from './directory.ts';

/** Where the nodes' databases are: a server of our own, or somebody else's. */
export interface DatabaseServer {
  /** The URL of a database, which is made if it is not there. */
  database(name: string): Promise<string>;
  /** Stops the server if it is ours. */
  stop(): Promise<void>;
}

/** The databases of the local network; on somebody else's server they are all that is ours. */
const DATABASES = [demoAuthority, ...demoHospitals].map(databaseName);

/** The name of a demo node's database. */
export function databaseName({ slug }: Pick<DemoHospital, 'slug'>): string {
  return `carecord_${slug}`;
}

/** Removes the local network's databases from an external server. */
export async function dropDatabases(databaseUrl: string): Promise<void> {
  for (const name of DATABASES) await dropExternalDatabase(databaseUrl, name);
}

const STEPS = {
  'stopping-left-behind': 'stopping the one that a killed run left behind',
  'copying-binaries': 'copying its binaries, once',
  initialising: 'making the data directory, once',
  starting: 'waiting until it answers',
} as const;

/** The embedded PostgreSQL of the network's directory, or the external server of `databaseUrl`. */
export async function openDatabaseServer(options: {
  readonly layout: LocalNetworkLayout;
  readonly databaseUrl: string | undefined;
  readonly fsync: boolean;
  readonly onProgress: (text: string) => void;
}): Promise<DatabaseServer> {
  const { databaseUrl } = options;
  if (databaseUrl !== undefined) {
    return { database: (name) => ensureExternalDatabase(databaseUrl, name), stop: () => Promise.resolve() };
  }
  const server = await startEmbeddedPostgres({
    directory: options.layout.postgres,
    fsync: options.fsync,
    logger: silentLogger,
    onProgress: (step) => options.onProgress(STEPS[step]),
  });
  return {
    database: async (name) => {
      await server.ensureDatabase(name);
      return server.databaseUrl(name);
    },
    stop: () => server.stop(),
  };
}
