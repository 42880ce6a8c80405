import { applyForMembership } from '@carecord/node';
import type { ApplicationReport } from '@carecord/node';
import { Command } from 'commander';

const STATE_SENTENCES: Readonly<Record<ApplicationReport['states'][number]['state'], string>> = {
  admitted: 'has admitted this hospital',
  pending: 'has the application; a person there decides ("carecord authority admit")',
  refused: 'has refused it',
  suspended: 'has suspended its membership',
  revoked: 'has ended its membership',
  unreachable: 'does not answer',
  'refused-application': 'does not take the application: is the ticket right?',
};

/** `carecord hospital …`: what a hospital does about its membership. */
export function hospitalCommand(): Command {
  return new Command('hospital').description("A hospital's membership. Run it where the node runs, with the node's environment variables.").addCommand(applyCommand());
}

function applyCommand(): Command {
  return new Command('apply')
    .description("Make the hospital's DID, if it has none yet, and apply to the authorities of its network. Repeat it to see how the applications stand.")
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { readonly json?: true }) => {
      const report = await applyForMembership(process.env);
      process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : textOf(report));
    });
}

function textOf({ did, states, threshold, admitted }: ApplicationReport): string {
  const lines = states.map(({ authority, state }) => `  ${authority}\n    ${STATE_SENTENCES[state]}\n`);
  const end = admitted ? 'Enough authorities have admitted this hospital: start its node.' : `${threshold} must admit it before its node can start. Tell them its DID by a way that they trust.`;
  return `This hospital is ${did}\n${lines.join('')}${end}\n`;
}
