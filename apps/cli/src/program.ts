import { Command } from 'commander';
import { authorityCommand } from './commands/authority.ts';
import { didCommand } from './commands/did.ts';
import { hospitalCommand } from './commands/hospital.ts';
import { networkCreateCommand } from './commands/network-create.ts';
import { networkGuardiansCommand } from './commands/network-guardians.ts';
import { networkStatusCommand } from './commands/network-status.ts';
import { networkUpCommand } from './commands/network-up.ts';
import { nodeCommand } from './commands/node.ts';
import { peersCommand } from './commands/peers.ts';
import { resetCommand } from './commands/reset.ts';
import { simulateCommand } from './commands/simulate.ts';
import { staffCommand } from './commands/staff.ts';
import { vcApiCommand } from './commands/vc-api.ts';

/** `carecord` with everything that it can do. */
export function carecordProgram(): Command {
  const program = new Command('carecord')
    .description('Operates a Carecord node and runs a local network of hospitals.')
    .version('0.1.0')
    .showHelpAfterError('Run "carecord help" for every command.');
  program.addCommand(nodeCommand());
  program.addCommand(new Command('network').description('Networks of hospitals: a new one, one on this machine, or the one of a running node.').addCommand(networkCreateCommand()).addCommand(networkGuardiansCommand()).addCommand(networkUpCommand()).addCommand(networkStatusCommand()));
  program.addCommand(peersCommand());
  program.addCommand(hospitalCommand());
  program.addCommand(authorityCommand());
  program.addCommand(staffCommand());
  program.addCommand(didCommand());
  program.addCommand(vcApiCommand());
  program.addCommand(simulateCommand());
  return program.addCommand(resetCommand());
}
