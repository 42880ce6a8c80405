import type { Provider } from '@nestjs/common';
import { AuditLog } from '@carecord/audit';
import type { RateLimiter, TransactionRunner } from '@carecord/core';
import { CredentialIssuer } from '../authority/credential-issuer.ts';
import { MembershipOffice } from '../authority/membership-office.ts';
import { MembershipRegister } from '../authority/membership-register.ts';
import { PublishedNetwork } from '../authority/published-network.ts';
import { StatusListIssuer } from '../authority/status-list-issuer.ts';
import { WitnessOffice } from '../authority/witness-office.ts';
import { PublishedDid } from '../did/published-did.ts';
import { KeyOperations } from '../keys/key-operations.ts';
import { NetworkStatus } from '../status/network-status.ts';
import type { AuthorityServices } from './authority-services.ts';
import { LocalHospital } from './local-hospital.ts';
import { staffProviders } from './staff-providers.ts';
import { ADMISSION_LIMITER, TRANSACTIONS } from './tokens.ts';

/** The services of an authority under the names by which its controllers and resolvers ask for them. */
export function authorityProviders(services: AuthorityServices, limiter: RateLimiter, transactions: TransactionRunner): Provider[] {
  return [
    ...staffProviders(services.staff),
    { provide: LocalHospital, useValue: services.hospital },
    { provide: KeyOperations, useValue: services.keys.operations },
    { provide: PublishedDid, useValue: services.publishedDid },
    { provide: AuditLog, useValue: services.audit },
    { provide: MembershipOffice, useValue: services.office },
    { provide: CredentialIssuer, useValue: services.issuer },
    { provide: WitnessOffice, useValue: services.witnesses },
    { provide: StatusListIssuer, useValue: services.statusLists },
    { provide: MembershipRegister, useValue: services.register },
    { provide: NetworkStatus, useValue: services.networkStatus },
    { provide: PublishedNetwork, useValue: services.published },
    { provide: ADMISSION_LIMITER, useValue: limiter },
    { provide: TRANSACTIONS, useValue: transactions },
  ];
}
