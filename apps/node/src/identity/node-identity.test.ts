import { beforeEach, describe, expect, it } from '@jest/globals';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import { addWitnessProofs, didKeyOf, resolveDidHistory, witnessDidVersion } from '@carecord/identity';
import type { WitnessProof, WitnessRule } from '@carecord/identity';
import { ManualClock } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';
import type { Replica, ReplicaOptions } from './identity.fixture.ts';
import type { NodeIdentity } from './node-identity.ts';

const MISMATCH = expect.objectContaining({ name: 'NodeError', code: 'DATABASE_MISMATCH' });
const NOT_ADMITTED = expect.objectContaining({ code: 'NOT_ADMITTED' });
const seeds = [randomKey(), randomKey()];
const rule = (threshold: number): WitnessRule => ({ threshold, witnesses: seeds.map((seed) => didKeyOf(ed25519PublicKey(seed))) });

let home: Home;
let clock: ManualClock;
const start = (options: Partial<ReplicaOptions> = {}): Promise<Replica> => startReplica(home, { clock, ...options });
const proofs = ({ record: { did, history } }: NodeIdentity, by = seeds): Promise<WitnessProof[]> => Promise.all(by.map((witnessSeed) => witnessDidVersion({ did, history, witnessSeed, clock })));

beforeEach(() => {
  home = new Home();
  clock = new ManualClock();
});

describe('NodeIdentity at its first start', () => {
  it('makes the DID with its keys, and finds them at the next', async () => {
    const { identity, ring } = await start();
    expect(identity.did).toMatch(/^did:webvh:[^:]+:a\.hospital\.example$/);
    expect(ring.list().map(({ id, state }) => `${id} ${state}`)).toEqual([
      'did-cosigning-1 active',
      'did-cosigning-2 pending',
      'did-recipient-1 active',
      'did-signing-1 active',
      'did-update-1 active',
      'did-update-2 pending',
    ]);
    const again = await start();
    expect(again.identity.signing().resolved).toEqual(identity.signing().resolved);
    expect(again.identity.signing().signer.publicKeys).toEqual(identity.signing().resolved.signing);
    expect(again.ring.list()).toEqual(ring.list());
  });

  it('names its keys as the ring does, and says where it is', async () => {
    const { identity } = await start({ services: () => [{ type: 'CarecordGraphQL', endpoint: 'https://a.hospital.example/graphql' }] });
    const { resolved } = identity.signing();
    expect([resolved.signingKeyIds.ed25519, resolved.recipientKeyId]).toEqual([`${identity.did}#ed25519-1`, `${identity.did}#recipient-1`]);
    expect(resolved.services).toEqual([{ type: 'CarecordGraphQL', endpoint: 'https://a.hospital.example/graphql' }]);
  });

  it.each(['insert', 'write'])('leaves nothing behind when it fails in between: %s', async (what) => {
    const broken = (): Promise<never> => Promise.reject(new Error('failed on purpose'));
    if (what === 'insert') {
      const insert = home.keys.insert.bind(home.keys);
      let left = 3;
      home.keys.insert = (...given) => (left-- === 0 ? broken() : insert(...given));
      await expect(start()).rejects.toThrow('failed on purpose');
      home.keys.insert = insert;
    } else {
      const write = home.settings.write.bind(home.settings);
      home.settings.write = broken;
      await expect(start()).rejects.toThrow('failed on purpose');
      home.settings.write = write;
    }
    expect([home.keys.rows(), home.settings.values.size]).toEqual([[], 0]);
    expect((await start()).ring.list()).toHaveLength(6);
  });

  it('makes one DID although several replicas start at once', async () => {
    const rings = await Promise.all([home.openRing(clock), home.openRing(clock), home.openRing(clock)]);
    const replicas = await Promise.all(rings.map((ring) => start({ ring })));
    expect(new Set(replicas.map(({ identity }) => identity.record.history)).size).toBe(1);
    expect(home.keys.rows()).toHaveLength(6);
    for (const { identity } of replicas) expect(identity.signing().signer.publicKeys).toEqual(identity.signing().resolved.signing);
  });

  it('finds the DID that another replica made after this one had opened its keys', async () => {
    const ring = await home.openRing(clock);
    const { identity } = await start();
    expect((await start({ ring })).identity.did).toBe(identity.did);
  });

  it('puts no secret into the settings', async () => {
    const { ring } = await start();
    const stored = [...home.settings.values.values()].join();
    for (const id of ['did-signing-1', 'did-update-1', 'did-update-2', 'did-recipient-1']) {
      const secret = Buffer.from(ring.find(id)?.secret ?? '');
      for (const encoding of ['hex', 'base64', 'base64url'] as const) expect(stored).not.toContain(secret.toString(encoding));
    }
  });
});

describe('NodeIdentity with a database that does not fit', () => {
  it('refuses another domain', async () => {
    await start();
    await expect(start({ domain: 'b.hospital.example' })).rejects.toEqual(MISMATCH);
  });

  it.each(['', 'no json', '{}', '{"did":1}'])('makes no new DID over a damaged one: %j', async (damaged) => {
    await start();
    home.settings.values.set('identity.did', damaged);
    await expect(start()).rejects.toEqual(expect.objectContaining({ code: 'DATABASE_MISMATCH', message: expect.stringContaining('backup') }));
    expect(home.settings.values.get('identity.did')).toBe(damaged);
  });

  it('refuses a history that does not verify', async () => {
    const { identity } = await start();
    home.settings.values.set('identity.did', JSON.stringify({ ...identity.record, history: identity.record.history.replace('ed25519-1', 'ed25519-9') }));
    await expect(start()).rejects.toEqual(MISMATCH);
  });

  it('refuses one without the key that signs', async () => {
    await start();
    home.keys.tamper((key) => (key.id === 'did-signing-1' ? { ...key, state: 'destroyed', wrapped: undefined } : key));
    await expect(start()).rejects.toEqual(MISMATCH);
  });
});

describe('NodeIdentity before its membership', () => {
  it('speaks for nobody yet, and does once it has credentials', async () => {
    const { identity } = await start();
    expect(() => identity.current()).toThrow(NOT_ADMITTED);
    const credential = { payload: '', signatures: [] };
    const lists = [{ payload: 'list', signatures: [] }];
    identity.useMembership([credential], () => lists);
    expect(identity.current()).toMatchObject({ networkId: 'test-network', credentials: [credential], statusLists: lists, resolved: { did: identity.did } });
  });

  it('shows a first version to nobody until it is witnessed, and can be applied with', async () => {
    const { identity } = await start({ witness: rule(2) });
    expect(identity.isWitnessed).toBe(false);
    expect(() => identity.signing()).toThrow(NOT_ADMITTED);
    identity.useMembership([{ payload: '', signatures: [] }], () => []);
    expect(() => identity.current()).toThrow(NOT_ADMITTED);
    expect(identity.applicant()).toMatchObject({ did: identity.did, signingKeyIds: { ed25519: `${identity.did}#ed25519-1`, mlDsa65: `${identity.did}#ml-dsa-65-1` } });
    const again = await start({ witness: rule(2) });
    expect(again.identity.isWitnessed).toBe(false);
  });

  it('is complete with the proofs of its witnesses, also after a restart and for another replica', async () => {
    const { identity } = await start({ witness: rule(2) });
    const other = await start({ witness: rule(2) });
    await identity.complete(addWitnessProofs(identity.record.history, await proofs(identity)));
    expect(identity.isWitnessed).toBe(true);
    expect(identity.signing().resolved.versionNumber).toBe(1);
    expect((await start({ witness: rule(2) })).identity.isWitnessed).toBe(true);
    await other.identity.complete(addWitnessProofs(other.identity.record.history, await proofs(other.identity)));
    expect(other.identity.record).toEqual(identity.record);
  });

  it('is not complete with too few, and then nothing has changed', async () => {
    const { identity } = await start({ witness: rule(2) });
    const before = home.settings.values.get('identity.did');
    await expect(identity.complete(addWitnessProofs(identity.record.history, await proofs(identity, seeds.slice(0, 1))))).rejects.toMatchObject({ code: 'DID_WITNESSES_MISSING' });
    await expect(identity.complete(addWitnessProofs(identity.record.history, await proofs(identity, [randomKey(), randomKey()])))).rejects.toMatchObject({ code: 'DID_WITNESSES_MISSING' });
    expect([identity.isWitnessed, home.settings.values.get('identity.did')]).toEqual([false, before]);
  });

  it('starts, and asks again, when the network wants witnesses that it did not want before', async () => {
    const { identity: before } = await start();
    expect(before.isWitnessed).toBe(true);
    const { identity } = await start({ witness: rule(2) });
    expect(identity.isWitnessed).toBe(false);
    await identity.complete(addWitnessProofs(identity.record.history, await proofs(identity)));
    expect(identity.isWitnessed).toBe(true);
  });

  it('verifies a history as others do', async () => {
    const { identity } = await start();
    const { did, history } = identity.record;
    expect(await identity.verify(history)).toEqual(await resolveDidHistory(did, history, undefined, clock.now()));
    await expect(identity.verify(history.slice(1))).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });
});

describe('NodeIdentity.recipientKeys', () => {
  it('has the present key first, the coming one next, and the earlier ones last', async () => {
    const { identity, ring } = await start();
    const numbers = (): (string | undefined)[] => identity.recipientKeys().map(({ keyId }) => keyId.split('#recipient-')[1]);
    const create = (state: 'active' | 'pending'): Promise<unknown> => ring.change((transaction) => ring.create(transaction, 'did-recipient', randomKey(), state));
    expect(numbers()).toEqual(['1']);
    await create('active');
    await create('active');
    await create('pending');
    expect(numbers()).toEqual(['3', '4', '2', '1']);
    await ring.change((transaction) => ring.destroy(transaction, 'did-recipient-1'));
    expect(numbers()).toEqual(['3', '4', '2']);
  });
});
