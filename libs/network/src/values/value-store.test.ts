import type { KadDHT } from '@libp2p/kad-dht';
import { describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { MemoryDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { NetworkError, valueRefused } from '../network-error.ts';
import type { DhtValueKind } from '../ports.ts';
import { GuardedDatastore } from './guarded-datastore.ts';
import { HighestSeen } from './highest-seen.ts';
import { ValueRules } from './value-rules.ts';
import { ValueStore } from './value-store.ts';

const clock = new ManualClock();
const key = Uint8Array.of(1);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const never = new AbortController().signal;

/** A value is `owner:sequence`. */
const kind: DhtValueKind = {
  namespace: 'test',
  maxBytes: 100,
  validate: (_key, value) => {
    const [owner = '', sequence = ''] = Buffer.from(value).toString().split(':');
    if (owner === 'forged') return Promise.reject(valueRefused('Forged.'));
    return Promise.resolve({ owner, sequence: Number(sequence), expiresAt: new Date(clock.now().getTime() + 1_000) });
  },
};

/** What a peer answers: a value, that it has none, or not at all. */
type Answer = { readonly value: string } | 'nothing' | 'unreachable';
const answers = (...values: string[]): Answer[] => values.map((value) => ({ value }));

/** kad-dht as far as a query is seen from outside: an event for each answer, and perhaps an error at the end. */
function makeStore(given: { answers?: Answer[]; end?: Error; datastore?: Datastore; logger?: Logger }) {
  const inner = given.datastore ?? new MemoryDatastore();
  const rules = new ValueRules([kind], clock);
  // eslint-disable-next-line @typescript-eslint/require-await -- what it stands for is asynchronous
  async function* query(): AsyncGenerator<object> {
    for (const answer of given.answers ?? []) {
      if (answer === 'unreachable') yield { name: 'QUERY_ERROR', error: new Error('Gone.') };
      else yield { name: 'PEER_RESPONSE', record: answer === 'nothing' ? undefined : { value: text(answer.value) } };
    }
    if (given.end !== undefined) throw given.end;
  }
  const guard = new GuardedDatastore(inner, rules, new HighestSeen(inner, clock));
  return new ValueStore({ get: query, put: query } as unknown as KadDHT, rules, guard, given.logger ?? silentLogger);
}

async function readAll(store: ValueStore, stopped = never): Promise<{ values: string[]; complete: boolean }> {
  const { values, complete } = await store.getAll(kind, key, stopped);
  return { values: values.map((value) => Buffer.from(value).toString()).sort(), complete };
}

const refusedCorrection = Object.assign(new Error('Could not send correction'), { name: 'QueryError' });

function brokenDatastore(): Datastore {
  const broken = new MemoryDatastore();
  broken.get = () => {
    throw new Error('The database is down.');
  };
  return broken;
}

describe('getAll', () => {
  it('gives the newest value of every owner, whoever answers first', async () => {
    expect(await readAll(makeStore({ answers: answers('a:1', 'b:1', 'a:3') }))).toEqual({ values: ['a:3', 'b:1'], complete: true });
    expect(await readAll(makeStore({ answers: answers('a:3', 'a:1', 'b:1') }))).toEqual({ values: ['a:3', 'b:1'], complete: true });
  });

  it('leaves out what is not valid', async () => {
    expect(await readAll(makeStore({ answers: answers('forged:9', 'a:1', 'a:-2') }))).toEqual({ values: ['a:1'], complete: true });
  });

  it('has enough after four answers', async () => {
    expect(await readAll(makeStore({ answers: answers('a:1', 'b:1', 'c:1', 'd:1', 'e:1') }))).toMatchObject({ values: ['a:1', 'b:1', 'c:1', 'd:1'] });
  });

  it('binds nobody to an owner that was read', async () => {
    const datastore = new MemoryDatastore();
    await readAll(makeStore({ answers: answers('a:1'), datastore }));
    expect(await makeStore({ answers: answers('b:1'), datastore }).get(kind, key, never)).toEqual(text('b:1'));
  });

  it('is complete where peers have nothing, or some have gone, but not where all have', async () => {
    expect(await readAll(makeStore({ answers: ['nothing', 'nothing'] }))).toEqual({ values: [], complete: true });
    expect(await readAll(makeStore({ answers: ['unreachable', 'nothing'] }))).toEqual({ values: [], complete: true });
    expect(await readAll(makeStore({ answers: ['unreachable', 'unreachable'] }))).toEqual({ values: [], complete: false });
    expect(await readAll(makeStore({}))).toEqual({ values: [], complete: true });
  });

  it('is not complete when the time is up or the host stops, and gives what was found', async () => {
    const controller = new AbortController();
    controller.abort();
    const end = new Error('The operation was aborted.');
    expect(await readAll(makeStore({ answers: answers('a:1'), end }), controller.signal)).toEqual({ values: ['a:1'], complete: false });
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(controller.signal);
    expect(await readAll(makeStore({ answers: answers('a:1'), end }))).toEqual({ values: ['a:1'], complete: false });
    timeout.mockRestore();
  });

  it('does not mind a holder that would not take a correction', async () => {
    expect(await readAll(makeStore({ answers: answers('a:1', 'b:1'), end: refusedCorrection }))).toEqual({ values: ['a:1', 'b:1'], complete: true });
  });

  it('hides neither a broken query nor a broken datastore', async () => {
    await expect(readAll(makeStore({ answers: answers('a:1'), end: new TypeError('A bug.') }))).rejects.toThrow('A bug.');
    await expect(readAll(makeStore({ answers: answers('a:1'), datastore: brokenDatastore() }))).rejects.toThrow('The database is down.');
  });
});

describe('get', () => {
  it('gives the newest of the first answers, at the time limit too', async () => {
    expect(await makeStore({ answers: answers('a:1', 'forged:9', 'a:2'), end: refusedCorrection }).get(kind, key, never)).toEqual(text('a:2'));
    expect(await makeStore({ answers: answers('a:1'), end: new Error('Aborted.') }).get(kind, key, AbortSignal.abort())).toEqual(text('a:1'));
  });

  it('hides neither a broken query nor a datastore that breaks while it answers', async () => {
    await expect(makeStore({ end: new TypeError('A bug.') }).get(kind, key, never)).rejects.toThrow('A bug.');
    const datastore = new MemoryDatastore();
    datastore.put = () => {
      throw new Error('The database is full.');
    };
    await expect(makeStore({ answers: answers('a:1'), datastore }).get(kind, key, never)).rejects.toThrow('The database is full.');
  });
});

describe('put', () => {
  it('that cannot keep the value in our own store says why', async () => {
    const events: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (...line) => events.push(line) };
    const end = new Error('The disk is full.');
    const put = makeStore({ end, logger }).put(kind, key, text('a:1'), never);
    await expect(put).rejects.toEqual(expect.objectContaining({ code: 'PUBLISHING_FAILED', cause: end }));
    expect(events).toEqual([['put-failed', { namespace: 'test', stored: 0 }, end]]);
  });

  it('of a value that our own store refuses is refused', async () => {
    await expect(makeStore({ end: valueRefused('Another owner.') }).put(kind, key, text('a:1'), never)).rejects.toThrow(NetworkError);
  });
});
