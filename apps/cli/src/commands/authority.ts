import { Command } from 'commander';
import { z } from 'zod';
import { FAILURE_FIELDS } from '../client/graphql-client.ts';
import { OperatorSession } from '../client/operator-session.ts';
import { operatorCommand } from './operator-command.ts';
import type { OperatorOptions } from './operator-command.ts';
import { reasonCode, wholeNumber } from './option-values.ts';

const ENTRY_FIELDS = 'did name state statusIndex appliedAt decidedAt reasonCode';
const entrySchema = z.object({
  did: z.string(),
  name: z.string(),
  state: z.string(),
  statusIndex: z.number().nullable(),
  appliedAt: z.string(),
  decidedAt: z.string().nullable(),
  reasonCode: z.string().nullable(),
});
type Entry = z.infer<typeof entrySchema>;

/** What is decided, and what it means to the hospital. */
const DECISIONS = {
  admit: { mutation: 'admitMember', withReason: false, description: 'Admit a hospital whose application waits.' },
  refuse: { mutation: 'refuseMember', withReason: true, description: 'Refuse an application that waits.' },
  suspend: { mutation: 'suspendMember', withReason: true, description: 'Take a hospital out of the network for a while.' },
  reinstate: { mutation: 'reinstateMember', withReason: false, description: 'Let a suspended hospital in again.' },
  revoke: { mutation: 'revokeMember', withReason: true, description: 'Take a hospital out of the network for ever.' },
} as const;

/** `carecord authority …`: who belongs to the network. */
export function authorityCommand(): Command {
  const command = new Command('authority').description('Decide who belongs to the network, at an authority that runs.');
  command.addCommand(applicationsCommand());
  for (const name of Object.keys(DECISIONS) as (keyof typeof DECISIONS)[]) command.addCommand(decisionCommand(name));
  return command.addCommand(ticketCommand());
}

function applicationsCommand(): Command {
  const document = `query Memberships($page: PageInput) { result: memberships(page: $page) { ${FAILURE_FIELDS} ... on MembershipEntries { entries { ${ENTRY_FIELDS} } nextCursor } } }`;
  const schema = z.object({ entries: z.array(entrySchema), nextCursor: z.string().nullable() });
  return operatorCommand('applications', 'List the hospitals that applied, and how they stand.')
    .option('--json', 'print one JSON object a line')
    .action(async (options: OperatorOptions & { readonly json?: true }) => {
      await OperatorSession.during(options, async (session) => {
        let after: string | null = null;
        do {
          const page: z.infer<typeof schema> = await session.run(document, { page: { first: 100, after } }, schema);
          for (const entry of page.entries) process.stdout.write(options.json === true ? `${JSON.stringify(entry)}\n` : textOf(entry));
          after = page.nextCursor;
        } while (after !== null);
      });
    });
}

function decisionCommand(name: keyof typeof DECISIONS): Command {
  const { mutation, withReason, description } = DECISIONS[name];
  const document = withReason
    ? `mutation Decide($did: ID!, $reasonCode: String) { result: ${mutation}(did: $did, reasonCode: $reasonCode) { ${FAILURE_FIELDS} ... on MembershipEntry { ${ENTRY_FIELDS} } } }`
    : `mutation Decide($did: ID!) { result: ${mutation}(did: $did) { ${FAILURE_FIELDS} ... on MembershipEntry { ${ENTRY_FIELDS} } } }`;
  const command = operatorCommand(name, description).argument('<did>', 'the DID of the hospital');
  if (withReason) command.option('--reason <code>', 'why, as a code for the audit log such as KEYS_STOLEN', reasonCode);
  return command.action(async (did: string, options: OperatorOptions & { readonly reason?: string }) => {
    const entry = await OperatorSession.during(options, (session) => session.run(document, withReason ? { did, reasonCode: options.reason ?? null } : { did }, entrySchema));
    process.stdout.write(textOf(entry));
  });
}

function ticketCommand(): Command {
  const document = `mutation Ticket($ticket: AdmissionTicketInput!) { result: createAdmissionTicket(ticket: $ticket) { ${FAILURE_FIELDS} ... on AdmissionTicket { ticket expiresAt } } }`;
  return operatorCommand('ticket', 'Make a one-time ticket: the hospital that shows it is admitted at once. It is printed this once, to standard output alone.')
    .requiredOption('--name <organisation>', 'for whom it is, by the name that the hospital has in its configuration')
    .option('--days <number>', 'for how many days it can be used', wholeNumber, 30)
    .action(async (options: OperatorOptions & { readonly name: string; readonly days: number }) => {
      const input = { name: options.name, validForDays: options.days };
      const { ticket, expiresAt } = await OperatorSession.during(options, (session) => session.run(document, { ticket: input }, z.object({ ticket: z.string(), expiresAt: z.string() })));
      process.stderr.write(`For ${options.name}, until ${expiresAt}. Give it to the hospital by a way that you trust.\n`);
      process.stdout.write(`${ticket}\n`);
    });
}

function textOf({ did, name, state, appliedAt, decidedAt, reasonCode }: Entry): string {
  const decided = decidedAt === null ? '' : `, decided ${decidedAt}${reasonCode === null ? '' : ` (${reasonCode})`}`;
  return `${state.padEnd(9)} ${name}\n          ${did}\n          applied ${appliedAt}${decided}\n`;
}
