import { AuditLog } from '@carecord/audit';
import type { AuditEvent } from '@carecord/audit';
import { buildConsent, ConsentDecider } from '@carecord/consent';
import type { Demographics, PurposeOfUse } from '@carecord/fhir';
import { later, silentLogger } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { generateRecipientSeed, generateSigningSeeds, hybridSigner, randomKey, recipientPublicKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { ACCESS_DECIDED, AccessHolder, AccessRequester, REFUSAL_DEADLINE_MILLISECONDS } from '@carecord/exchange';
import type { AccessQuestion, RecipientKey, RequestOutcome } from '@carecord/exchange';
import { fixedIdentity } from '@carecord/identity';
import type { LocalIdentity, LocalMember, MemberRole, ResolvedDid } from '@carecord/identity';
import { Locator } from '@carecord/locator';
import type { TagSource } from '@carecord/locator';
import type { Member, NetworkHost } from '@carecord/network';
import { patientDemographics, patientIdentifiers } from '@carecord/fhir';
import { Records } from '@carecord/records';
import { FixtureTagSource } from './fixture-tag-source.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryAuditStore } from './memory/audit-store.ts';
import {
  MemoryGrantStore,
  MemoryReceivedBlockStore,
  MemoryReceivedRequestStore,
  MemorySentRequestStore,
} from './memory/exchange-stores.ts';
import { MemoryLocatorStore } from './memory/locator-store.ts';
import { MemoryKeyHolder } from './memory/key-holder.ts';
import { MemoryOutbox } from './memory/outbox.ts';
import { MemoryPatientKeyStore } from './memory/patient-key-store.ts';
import { MemoryRecordStore } from './memory/record-store.ts';
import { MemoryTransactions } from './memory/transactions.ts';
import { patientOfSize } from './patients/patient-of-size.ts';
import { TestNetwork } from './exchange-network.ts';

export const NETWORK_ID = 'test-network';
export const CLINICIAN = { id: 'staff-1', role: 'clinician' };
const START = new Date('2026-06-01T08:00:00.000Z');
const YEAR_MILLISECONDS = 365 * 24 * 3_600_000;
const SYSTEM = { kind: 'system', id: 'test' } as const;

/** What a hospital of the tests is made of. */
export interface TestHospitalOptions {
  readonly name: string;
  readonly host: NetworkHost;
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  readonly recipientKeys: () => readonly RecipientKey[];
  readonly tags: TagSource;
  readonly clock: Clock;
}

/** One hospital with everything behind its exchange, in memory. */
export class TestHospital {
  readonly did: string;
  readonly member: Member;
  readonly transactions = new MemoryTransactions();
  readonly outbox = new MemoryOutbox(this.transactions);
  readonly received = new MemoryReceivedRequestStore();
  readonly grants = new MemoryGrantStore();
  readonly sent = new MemorySentRequestStore();
  readonly blocks = new MemoryReceivedBlockStore();
  readonly audit: AuditLog;
  /** Set it to make every further log entry of these types fail. */
  unwritable: readonly string[] = [];
  readonly records: Records;
  readonly locator: Locator;
  readonly consent: ConsentDecider;
  readonly holder: AccessHolder;
  readonly requester: AccessRequester;

  /** With `makeHospitals` the very list that grants are opened with: add a key at its front to rotate, take one away to destroy it. */
  readonly recipientKeys: RecipientKey[];
  /** Who it is now: change `current` to rotate. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  /** The hospital as others saw it in the beginning. */
  readonly resolved: ResolvedDid;
  readonly signer: HybridSigner;
  private readonly clock: Clock;

  constructor({ host, identity, name, recipientKeys, tags, clock }: TestHospitalOptions) {
    const { resolved, signer } = identity.current();
    this.identity = identity;
    this.resolved = resolved;
    this.recipientKeys = recipientKeys() as RecipientKey[];
    this.signer = signer;
    this.clock = clock;
    this.did = resolved.did;
    this.member = memberOf(resolved, name, ['hospital'], clock);
    const auditStore = new MemoryAuditStore();
    const insert = auditStore.insert.bind(auditStore);
    auditStore.insert = (transaction, events) =>
      events.some((event) => this.unwritable.includes(event.type)) ? Promise.reject(new Error('The log is full.')) : insert(transaction, events);
    this.audit = new AuditLog(auditStore, clock);
    const { audit, outbox, transactions, received, grants, sent, blocks } = this;
    this.records = new Records({ stores: new MemoryRecordStore(), keys: new MemoryPatientKeyStore(), transactions, audit, outbox, holder: new MemoryKeyHolder(), directoryKey: randomKey(), indexKey: randomKey(), clock });
    const recipientSeeds = (): Uint8Array[] => recipientKeys().map(({ seed }) => seed);
    const locating = { network: host, tags, store: new MemoryLocatorStore(), identity, recipientSeeds, indexKey: randomKey() };
    this.locator = new Locator({ ...locating, audit, transactions, clock, logger: silentLogger });
    const common = { network: host, identity, audit, transactions, sealingKey: randomKey(), clock, logger: silentLogger };
    this.consent = ConsentDecider.create({ holder: this.did });
    this.holder = new AccessHolder({ ...common, records: this.records, locator: this.locator, consent: this.consent, received, grants, outbox });
    this.requester = new AccessRequester({ ...common, recipientKeys, pseudonymKey: randomKey(), sent, blocks });
    this.holder.start();
    this.requester.start();
  }

  /** Admits a patient of so many resources and makes it locatable. */
  async admit(resources: number, listing: 'listed' | 'unlisted', seed = 1): Promise<TestPatient> {
    const { bundle, nationalId } = patientOfSize(resources, { seed });
    const { patients } = await this.records.admit(bundle, { actor: SYSTEM, listing });
    const patientId = patients[0] as string;
    const patient = await this.records.readPatient(patientId);
    const demographics = patientDemographics(patient);
    await this.locator.publishPatient(patientId, { identifiers: patientIdentifiers(patient), demographics }, { listing, hospitals: [] });
    return { patientId, nationalId, demographics: demographics[0] as Demographics };
  }

  /** The patient consents to a release to another hospital; returns the Consent's id. */
  async consentTo(patientId: string, recipient: TestHospital, purposes: PurposeOfUse[] = ['TREAT', 'HOPERAT'], resourceTypes?: string[]): Promise<string> {
    const consent = buildConsent({
      fhirPatientId: await this.records.fhirPatientId(patientId),
      recipient: { did: recipient.did, name: recipient.member.name },
      purposes,
      resourceTypes,
      validFrom: this.clock.now(),
      validUntil: later(this.clock.now(), YEAR_MILLISECONDS),
      decision: 'permit',
      now: this.clock.now(),
    });
    await this.records.putResource(patientId, consent, SYSTEM, 'consent-given');
    return consent.id as string;
  }

  /** Withdraws all consents, without telling the exchange. */
  async withdrawConsents(patientId: string): Promise<void> {
    for (const consent of await this.records.consents(patientId)) {
      await this.records.putResource(patientId, { ...consent, status: 'inactive' }, SYSTEM, 'consent-withdrawn');
    }
  }

  /** Finds the tag of an identifier and asks with it. */
  async askByTag(holder: TestHospital, nationalId: { system: string; value: string }, changes: Partial<AccessQuestion> = {}): Promise<RequestOutcome> {
    const { tag } = await this.locator.locate(nationalId, { purpose: 'TREAT', actor: SYSTEM });
    return this.ask(holder, { locationTag: tag, ...changes });
  }

  /** Asks, and lets the time pass that a refusal takes. */
  ask(holder: TestHospital, changes: Partial<AccessQuestion>): Promise<RequestOutcome> {
    const question = { holder: holder.did, purpose: 'TREAT', reason: 'Treated here since this morning.', staff: CLINICIAN, ...changes } as const;
    const asking = this.requester.requestAccess(question);
    return this.clock instanceof ManualClock ? letTimePass(this.clock, asking) : asking;
  }

  /** Does what the outbox worker does. */
  deliverOutcomes(): Promise<number> {
    return this.outbox.deliver(ACCESS_DECIDED, (payload) => this.holder.pushOutcome(payload));
  }

  /** Types of the log's events of exchange, oldest first. */
  async log(): Promise<AuditEvent[]> {
    const kinds = /^(access|records|blocks|release)-/;
    return (await this.audit.list({ limit: 1000 })).filter((event) => kinds.test(event.type)).reverse();
  }
}

export interface TestPatient {
  readonly patientId: string;
  readonly nationalId: { readonly system: string; readonly value: string };
  readonly demographics: Demographics;
}

/** A network with hospitals A, B and C. */
export async function makeHospitals(): Promise<{ clock: ManualClock; network: TestNetwork; a: TestHospital; b: TestHospital; c: TestHospital }> {
  const clock = new ManualClock(START);
  const network = new TestNetwork(clock);
  const tags = new FixtureTagSource();
  const hospital = async (name: string): Promise<TestHospital> => {
    const { resolved, signer, recipientSeed } = await makeIdentity(name);
    const host = network.join(memberOf(resolved, name, ['hospital'], clock));
    const local: LocalMember = { networkId: NETWORK_ID, resolved, signer, credentials: [], statusLists: [] };
    const recipientKeys = [{ keyId: resolved.recipientKeyId, seed: recipientSeed }];
    return new TestHospital({ name, host, identity: fixedIdentity(local), recipientKeys: () => recipientKeys, tags, clock });
  };
  return { clock, network, a: await hospital('a'), b: await hospital('b'), c: await hospital('c') };
}

function memberOf(resolved: ResolvedDid, name: string, roles: MemberRole[], clock: Clock): Member {
  const { did } = resolved;
  const membershipValidUntil = later(clock.now(), YEAR_MILLISECONDS);
  const membership = { did, name, roles, networkId: NETWORK_ID, validUntil: membershipValidUntil, standings: [] };
  return { did, name, roles, peerId: `peer-${name}`, resolved, membershipValidUntil, membership };
}

/** A DID with its keys, as a resolved log would give it. */
export async function makeIdentity(name: string): Promise<{ resolved: ResolvedDid; signer: HybridSigner; recipientSeed: Uint8Array }> {
  const signer = hybridSigner(generateSigningSeeds());
  const recipientSeed = generateRecipientSeed();
  const did = `did:webvh:Qm${name}:${name}.hospital.example`;
  const resolved: ResolvedDid = {
    did,
    versionId: '1-Qm',
    versionNumber: 1,
    log: '',
    signing: signer.publicKeys,
    signingKeyIds: { ed25519: `${did}#ed25519-1`, mlDsa65: `${did}#ml-dsa-65-1` },
    acceptedSigning: [signer.publicKeys],
    recipientPublicKey: await recipientPublicKey(recipientSeed),
    recipientKeyId: `${did}#recipient-1`,
    services: [],
    updatedAt: START,
  };
  return { resolved, signer, recipientSeed };
}

/** Waits for work that may sleep on the clock: whenever somebody sleeps, a refusal's time passes. */
export async function letTimePass<Result>(clock: ManualClock, work: Promise<Result>): Promise<Result> {
  const progress = { done: false };
  const watched = work.finally(() => {
    progress.done = true;
  });
  watched.catch(() => undefined);
  while (!progress.done) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.sleeping > 0) clock.advance(REFUSAL_DEADLINE_MILLISECONDS);
  }
  return watched;
}

/** What a test knows to be there. */
export function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('It is not there.');
  return value;
}
