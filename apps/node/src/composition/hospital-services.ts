import type { AuditLog } from '@carecord/audit';
import { ConsentDecider } from '@carecord/consent';
import { AccessHolder, AccessRequester } from '@carecord/exchange';
import { Locator, ReferencePublisher } from '@carecord/locator';
import type { Guardians } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import { PATIENT_CHANGED, Records } from '@carecord/records';
import { AccessInbox } from '../access/access-inbox.ts';
import { AccessQuestions } from '../access/access-questions.ts';
import { BundleAdmission } from '../admission/bundle-admission.ts';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { PatientConsents } from '../consents/patient-consents.ts';
import { PublishedDid } from '../did/published-did.ts';
import { PatientPublisher } from '../jobs/publish-patient.ts';
import { PatientReader } from '../patients/patient-reader.ts';
import type { StaffServices } from '../staff/staff-services.ts';
import { NetworkStatus } from '../status/network-status.ts';
import { NodeStatus } from '../status/node-status.ts';
import type { Foundation } from './foundation.ts';
import { createGuardians } from './guardian-parts.ts';
import { keyServices } from './key-services.ts';
import type { KeyServices } from './key-services.ts';
import type { NetworkParts } from './network-parts.ts';
import { ensureKeys, HOSPITAL_KEYS } from './node-keys.ts';
import { nodeStaff } from './node-staff.ts';
import { LocalHospital } from './local-hospital.ts';

/** Everything that a hospital does, put together once. */
export interface HospitalServices {
  readonly hospital: LocalHospital;
  readonly staff: StaffServices;
  readonly keys: KeyServices;
  readonly publishedDid: PublishedDid;
  readonly records: Records;
  readonly reader: PatientReader;
  readonly admission: BundleAdmission;
  readonly consents: PatientConsents;
  readonly guardians: Guardians;
  readonly locator: Locator;
  readonly references: ReferencePublisher;
  readonly holder: AccessHolder;
  readonly requester: AccessRequester;
  readonly questions: AccessQuestions;
  readonly inbox: AccessInbox;
  readonly publisher: PatientPublisher;
  readonly networkStatus: NetworkStatus;
  readonly status: NodeStatus;
  readonly audit: AuditLog;
}

/** Builds the services on an open foundation and a network host that has not started yet. */
export async function hospitalServices(
  foundation: Foundation,
  configuration: HospitalConfiguration,
  parts: NetworkParts,
  network: NetworkHost,
): Promise<HospitalServices> {
  const { clock, logger, storage, audit, ring, holder } = foundation;
  const { identity, membership } = parts;
  const { transactions } = storage;
  const keys = await ensureKeys(ring, HOSPITAL_KEYS);
  const common = { transactions, audit, clock, logger };

  const records = new Records({
    stores: storage.records,
    keys: storage.patientKeys,
    transactions,
    audit,
    outbox: storage.outbox,
    holder,
    directoryKey: keys['records-directory'],
    indexKey: keys['records-index'],
    clock,
  });

  const guardians = createGuardians(foundation, parts, network, { isHospital: true, sealingKey: keys['guardian-sealing'] });
  const recipientSeeds = (): Uint8Array[] => identity.recipientKeys().map(({ seed }) => seed);
  const locator = new Locator({ ...common, network, tags: guardians.tags, store: storage.locator, identity, recipientSeeds, indexKey: keys['locator-index'] });
  const references = new ReferencePublisher({ ...common, network, store: storage.references, identity, indexKey: keys['locator-index'] });
  const decider = ConsentDecider.create({
    holder: identity.did,
    ...(configuration.hospitalPolicies === undefined ? {} : { hospitalPolicies: configuration.hospitalPolicies }),
  });
  const exchange = { ...common, network, identity, sealingKey: keys['exchange-sealing'] };
  const accessHolder = new AccessHolder({
    ...exchange,
    records,
    locator,
    consent: decider,
    received: storage.receivedRequests,
    grants: storage.grants,
    outbox: storage.outbox,
  });
  const requester = new AccessRequester({ ...exchange, recipientKeys: () => identity.recipientKeys(), pseudonymKey: keys['staff-pseudonym'], sent: storage.sentRequests, blocks: storage.receivedBlocks });
  const networkStatus = new NetworkStatus(
    () => network,
    async () => {
      const { waiting, dead } = await storage.outboxWorker.backlog(PATIENT_CHANGED);
      return { waiting, failed: dead };
    },
  );

  return {
    hospital: new LocalHospital(identity.did, configuration.name, configuration.defaultListing),
    staff: nodeStaff(foundation, configuration, keys['staff-sealing']),
    keys: keyServices(foundation, parts),
    publishedDid: new PublishedDid(() => identity.signing().resolved),
    records,
    reader: new PatientReader(records, audit, transactions),
    admission: new BundleAdmission(records, accessHolder),
    consents: new PatientConsents(records, accessHolder, clock),
    guardians,
    locator,
    references,
    holder: accessHolder,
    requester,
    questions: new AccessQuestions(locator, requester, identity.did),
    inbox: new AccessInbox(accessHolder, audit, transactions),
    publisher: new PatientPublisher({ records, consent: decider, locator, references, clock, logger }),
    networkStatus,
    status: new NodeStatus(network, () => membership.membership, networkStatus),
    audit,
  };
}
