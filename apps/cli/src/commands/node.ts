import { runNode } from '@carecord/node';
import { Command } from 'commander';

/** `carecord node`: one hospital's or the authority's node, configured by its environment (docs/configuration.md). */
export function nodeCommand(): Command {
  return new Command('node')
    .description('Run one node. It is configured by environment variables: see docs/configuration.md.')
    .action(async () => {
      await runNode(process.env);
    });
}
