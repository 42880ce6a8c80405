import { AuditLog } from '@carecord/audit';
import type { AuditStore } from '@carecord/audit';
import type { Outbox, TransactionRunner } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { FhirResource } from '@carecord/fhir';
import { KeyRing } from '@carecord/keys';
import type { NodeKeyStore } from '@carecord/keys';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { MemoryKeyHolder } from '../../../testkit/src/memory/key-holder.ts';
import { IDENTIFIER_SYSTEM, bundle, observation, patient } from '../bundles.fixture.ts';
import { KeyRewrapping, Records } from '../index.ts';
import type { PatientKeyStore, RecordStore, RewrapJobStore, RewrapLevel, StoredPatientKey } from '../index.ts';

/** For the tests beside: the stores of one hospital, in memory or in PostgreSQL. */
export interface RewrappingStores {
  readonly stores: RecordStore;
  readonly keys: PatientKeyStore;
  readonly jobs: RewrapJobStore;
  readonly nodeKeys: NodeKeyStore;
  readonly transactions: TransactionRunner;
  readonly auditStore: AuditStore;
  readonly outbox: Outbox;
}

/** For the tests beside: staff of this hospital. */
export const ACTOR = { kind: 'staff', id: 'staff-1', role: 'administrator' } as const;

/** For the tests beside: makes one call fail, of all that go through what it wraps, as if the process died there. */
export class Faults {
  calls = 0;
  failAt = Number.POSITIVE_INFINITY;

  /** From now on calls are counted anew, and one fails. */
  arm(failAt: number): void {
    this.calls = 0;
    this.failAt = failAt;
  }

  wrap<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (object, name): unknown => {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function') return member;
        return (...parameters: unknown[]): unknown => {
          this.calls += 1;
          if (this.calls === this.failAt) return Promise.reject(new Error('The process died on purpose.'));
          return Reflect.apply(member, object, parameters);
        };
      },
    });
  }
}

/** For the tests beside: a hospital whose keys are re-wrapped. */
export class RewrappedHospital {
  readonly clock = new ManualClock();
  readonly faults = new Faults();
  readonly records: Records;
  readonly rewrapping: KeyRewrapping;
  readonly audit: AuditLog;
  /** What each patient is known to have: internal id to the ids of their observations. */
  readonly expected = new Map<string, Set<string>>();
  private admitted = 0;
  private readonly common: Omit<ConstructorParameters<typeof Records>[0], 'keys'>;

  private constructor(
    readonly place: RewrappingStores,
    readonly holder: MemoryKeyHolder,
    readonly ring: KeyRing,
    batchSize: number,
  ) {
    const { stores, keys, jobs, transactions, auditStore, outbox } = place;
    this.audit = new AuditLog(auditStore, this.clock);
    const [directoryKey, indexKey] = [randomKey(), randomKey()];
    this.common = { stores, transactions, audit: this.audit, outbox, holder, directoryKey, indexKey, clock: this.clock };
    this.records = new Records({ ...this.common, keys });
    this.rewrapping = new KeyRewrapping({
      stores: this.faults.wrap(stores),
      keys: this.faults.wrap(keys),
      jobs: this.faults.wrap(jobs),
      holder: this.faults.wrap(holder),
      nodeKeys: ring,
      transactions,
      audit: this.audit,
      clock: this.clock,
      batchSize,
    });
  }

  static async open(place: RewrappingStores, { batchSize = 2 }: { readonly batchSize?: number } = {}): Promise<RewrappedHospital> {
    const holder = new MemoryKeyHolder();
    const ring = await KeyRing.open({ holder, store: place.nodeKeys, transactions: place.transactions, clock: new ManualClock() });
    await ring.ensure('records-index', randomKey);
    return new RewrappedHospital(place, holder, ring, batchSize);
  }

  /** Admits a patient with two observations. @returns the internal id */
  async admitPatient(): Promise<string> {
    this.admitted += 1;
    const name = `p${this.admitted}`;
    const patientId = await this.admit(patient(name), observation(`${name}-a`, name), observation(`${name}-b`, name));
    this.expected.set(patientId, new Set([`${name}-a`, `${name}-b`]));
    return patientId;
  }

  /** Admits one more observation of a patient, and one more version of another. */
  async admitVersions(patientId: string): Promise<void> {
    this.admitted += 1;
    const name = await this.records.fhirPatientId(patientId);
    const added = `${name}-${this.admitted}`;
    await this.admit(observation(added, name), observation(`${name}-a`, name, { status: 'amended' }));
    this.expected.get(patientId)?.add(added);
  }

  /** Opens all that the hospital is known to have, in every way. @returns names of what was not as it should be */
  async unreadable(): Promise<string[]> {
    const wrong: string[] = [];
    for (const [patientId, observations] of this.expected) {
      // Who is admitted at the same time may add to this before we have read.
      const wanted = [...observations];
      const timeline = await this.records.timeline(patientId, { resourceTypes: ['Observation'] });
      const released = await this.records.releasable(patientId);
      const ids = new Set(timeline.map(({ resource }) => resource.id));
      if (!wanted.every((id) => ids.has(id))) wrong.push(`timeline of ${patientId}`);
      if (released.length < wanted.length + 1) wrong.push(`release of ${patientId}`);
      const value = `N-${await this.records.fhirPatientId(patientId)}`;
      if (!(await this.records.findPatients({ system: IDENTIFIER_SYSTEM, value })).includes(patientId)) wrong.push(`index of ${patientId}`);
    }
    return wrong;
  }

  /** Re-wraps a level from beginning to end. */
  async rewrap(level: RewrapLevel): Promise<void> {
    await this.rewrapping.start(level, ACTOR);
    await this.rewrapping.run();
  }

  /** The keys of all patients as they lie in the database now. */
  storedKeys(): Promise<StoredPatientKey[]> {
    return this.place.keys.findPatientKeys([...this.expected.keys()]);
  }

  /** The records as they would be with the patient keys of a backup. */
  recordsWithKeys(backup: readonly StoredPatientKey[]): Records {
    const findPatientKeys = (patientIds: readonly string[]): Promise<StoredPatientKey[]> =>
      Promise.resolve(backup.filter(({ patientId }) => patientIds.includes(patientId)));
    const keys = new Proxy(this.place.keys, { get: (store, name): unknown => (name === 'findPatientKeys' ? findPatientKeys : Reflect.get(store, name)) });
    return new Records({ ...this.common, keys });
  }

  private async admit(...resources: FhirResource[]): Promise<string> {
    const { patients } = await this.records.admit(bundle(...resources), { actor: ACTOR, listing: 'listed' });
    return patients[0] as string;
  }
}
