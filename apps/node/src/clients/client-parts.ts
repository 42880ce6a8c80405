import type { Provider, Type } from '@nestjs/common';
import type { Clock, TransactionRunner } from '@carecord/core';
import type { IntegrationClientStore, SessionStore, StaffStore, UsedAssertionStore } from '@carecord/storage';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { AuthorizationServer } from './authorization-server.ts';
import { ClientTokens } from './client-tokens.ts';
import { IntegrationClients } from './integration-clients.ts';
import { TokenController } from './token-controller.ts';

/** What programs that sign in need of the node. */
export interface ClientPartsOptions {
  /** Where programs reach this node, such as `https://carecord.hospital.example`. */
  readonly publicUrl: () => string;
  readonly clients: IntegrationClientStore;
  readonly assertions: UsedAssertionStore;
  readonly staff: StaffStore;
  readonly sessionStore: SessionStore;
  readonly sessions: Sessions;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
}

/** Sign-in of programs, put together: its routes, and the register that `ClientResolver` asks for. */
export function clientParts(options: ClientPartsOptions): { readonly controllers: Type[]; readonly providers: Provider[]; readonly clients: IntegrationClients } {
  const { publicUrl, clients: store, assertions, staff, sessionStore, sessions, transactions, audit, clock } = options;
  const server = new AuthorizationServer(publicUrl);
  const clients = new IntegrationClients({ clients: store, staff, sessions: sessionStore, transactions, audit, clock });
  const tokens = new ClientTokens({ clients: store, assertions, staff, sessions, transactions, audit, clock, audiences: () => server.audiences });
  return {
    clients,
    controllers: [TokenController],
    providers: [
      { provide: AuthorizationServer, useValue: server },
      { provide: ClientTokens, useValue: tokens },
      { provide: IntegrationClients, useValue: clients },
    ],
  };
}
