import type { AuditEventType } from '@carecord/audit';
import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import { newId } from '@carecord/core';
import type { IntegrationClientStore, SessionStore, StaffStore, StoredIntegrationClient } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { clientKeySetSchema } from './client-key-set.ts';
import type { ClientKeySet } from './client-key-set.ts';
import { CLIENT_ROLE } from './client-tokens.ts';

/** A registered program, as administrators see it. */
export interface IntegrationClientView {
  readonly clientId: string;
  readonly name: string;
  /** The account in whose name it acts: that is what the audit log names. */
  readonly staffId: string;
  readonly disabled: boolean;
  readonly keyIds: readonly string[];
  readonly createdAt: Date;
}

/** What {@link IntegrationClients} needs from outside. */
export interface IntegrationClientDependencies {
  readonly clients: IntegrationClientStore;
  readonly staff: Pick<StaffStore, 'findById' | 'insert' | 'change'>;
  readonly sessions: Pick<SessionStore, 'removeOfStaff'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
}

/** The programs that may sign in with a key of their own: an administrator registers, changes and stops them. */
export class IntegrationClients {
  constructor(private readonly dependencies: IntegrationClientDependencies) {}

  /** Registers a program under a client id of its own, with an account that can do nothing but that. */
  async register(name: string, keySet: ClientKeySet, by: StaffPrincipal): Promise<IntegrationClientView> {
    const { clients, staff, transactions, clock } = this.dependencies;
    const client: StoredIntegrationClient = { clientId: newId(), staffId: newId(), name, keySet, createdAt: clock.now() };
    const username = usernameOf(client.clientId);
    await transactions.run(async (transaction) => {
      await staff.insert(transaction, { id: client.staffId, username, passwordExpired: false, role: CLIENT_ROLE, disabled: false });
      await clients.insert(transaction, client);
      await this.log(transaction, 'client-registered', client, by);
    });
    return viewOf(client, false);
  }

  /** All of them, oldest first. */
  async list(): Promise<IntegrationClientView[]> {
    const { clients, staff } = this.dependencies;
    return await Promise.all((await clients.list()).map(async (client) => viewOf(client, (await staff.findById(client.staffId))?.disabled ?? true)));
  }

  /**
   * Replaces all keys of a program and ends its sessions: a key is replaced because it is old or because it is lost.
   * @throws NodeError `NOT_FOUND`
   */
  async replaceKeys(clientId: string, keySet: ClientKeySet, by: StaffPrincipal): Promise<IntegrationClientView> {
    return await this.change(clientId, 'client-keys-replaced', by, async (transaction, client) => {
      await this.dependencies.clients.replaceKeys(transaction, clientId, keySet);
      return { ...client, keySet };
    });
  }

  /**
   * Stops a program: no new tokens, and those that it has end now.
   * @throws NodeError `NOT_FOUND`
   */
  async disable(clientId: string, by: StaffPrincipal): Promise<IntegrationClientView> {
    return await this.change(clientId, 'client-disabled', by, async (transaction, client) => {
      await this.dependencies.staff.change(transaction, client.staffId, { disabled: true });
      return client;
    });
  }

  private async change(
    clientId: string,
    type: AuditEventType,
    by: StaffPrincipal,
    apply: (transaction: Transaction, client: StoredIntegrationClient) => Promise<StoredIntegrationClient>,
  ): Promise<IntegrationClientView> {
    const { clients, staff, sessions, transactions } = this.dependencies;
    const client = await clients.find(clientId);
    if (client === undefined) throw new NodeError('NOT_FOUND', 'There is no integration client with this id.');
    const changed = await transactions.run(async (transaction) => {
      const result = await apply(transaction, client);
      await sessions.removeOfStaff(transaction, client.staffId);
      await this.log(transaction, type, client, by);
      return result;
    });
    return viewOf(changed, (await staff.findById(client.staffId))?.disabled ?? true);
  }

  private async log(transaction: Transaction, type: AuditEventType, { clientId, staffId }: StoredIntegrationClient, by: StaffPrincipal): Promise<void> {
    await this.dependencies.audit.append(transaction, { type, outcome: 'success', actor: actorOf(by), detail: { clientId, staffId } });
  }
}

/** Holds a character that no person's user name has, so that neither can take the other's. */
function usernameOf(clientId: string): string {
  return `client:${clientId}`;
}

function viewOf({ clientId, name, staffId, keySet, createdAt }: StoredIntegrationClient, disabled: boolean): IntegrationClientView {
  return { clientId, name, staffId, disabled, keyIds: clientKeySetSchema.parse(keySet).keys.map(({ kid }) => kid), createdAt };
}
