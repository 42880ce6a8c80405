import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import type { NodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { freePort, Organisations, succeed } from './organisation.ts';
import type { Organisation } from './organisation.ts';

const NETWORK_ID = 'carecord-small';
const PASSWORD = 'plover-tundra-ninety';
const ROLES = ['clinician', 'privacy-officer', 'administrator'] as const;
type Role = (typeof ROLES)[number];

/** One authority, and hospitals that it admits by ticket, each configured by the test. */
export interface SmallNetwork {
  readonly organisations: Organisations;
  /**
   * A hospital with its ticket and demo staff, not started.
   * @param changes variables that are added to, or stand in the place of, the usual ones
   */
  hospital(slug: string, changes?: Readonly<Record<string, string>>): Promise<Organisation>;
  /** Another node of the same hospital: what replicas share is the same. */
  replicaOf(hospital: Organisation): Promise<Organisation>;
  stop(): Promise<void>;
}

/** Starts the authority. @param slugs the hospitals that there will be */
export async function startSmallNetwork(slugs: readonly string[]): Promise<SmallNetwork> {
  const organisations = await Organisations.create();
  const ticketOf = (slug: string): string => `a-ticket-for-${slug}-and-nobody-else`;
  const tickets = slugs.map((slug) => ({ ticket: ticketOf(slug), name: `${slug[0]?.toUpperCase() ?? ''}${slug.slice(1)}` }));
  const authority = await organisations.add('registry', 'authority', {
    CARECORD_NETWORK_ID: NETWORK_ID,
    CARECORD_DEMO_TICKETS_FILE: await organisations.file('tickets.json', JSON.stringify(tickets)),
  });
  const founding = await authority.start();
  const networkFile = join(organisations.directory, 'network.json');
  await succeed(['network', 'create', '--id', NETWORK_ID, '--authority', authority.url, '--allow-http', '--output', networkFile]);
  // Only by the file it learns that it is the guardian.
  await founding.stop();
  await authority.with({ CARECORD_NETWORK_ID: undefined, CARECORD_NETWORK_FILE: networkFile }).start();
  const accounts = await organisations.file('accounts.json', JSON.stringify(ROLES.map((role) => ({ username: role, password: PASSWORD, role }))));
  return {
    organisations,
    hospital: async (slug, changes = {}) =>
      await organisations.add(slug, 'hospital', {
        CARECORD_NETWORK_FILE: networkFile,
        CARECORD_DEMO_ACCOUNTS_FILE: accounts,
        CARECORD_ADMISSION_TICKET_FILE: await organisations.file(`${slug}.ticket`, ticketOf(slug)),
        ...changes,
      }),
    replicaOf: async (hospital) => {
      const own = hospital.environment['CARECORD_DATA_DIRECTORY'] ?? '';
      const data = `${own}-2`;
      await mkdir(data, { mode: 0o700 });
      return hospital.with({ CARECORD_DATA_DIRECTORY: data, CARECORD_KEY_FILE: join(own, 'keys.sealed'), CARECORD_HTTP_PORT: String(await freePort()) });
    },
    stop: () => organisations.stop(),
  };
}

/** Who may sign in at the demo staff's nodes. */
export function demoAccount(role: Role): { readonly username: string; readonly password: string } {
  return { username: role, password: PASSWORD };
}

/** Signs the demo staff member of a role in. */
export function signInAs(role: Role, { ready }: Pick<NodeProcess, 'ready'>): Promise<HospitalClient> {
  return HospitalClient.signIn(`${ready.http}/graphql`, demoAccount(role));
}
