import { Command } from 'commander';
import { dropDatabases } from '../network/database-server.ts';
import { localNetworkDirectory, removeLocalNetwork } from '../network/directory.ts';

/** `carecord reset`: removes the local network's databases, keys and logs. */
export function resetCommand(): Command {
  return new Command('reset')
    .description('Remove all data of the local network: databases (with DATABASE_URL: those it made on that server), keys, logs. It must not be running.')
    .option('--directory <path>', 'where the local network keeps its data', localNetworkDirectory())
    .action(async (options: { directory: string }) => {
      const removed = await removeLocalNetwork(options.directory);
      const databaseUrl = process.env['DATABASE_URL'];
      if (databaseUrl !== undefined) await dropDatabases(databaseUrl);
      process.stdout.write(removed ? 'The local network has been removed. "npm start" makes a new one.\n' : 'There was nothing to remove.\n');
    });
}
