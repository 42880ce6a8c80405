import type { AuditLog } from '@carecord/audit';
import { ConsentDecider } from '@carecord/consent';
import { AccessHolder, AccessRequester } from '@carecord/exchange';
import type { LocalMember } from '@carecord/identity';
import { Locator } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import { PATIENT_CHANGED, Records } from '@carecord/records';
import { AccessInbox } from '../access/access-inbox.ts';
import { AccessQuestions } from '../access/access-questions.ts';
import { BundleAdmission } from '../admission/bundle-admission.ts';
import type { HospitalConfiguration } from '../config/configuration.ts';
import { PatientConsents } from '../consents/patient-consents.ts';
import type { NetworkMembership } from '../identity/membership.ts';
import { PatientPublisher } from '../jobs/publish-patient.ts';
import { PatientReader } from '../patients/patient-reader.ts';
import { Sessions } from '../sessions/sessions.ts';
import { NodeStatus } from '../status/node-status.ts';
import { derivedKeys } from './derived-keys.ts';
import type { Foundation } from './foundation.ts';
import { LocalHospital } from './local-hospital.ts';

/** Everything that a hospital does, put together once. */
export interface HospitalServices {
  readonly hospital: LocalHospital;
  readonly sessions: Sessions;
  readonly records: Records;
  readonly reader: PatientReader;
  readonly admission: BundleAdmission;
  readonly consents: PatientConsents;
  readonly locator: Locator;
  readonly holder: AccessHolder;
  readonly requester: AccessRequester;
  readonly questions: AccessQuestions;
  readonly inbox: AccessInbox;
  readonly publisher: PatientPublisher;
  readonly status: NodeStatus;
  readonly audit: AuditLog;
}

/** Builds the services on an open foundation and a network host that has not started yet. */
export function hospitalServices(
  { clock, logger, storage, identity, audit }: Foundation,
  configuration: HospitalConfiguration,
  { network, local, joined }: { readonly network: NetworkHost; readonly local: LocalMember; readonly joined: NetworkMembership },
): HospitalServices {
  const { transactions } = storage;
  const { seeds, signer, resolved: did } = identity;
  const keys = derivedKeys(seeds);
  const common = { transactions, audit, clock, logger };

  const records = new Records({ stores: storage.records, keys: storage.patientKeys, transactions, audit, outbox: storage.outbox, rootKey: seeds.root, clock });

  const locator = new Locator({ ...common, network, description: joined.description, store: storage.locator, signer, did, indexKey: keys.locatorIndex });
  const decider = ConsentDecider.create({
    holder: did.did,
    ...(configuration.hospitalPolicies === undefined ? {} : { hospitalPolicies: configuration.hospitalPolicies }),
  });
  const exchange = { ...common, network, local, sealingKey: keys.exchangeSealing };
  const holder = new AccessHolder({
    ...exchange,
    records,
    locator,
    consent: decider,
    received: storage.receivedRequests,
    grants: storage.grants,
    outbox: storage.outbox,
  });
  const requester = new AccessRequester({ ...exchange, recipientSeed: seeds.recipient, sent: storage.sentRequests, blocks: storage.receivedBlocks });

  return {
    hospital: new LocalHospital(did.did, configuration.name, configuration.defaultListing),
    sessions: new Sessions({ staff: storage.staff, sessions: storage.sessions, transactions, audit, clock }),
    records,
    reader: new PatientReader(records, audit, transactions),
    admission: new BundleAdmission(records, holder),
    consents: new PatientConsents(records, holder, clock),
    locator,
    holder,
    requester,
    questions: new AccessQuestions(locator, requester, did.did),
    inbox: new AccessInbox(holder, audit, transactions),
    publisher: new PatientPublisher({ records, locator, network, signer, did, clock }),
    status: new NodeStatus(network, joined.membership, storage.datastore, () => storage.outboxWorker.backlog(PATIENT_CHANGED)),
    audit,
  };
}
