import type { Provider } from '@nestjs/common';
import { AuditLog } from '@carecord/audit';
import type { TransactionRunner } from '@carecord/core';
import { AccessHolder, AccessRequester } from '@carecord/exchange';
import { Locator } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import { Records } from '@carecord/records';
import { AccessInbox } from '../access/access-inbox.ts';
import { AccessQuestions } from '../access/access-questions.ts';
import { BundleAdmission } from '../admission/bundle-admission.ts';
import { PatientConsents } from '../consents/patient-consents.ts';
import { PublishedDid } from '../did/published-did.ts';
import { KeyOperations } from '../keys/key-operations.ts';
import { PatientReader } from '../patients/patient-reader.ts';
import { NetworkStatus } from '../status/network-status.ts';
import { NodeStatus } from '../status/node-status.ts';
import type { HospitalServices } from './hospital-services.ts';
import { LocalHospital } from './local-hospital.ts';
import { staffProviders } from './staff-providers.ts';
import { NETWORK, TRANSACTIONS } from './tokens.ts';

/** The services under the names by which the resolvers ask for them. */
export function hospitalProviders(services: HospitalServices, network: NetworkHost, transactions: TransactionRunner): Provider[] {
  return [
    { provide: LocalHospital, useValue: services.hospital },
    ...staffProviders(services.staff),
    { provide: PublishedDid, useValue: services.publishedDid },
    { provide: KeyOperations, useValue: services.keys.operations },
    { provide: Records, useValue: services.records },
    { provide: PatientReader, useValue: services.reader },
    { provide: BundleAdmission, useValue: services.admission },
    { provide: PatientConsents, useValue: services.consents },
    { provide: Locator, useValue: services.locator },
    { provide: AccessHolder, useValue: services.holder },
    { provide: AccessRequester, useValue: services.requester },
    { provide: AccessInbox, useValue: services.inbox },
    { provide: AccessQuestions, useValue: services.questions },
    { provide: NetworkStatus, useValue: services.networkStatus },
    { provide: NodeStatus, useValue: services.status },
    { provide: AuditLog, useValue: services.audit },
    { provide: NETWORK, useValue: network },
    { provide: TRANSACTIONS, useValue: transactions },
  ];
}
