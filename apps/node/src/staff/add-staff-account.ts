import { AuditLog } from '@carecord/audit';
import { systemClock } from '@carecord/core';
import { openStorage } from '@carecord/storage';
import { isStaffRole, ROLES_OF_PEOPLE } from '../authorisation/roles.ts';
import { loadConfiguration } from '../config/load-configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import { createPino, nodeLogger } from '../logging/node-logger.ts';
import { addStaff, usernameSchema } from './add-staff.ts';

/** The name under which the audit log knows who can run commands on the node's machine. */
const ACTOR = { kind: 'system', id: 'command-line' } as const;

/** A new account of a node, and the password that serves once, to set an own one. */
export interface NewStaffAccount {
  readonly staffId: string;
  readonly username: string;
  readonly role: string;
  readonly initialPassword: string;
}

/**
 * Adds a staff account directly to the node's database, with the node's own configuration: so the first administrator comes to be.
 * The node may run at the same time; none of its keys are opened.
 * @throws ConfigurationError; NodeError `USERNAME_INVALID`, `USERNAME_TAKEN`, `ROLE_UNAVAILABLE`; StorageError
 */
export async function addStaffAccount(
  environment: Readonly<Record<string, string | undefined>>,
  { username, role }: { readonly username: string; readonly role: string },
): Promise<NewStaffAccount> {
  const configuration = loadConfiguration(environment);
  const roles = ROLES_OF_PEOPLE[configuration.role];
  const name = usernameSchema.safeParse(username);
  if (!name.success) throw new NodeError('USERNAME_INVALID', `The user name ${name.error.issues[0]?.message ?? 'is not one'}.`);
  if (!isStaffRole(role)) throw new NodeError('ROLE_UNAVAILABLE', `The roles of people at this node are: ${roles.join(', ')}.`);
  const storage = await openStorage({ databaseUrl: configuration.databaseUrl, clock: systemClock, logger: nodeLogger(createPino(configuration)) });
  try {
    const stores = { staff: storage.staff, transactions: storage.transactions, audit: new AuditLog(storage.audit, systemClock) };
    const { account, initialPassword } = await addStaff(stores, { username: name.data, role, roles, actor: ACTOR });
    return { staffId: account.id, username: account.username, role: account.role, initialPassword };
  } finally {
    await storage.close();
  }
}
