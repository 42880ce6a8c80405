import { Command } from 'commander';
import type { OperatorOptions } from '../client/operator-session.ts';

/** A command that asks a running node, as a person who is signed in there. */
export function operatorCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption('--url <address>', "the node's address")
    .requiredOption('--username <name>', 'who asks')
    .requiredOption('--password-file <file>', 'the file with the password; one-time codes are asked for at the terminal');
}

export type { OperatorOptions };
