import { describe, expect, it, jest } from '@jest/globals';
import { MemoryAuditStore, MemoryNodeKeyStore, MemoryOutbox, MemoryPatientKeyStore, MemoryRecordStore, MemoryRewrapJobStore, MemoryTransactions } from '@carecord/testkit';
import { bundle, patient } from '../bundles.fixture.ts';
import type { RecordStore } from '../index.ts';
import { checkInterleavings } from './interleavings.fixture.ts';
import { describeRewrapping } from './rewrapping-suite.fixture.ts';
import { ACTOR, RewrappedHospital } from './rewrapping.fixture.ts';
import type { RewrappingStores } from './rewrapping.fixture.ts';

function memoryStores(): RewrappingStores {
  const transactions = new MemoryTransactions();
  return {
    stores: new MemoryRecordStore(),
    keys: new MemoryPatientKeyStore(),
    jobs: new MemoryRewrapJobStore(),
    nodeKeys: new MemoryNodeKeyStore(),
    transactions,
    auditStore: new MemoryAuditStore(),
    outbox: new MemoryOutbox(transactions),
  };
}

describeRewrapping('in memory', () => Promise.resolve(memoryStores()));

describe('Who reads while the key of a patient is replaced', () => {
  /** A hospital that runs something in the middle of the first read of versions. */
  const interrupted = async (work: (hospital: RewrappedHospital) => Promise<void>, place = memoryStores()): Promise<RewrappedHospital> => {
    let pending = true;
    const stores: RecordStore = new Proxy(place.stores, {
      get: (store, name): unknown => {
        const member: unknown = Reflect.get(store, name);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]): Promise<unknown> => {
          if (pending && (name === 'findVersions' || name === 'findVersionHeaders')) {
            pending = false;
            await work(hospital);
          }
          return await (Reflect.apply(member, store, parameters) as Promise<unknown>);
        };
      },
    });
    const hospital = await RewrappedHospital.open({ ...place, stores });
    await hospital.admitPatient();
    return hospital;
  };

  it.each(['timeline', 'releasable'] as const)('has the whole %s', async (method) => {
    const hospital = await interrupted(async (other) => {
      await other.rewrap('patient');
      await other.rewrap('root');
      await other.rewrapping.destroyOldRootKeys(ACTOR);
    });
    const [patientId] = [...hospital.expected.keys()] as [string];
    expect(await hospital.records[method](patientId)).toHaveLength(3);
  });

  it('is still told when something does not open for another reason', async () => {
    const stores = new MemoryRecordStore();
    const tamper = (): Promise<void> => {
      stores.tamper({ version: (version) => ({ ...version, wrappedDataKey: version.wrappedDataKey.slice(1) }) });
      return Promise.resolve();
    };
    const hospital = await interrupted(tamper, { ...memoryStores(), stores });
    const [patientId] = [...hospital.expected.keys()] as [string];
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject({ code: 'KEY_TAMPERED' });
  });
});

describe('In memory', () => {
  it('any interleaving of admissions, readers and re-wrapping that dies anywhere leaves everything readable, and nothing under old keys', async () => {
    await checkInterleavings(() => Promise.resolve(memoryStores()), 20);
  });
});

describe('The key holder', () => {
  it('is asked once an admission and once a reading, however many patients there are', async () => {
    const hospital = await RewrappedHospital.open(memoryStores());
    const unwrap = jest.spyOn(hospital.holder, 'unwrap');
    const wrap = jest.spyOn(hospital.holder, 'wrap');
    const patientId = await hospital.admitPatient();
    expect([wrap.mock.calls.length, unwrap.mock.calls.length]).toEqual([1, 0]);
    await hospital.admitVersions(patientId);
    expect([wrap.mock.calls.length, unwrap.mock.calls.length]).toEqual([1, 2]);
    const many = Array.from({ length: 30 }, (_, index) => patient(`many-${index}`));
    await hospital.records.admit(bundle(...many), { actor: ACTOR, listing: 'listed' });
    await hospital.records.admit(bundle(...many), { actor: ACTOR, listing: 'listed' });
    expect([wrap.mock.calls.length, unwrap.mock.calls.length]).toEqual([1, 4]);
    await hospital.records.timeline(patientId);
    expect(unwrap).toHaveBeenCalledTimes(5);
  });

  it('is not asked inside a transaction once there is an epoch', async () => {
    const place = memoryStores();
    const hospital = await RewrappedHospital.open(place);
    const patientId = await hospital.admitPatient();
    let open = false;
    const run = place.transactions.run.bind(place.transactions);
    jest.spyOn(place.transactions, 'run').mockImplementation(async (work) => {
      open = true;
      return await run(work).finally(() => (open = false));
    });
    const unwrap = hospital.holder.unwrap.bind(hospital.holder);
    const asked: boolean[] = [];
    jest.spyOn(hospital.holder, 'unwrap').mockImplementation(async (...parameters) => {
      asked.push(open);
      return await unwrap(...parameters);
    });
    await hospital.admitVersions(patientId);
    await hospital.admitPatient();
    expect(asked).toEqual([false, false, false]);
  });

  it('that does not answer stops admissions and readers, and nothing is lost', async () => {
    const hospital = await RewrappedHospital.open(memoryStores());
    const patientId = await hospital.admitPatient();
    hospital.holder.setReachable(false);
    await expect(hospital.records.timeline(patientId)).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
    await expect(hospital.admitPatient()).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
    hospital.holder.setReachable(true);
    expect(await hospital.unreadable()).toEqual([]);
  });
});
