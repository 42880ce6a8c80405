import { addStaffAccount } from '@carecord/node';
import { Command } from 'commander';
import { OperatorSession, readSecret } from '../client/operator-session.ts';
import { operatorCommand } from './operator-command.ts';
import type { OperatorOptions } from './operator-command.ts';

/** `carecord staff …`: the staff accounts of one node. */
export function staffCommand(): Command {
  return new Command('staff').description("A node's staff accounts.").addCommand(addCommand()).addCommand(setPasswordCommand());
}

function addCommand(): Command {
  return new Command('add')
    .description('Add an account: the first administrator, who adds the others through GraphQL (docs/staff.md). Prints the initial password, once. Run it where the node runs, with the node\'s environment variables.')
    .requiredOption('--username <name>', 'lower-case letters, digits and . _ @ -')
    .requiredOption('--role <role>', 'for example administrator')
    .option('--json', 'print one JSON object')
    .action(async ({ username, role, json }: { readonly username: string; readonly role: string; readonly json?: true }) => {
      const account = await addStaffAccount(process.env, { username, role });
      if (json === true) {
        process.stdout.write(`${JSON.stringify(account)}\n`);
        return;
      }
      // The password alone goes to standard output, so that it can be piped to where it is kept.
      process.stderr.write(`Added ${account.username} (${account.role}). The initial password serves once, to set an own one:\n`);
      process.stdout.write(`${account.initialPassword}\n`);
    });
}

function setPasswordCommand(): Command {
  return operatorCommand('set-password', 'Choose an own password, in the place of the initial one or of the one before.')
    .requiredOption('--new-password-file <file>', 'the file with the new password: at least 12 characters')
    .action(async ({ newPasswordFile, ...options }: OperatorOptions & { readonly newPasswordFile: string }) => {
      await OperatorSession.setPassword(options, await readSecret(newPasswordFile));
      process.stdout.write(`${options.username} has a new password; all other sessions have ended.\n`);
    });
}
