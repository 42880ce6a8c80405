import { CarecordError } from '@carecord/core';
import { Command } from 'commander';
import { authorityCommand } from './commands/authority.ts';
import { didCommand } from './commands/did.ts';
import { hospitalCommand } from './commands/hospital.ts';
import { networkCreateCommand } from './commands/network-create.ts';
import { nodeCommand } from './commands/node.ts';
import { networkUpCommand } from './commands/network-up.ts';
import { resetCommand } from './commands/reset.ts';
import { staffCommand } from './commands/staff.ts';
import { vcApiCommand } from './commands/vc-api.ts';

const program = new Command('carecord')
  .description('Operates a Carecord node and runs a local network of three hospitals.')
  .version('0.1.0')
  .showHelpAfterError('Run "carecord help" for every command.');

program.addCommand(nodeCommand());
program.addCommand(new Command('network').description('Networks of hospitals: a new one, or one on this machine.').addCommand(networkCreateCommand()).addCommand(networkUpCommand()));
program.addCommand(hospitalCommand());
program.addCommand(authorityCommand());
program.addCommand(staffCommand());
program.addCommand(didCommand());
program.addCommand(vcApiCommand());
program.addCommand(resetCommand());

try {
  await program.parseAsync();
} catch (failure) {
  // A mistake that we know is a sentence for the person; anything else is a defect and shows where.
  if (!(failure instanceof CarecordError)) throw failure;
  process.stderr.write(`${failure.message}\n`);
  process.exitCode = 1;
}
