import { Command } from 'commander';

/** Loads a command's file. */
type Loader = () => Promise<Command>;

const NETWORK: Readonly<Record<string, Loader>> = {
  create: async () => (await import('./commands/network-create.ts')).networkCreateCommand(),
  guardians: async () => (await import('./commands/network-guardians.ts')).networkGuardiansCommand(),
  up: async () => (await import('./commands/network-up.ts')).networkUpCommand(),
  status: async () => (await import('./commands/network-status.ts')).networkStatusCommand(),
};

const COMMANDS: Readonly<Record<string, (words: readonly string[]) => Promise<Command>>> = {
  node: async () => (await import('./commands/node.ts')).nodeCommand(),
  network: ([word]) => withCommands(new Command('network').description('Networks of hospitals: a new one, one on this machine, or the one of a running node.'), NETWORK, word),
  peers: async () => (await import('./commands/peers.ts')).peersCommand(),
  hospital: async () => (await import('./commands/hospital.ts')).hospitalCommand(),
  authority: async () => (await import('./commands/authority.ts')).authorityCommand(),
  staff: async () => (await import('./commands/staff.ts')).staffCommand(),
  did: async () => (await import('./commands/did.ts')).didCommand(),
  'vc-api': async () => (await import('./commands/vc-api.ts')).vcApiCommand(),
  simulate: async () => (await import('./commands/simulate.ts')).simulateCommand(),
  reset: async () => (await import('./commands/reset.ts')).resetCommand(),
};

/**
 * `carecord`. A command that only asks a running node starts in a fraction of the time when no other command's file is loaded with it.
 * @param words those of the command line after `carecord`: when they name a command, it is the only one there. @default all commands
 */
export function carecordProgram([word, ...words]: readonly string[] = []): Promise<Command> {
  const program = new Command('carecord')
    .description('Operates a Carecord node and runs a local network of hospitals.')
    .version('0.1.0')
    .showHelpAfterError('Run "carecord help" for every command.');
  const loaders = Object.fromEntries(Object.entries(COMMANDS).map(([name, load]) => [name, () => load(words)]));
  return withCommands(program, loaders, word);
}

async function withCommands(parent: Command, loaders: Readonly<Record<string, Loader>>, asked: string | undefined): Promise<Command> {
  const named = Object.entries(loaders).filter(([name]) => name === asked);
  for (const [, load] of named.length === 0 ? Object.entries(loaders) : named) parent.addCommand(await load());
  return parent;
}
