import { CarecordError } from '@carecord/core';
import { Command } from 'commander';
import { nodeCommand } from './commands/node.ts';
import { networkUpCommand } from './commands/network-up.ts';
import { resetCommand } from './commands/reset.ts';

const program = new Command('carecord')
  .description('Operates a Carecord node and runs a local network of three hospitals.')
  .version('0.1.0')
  .showHelpAfterError('Run "carecord help" for every command.');

program.addCommand(nodeCommand());
program.addCommand(new Command('network').description('A network of hospitals on this machine.').addCommand(networkUpCommand()));
program.addCommand(resetCommand());

try {
  await program.parseAsync();
} catch (failure) {
  // A mistake that we know is a sentence for the person; anything else is a defect and shows where.
  if (!(failure instanceof CarecordError)) throw failure;
  process.stderr.write(`${failure.message}\n`);
  process.exitCode = 1;
}
