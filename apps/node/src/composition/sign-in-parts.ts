import type { Provider, Type } from '@nestjs/common';
import { clientParts } from '../clients/client-parts.ts';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { MAX_ANSWER_BYTES } from '../openid/bounded-fetch.ts';
import { openIdParts } from '../openid/openid-parts.ts';
import type { StaffServices } from '../staff/staff-services.ts';
import type { Foundation } from './foundation.ts';
import type { NetworkParts } from './network-parts.ts';

/** Controllers and providers that are added to the HTTP side. */
export interface HttpParts {
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
}

/** How programs sign in, and people through the hospital's own provider where there is one. */
export function signInParts(
  { storage, audit, ring, clock, logger, http }: Foundation,
  { openId, publicUrl }: Pick<HospitalConfiguration, 'openId' | 'publicUrl'>,
  { sessions, challenges }: Pick<StaffServices, 'sessions' | 'challenges'>,
  late: NetworkParts['late'],
): HttpParts {
  const common = { staff: storage.staff, sessionStore: storage.sessions, sessions, assertions: storage.usedAssertions, transactions: storage.transactions, audit, clock };
  const clients = clientParts({ ...common, publicUrl: () => publicUrl ?? late.address ?? '', clients: storage.integrationClients });
  if (openId === undefined) return clients;
  const provider = openIdParts({
    ...common,
    settings: openId,
    fetch: http.asFetch(MAX_ANSWER_BYTES),
    challenges,
    tokenKeys: () => ring.openable('staff-sealing').map(({ secret }) => secret),
    logger,
  });
  return { controllers: [...clients.controllers, ...provider.controllers], providers: [...clients.providers, ...provider.providers] };
}
