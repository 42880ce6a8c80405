import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomKey } from '@carecord/crypto';
import { ManualClock, MemoryKeyHolder, MemoryNodeKeyStore, MemoryTransactions } from '@carecord/testkit';
import fc from 'fast-check';
import type { KeyPurpose, StoredNodeKey } from '../ports.ts';
import { KeyRing } from './key-ring.ts';
import type { NodeKey } from './node-key.ts';

const SIGNING = 'did-signing';
const refusal = (code: string): unknown => expect.objectContaining({ name: 'KeysError', code });
const filled = (value: number): Uint8Array => new Uint8Array(64).fill(value);
const ZEROS = filled(0);

let holder: MemoryKeyHolder;
let store: MemoryNodeKeyStore;
let transactions: MemoryTransactions;
let clock: ManualClock;
let ring: KeyRing;
const open = (): Promise<KeyRing> => KeyRing.open({ holder, store, transactions, clock });
const create = (value: number, state: 'pending' | 'active', purpose: KeyPurpose = SIGNING): Promise<NodeKey> =>
  ring.change((transaction) => ring.create(transaction, purpose, filled(value), state));
const activate = (id: string): Promise<void> => ring.change((transaction) => ring.activate(transaction, id));
const retire = (id: string): Promise<void> => ring.change((transaction) => ring.retire(transaction, id));
const destroy = (id: string): Promise<void> => ring.change((transaction) => ring.destroy(transaction, id));
/** Destroys the root keys under which no key of the ring lies. */
async function destroyUnused(): Promise<string[]> {
  const inUse = await ring.rootKeysInUse();
  const unused = (await holder.rootKeyIds()).slice(0, -1).filter((id) => !inUse.includes(id));
  for (const id of unused) await holder.destroyRootKey(id);
  return unused;
}

const statesOf = (some = ring): string[] => some.list().map(({ id, state }) => `${id} ${state}`);

beforeEach(async () => {
  holder = new MemoryKeyHolder(0);
  store = new MemoryNodeKeyStore();
  transactions = new MemoryTransactions();
  clock = new ManualClock();
  ring = await open();
});

describe('KeyRing', () => {
  it('gives a new holder its first root key, and has no keys of its own', async () => {
    expect(await holder.rootKeyIds()).toEqual(['root-1']);
    expect([ring.list(), ring.find('did-signing-1'), ring.pending(SIGNING), ring.openable(SIGNING)]).toEqual([[], undefined, undefined, []]);
    expect(() => ring.active(SIGNING)).toThrow(refusal('KEY_MISSING'));
    await open();
    expect(await holder.rootKeyIds()).toEqual(['root-1']);
  });

  it('does not begin a new holder where keys lie under another one', async () => {
    await create(1, 'active');
    holder = new MemoryKeyHolder(0);
    await expect(open()).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
    expect(await holder.rootKeyIds()).toEqual([]);
    holder = new MemoryKeyHolder(1);
    await expect(open()).rejects.toEqual(refusal('UNWRAP_FAILED'));
  });

  it('makes a key that is needed once, and has it again when it is opened again', async () => {
    const given = filled(7);
    const key = await ring.ensure('locator-index', () => given);
    expect(key).toMatchObject({ id: 'locator-index-1', number: 1, state: 'active', secret: filled(7), rootKeyId: 'root-1', createdAt: clock.now(), activatedAt: clock.now() });
    expect(given).toEqual(ZEROS);
    expect(await ring.ensure('locator-index', () => filled(8))).toBe(key);
    expect((await open()).active('locator-index')).toEqual(key);
  });

  it('makes it once although several replicas need it at once', async () => {
    const rings = await Promise.all([open(), open(), open()]);
    const keys = await Promise.all(rings.map((one, index) => one.ensure('locator-index', () => filled(index + 1))));
    expect(new Set(keys.map(({ secret }) => secret[0])).size).toBe(1);
    expect(store.rows()).toHaveLength(1);
  });

  it('takes keys into use and out of use, one in use at a time', async () => {
    await create(1, 'active');
    await create(2, 'pending');
    expect([ring.active(SIGNING).number, ring.pending(SIGNING)?.number]).toEqual([1, 2]);
    clock.advance(1_000);
    await activate('did-signing-2');
    expect([ring.active(SIGNING).secret, ring.pending(SIGNING)]).toEqual([filled(2), undefined]);
    expect(ring.find('did-signing-1')).toMatchObject({ state: 'retired', retiredAt: clock.now(), secret: filled(1) });
    await create(3, 'active');
    await create(4, 'pending');
    expect(ring.openable(SIGNING).map(({ number }) => number)).toEqual([3, 2, 1]);
    await retire('did-signing-3');
    expect(statesOf()).toEqual(['did-signing-1 retired', 'did-signing-2 retired', 'did-signing-3 retired', 'did-signing-4 pending']);
    await Promise.all([retire('did-signing-3'), activate('did-signing-4')]);
    await activate('did-signing-4');
    expect(ring.active(SIGNING).number).toBe(4);
  });

  it('refuses what the state of a key does not allow', async () => {
    await create(1, 'active');
    await create(2, 'active');
    await create(3, 'pending');
    await create(4, 'pending');
    await destroy('did-signing-4');
    const before = statesOf();
    await expect(activate('did-signing-1')).rejects.toEqual(refusal('KEY_STATE'));
    await expect(activate('did-signing-4')).rejects.toEqual(refusal('KEY_STATE'));
    await expect(retire('did-signing-3')).rejects.toEqual(refusal('KEY_STATE'));
    await expect(destroy('did-signing-2')).rejects.toEqual(refusal('KEY_ACTIVE'));
    for (const change of [activate, retire, destroy]) await expect(change('did-signing-5')).rejects.toEqual(refusal('KEY_UNKNOWN'));
    expect(statesOf()).toEqual(before);
  });

  it('overwrites a destroyed secret when that is committed, not before, and keeps the row without it', async () => {
    await create(1, 'active');
    await create(2, 'active');
    const old = ring.find('did-signing-1');
    await expect(
      ring.change(async (transaction) => {
        await ring.destroy(transaction, 'did-signing-1');
        throw new Error('failed on purpose');
      }),
    ).rejects.toThrow('failed on purpose');
    await ring.reload();
    expect(old?.secret).toEqual(filled(1));
    const replica = await open();
    const copy = replica.find('did-signing-1');
    clock.advance(1_000);
    await destroy('did-signing-1');
    expect([old?.secret, ring.find('did-signing-1'), ring.openable(SIGNING).length]).toEqual([ZEROS, undefined, 1]);
    expect([copy?.secret, await replica.reload(), copy?.secret]).toEqual([expect.anything(), true, ZEROS]);
    expect(ring.list()[0]).toMatchObject({ id: 'did-signing-1', state: 'destroyed', rootKeyId: undefined, destroyedAt: clock.now() });
    expect((await store.list())[0]?.wrapped).toBeUndefined();
    await destroy('did-signing-1');
    expect((await create(3, 'pending')).number).toBe(3);
  });

  it('keeps what it has while the holder is away, but forgets what is destroyed', async () => {
    await create(1, 'active');
    await create(2, 'active');
    const replica = await open();
    const old = replica.find('did-signing-1');
    await destroy('did-signing-1');
    await create(3, 'active');
    holder.setReachable(false);
    await expect(replica.reload()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    expect([old?.secret, replica.find('did-signing-1'), replica.active(SIGNING).secret]).toEqual([ZEROS, undefined, filled(2)]);
    holder.setReachable(true);
    expect([await replica.reload(), await replica.reload(), replica.active(SIGNING).secret]).toEqual([true, false, filled(3)]);
  });

  it('opens no key in the place of another one', async () => {
    await create(1, 'active');
    await create(2, 'pending');
    const [first] = await store.list();
    store.tamper((key) => ({ ...key, wrapped: first?.wrapped }));
    await expect(open()).rejects.toEqual(refusal('UNWRAP_FAILED'));
  });

  it('writes no secret anywhere, and shows none in its list', async () => {
    const secret = Uint8Array.from(randomKey());
    await ring.change((transaction) => ring.create(transaction, SIGNING, secret, 'active'));
    const encodings = (value: unknown): string => JSON.stringify(value, (_, member: unknown) => (member instanceof Uint8Array ? Buffer.from(member).toString('hex') : member));
    const hex = Buffer.from(secret).toString('hex');
    expect(encodings(ring.active(SIGNING))).toContain(hex);
    for (const value of [store.rows(), ring.list()]) expect(encodings(value)).not.toContain(hex);
  });

  it('overwrites every secret when it is closed', async () => {
    const { secret } = await ring.ensure(SIGNING, () => filled(1));
    ring.close();
    expect([secret, ring.find('did-signing-1')]).toEqual([ZEROS, undefined]);
  });
});

describe('wrapping under the newest root key', () => {
  beforeEach(async () => {
    for (let made = 1; made <= 40; made += 1) await create(made, 'active');
    await destroy('did-signing-1');
    await holder.createRootKey();
  });

  it('leaves nothing under older ones, which can then be destroyed', async () => {
    expect(await ring.rootKeysInUse()).toEqual(['root-1']);
    expect(await destroyUnused()).toEqual([]);
    const progress: string[] = [];
    const end = await ring.rewrapUnderNewestRoot({ onProgress: ({ done, total }) => progress.push(`${done}/${total}`) });
    expect([progress.slice(0, 2), progress.at(-1), end]).toEqual([['4/39', '8/39'], '39/39', { done: 39, total: 39 }]);
    expect([await ring.rootKeysInUse(), ring.active(SIGNING).rootKeyId]).toEqual([['root-2'], 'root-2']);
    expect(await destroyUnused()).toEqual(['root-1']);
    const again = await open();
    expect(again.openable(SIGNING).map(({ secret }) => secret[0])).toEqual(Array.from({ length: 39 }, (_, index) => 40 - index));
    expect(await ring.rewrapUnderNewestRoot()).toEqual({ done: 39, total: 39 });
  });

  it('can be stopped after any batch, and goes on where it was', async () => {
    const stop = new AbortController();
    const stopped = ring.rewrapUnderNewestRoot({ signal: stop.signal, onProgress: () => stop.abort(new Error('stopped')) });
    await expect(stopped).rejects.toThrow('stopped');
    expect([await ring.rootKeysInUse(), ring.find('did-signing-2')?.rootKeyId]).toEqual([['root-1', 'root-2'], 'root-2']);
    const progress: number[] = [];
    await ring.rewrapUnderNewestRoot({ onProgress: ({ done }) => progress.push(done) });
    expect([progress[0], progress.at(-1), await ring.rootKeysInUse()]).toEqual([8, 39, ['root-2']]);
  });

  it('sees a root key that is made meanwhile, and keys that are', async () => {
    const meanwhile: Promise<unknown>[] = [];
    const onProgress = (): void => {
      if (meanwhile.length === 0) meanwhile.push(holder.createRootKey(), create(41, 'active'));
    };
    await ring.rewrapUnderNewestRoot({ onProgress });
    await Promise.all(meanwhile);
    expect(await ring.rootKeysInUse()).toEqual(['root-3']);
    expect(ring.active(SIGNING).secret).toEqual(filled(41));
  });

  it('changes nothing in a batch in which the holder goes away', async () => {
    const before = await store.list();
    holder.setReachable(false);
    await expect(ring.rewrapUnderNewestRoot()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    expect(await store.list()).toEqual(before);
    expect(ring.active(SIGNING).secret).toEqual(filled(40));
  });
});

describe('any life of keys', () => {
  const purposes: readonly KeyPurpose[] = ['did-signing', 'did-update'];
  const steps = fc.array(
    fc.record({
      what: fc.constantFrom('pending', 'active', 'activate', 'retire', 'destroy', 'rotate-root', 'rewrap', 'clean'),
      purpose: fc.constantFrom(...purposes),
      which: fc.nat({ max: 4 }),
      fails: fc.boolean(),
    }),
    { maxLength: 25 },
  );

  it('leaves a ring that is what it would be if it were opened anew, with one key in use at the most', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (life) => {
        [holder, store] = [new MemoryKeyHolder(0), new MemoryNodeKeyStore()];
        ring = await open();
        const secrets = new Map<string, Uint8Array>();
        for (const { what, purpose, which, fails } of life) {
          const id = `${purpose}-${which + 1}`;
          const work = async (): Promise<void> => {
            if (what === 'pending' || what === 'active') {
              const secret = randomKey();
              const key = await ring.change(async (transaction) => {
                const made = await ring.create(transaction, purpose, secret, what);
                if (fails) throw new Error('failed on purpose');
                return made;
              });
              secrets.set(key.id, secret);
            } else if (what === 'activate') await activate(id);
            else if (what === 'retire') await retire(id);
            else if (what === 'destroy') await destroy(id);
            else if (what === 'rotate-root') await holder.createRootKey();
            else if (what === 'rewrap') await ring.rewrapUnderNewestRoot();
            else await destroyUnused();
          };
          await work().catch((error: unknown) => {
            if ((error as Error).message !== 'failed on purpose') expect(error).toEqual(expect.objectContaining({ name: 'KeysError' }));
          });
        }
        const again = await open();
        expect(again.list()).toEqual(ring.list());
        for (const { id, state, purpose } of ring.list()) {
          expect([ring.find(id)?.secret, again.find(id)?.secret]).toEqual(state === 'destroyed' ? [undefined, undefined] : [secrets.get(id), secrets.get(id)]);
          expect(ring.list().filter((key: Pick<StoredNodeKey, 'purpose' | 'state'>) => key.purpose === purpose && key.state === 'active').length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
