import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { HAVE_PROTOCOL } from './have-protocol.ts';
import { HOUR, note, noteKind, TestMembers, text } from './values.fixture.ts';
import type { TestMember } from './values.fixture.ts';

const KIND = { namespace: 'note' };
const NAMES = Array.from({ length: 200 }, (_, at) => `value-${at}`);

/** Copies with members that are up, of each name. */
async function copies(network: TestMembers, names = NAMES): Promise<number[]> {
  return Promise.all(names.map(async (name) => (await network.holders(name)).filter(({ state }) => state === 'up').length));
}

async function repairAll(network: TestMembers): Promise<{ checked: number; handedOver: number; underReplicated: number }[]> {
  const reports = [];
  for (const { values, state } of network.members) if (state === 'up') reports.push(await values.repair());
  return reports;
}

describe('repair', () => {
  it('brings values back to their number of copies after a fifth of the members has gone', async () => {
    const network = new TestMembers(20);
    for (const [at, member] of network.members.entries()) await member.values.publish(NAMES.filter((_, index) => index % 20 === at).map((name) => note(name, 'a:1')));
    network.kill(...network.members.slice(0, 4));
    expect(Math.min(...(await copies(network)))).toBeLessThan(5);
    const reports = await repairAll(network);
    expect(Math.min(...(await copies(network)))).toBeGreaterThanOrEqual(5);
    expect(reports.reduce((sum, { handedOver }) => sum + handedOver, 0)).toBeGreaterThan(0);
    expect(reports.at(-1)).toMatchObject({ handedOver: 0, underReplicated: 0 });
    for (const name of NAMES) {
      const holders = await network.holders(name);
      for (const member of network.responsible(name)) expect(holders).toContain(member);
    }
  });

  it('has nothing to do where everything is in its place, and asks in few messages', async () => {
    const network = new TestMembers(8);
    const [a] = network.members as [TestMember];
    await a.values.publish(NAMES.map((name) => note(name, 'a:1')));
    network.messages.length = 0;
    expect(await a.values.repair()).toEqual({ checked: 200, handedOver: 0, underReplicated: 0 });
    expect(network.messages.map(({ protocol }) => protocol)).toEqual(Array.from({ length: 7 }, () => HAVE_PROTOCOL.name));
    expect((await a.values.statistics()).replication).toEqual({ factor: 5, repairedAt: network.clock.now(), underReplicated: 0, handedOver: 0 });
  });

  it('hands attachments over too', async () => {
    const network = new TestMembers(6, { kinds: (clock) => [noteKind(clock, { maxAttachmentBytes: 100 })], replication: 3 });
    const [publisher] = network.responsible('one') as [TestMember];
    await publisher.values.publish([note('one', 'a:1', text('shared'))]);
    network.kill(...network.responsible('one').slice(1));
    await publisher.values.repair();
    for (const member of network.responsible('one')) expect((await member.values.getAll(KIND, text('one'))).values).toEqual([{ value: text('a:1'), attachment: text('shared') }]);
    expect((await copies(network, ['one']))[0]).toBe(3);
  });

  it('gives a newcomer what it is responsible for, and lets go of what is no longer its own', async () => {
    const network = new TestMembers(12);
    const [publisher] = network.members as [TestMember];
    await publisher.values.publish(NAMES.map((name) => note(name, 'a:1')));
    const newcomers = ['did:example:n1', 'did:example:n2', 'did:example:n3'].map((did) => network.add(did));
    await repairAll(network);
    for (const name of NAMES) {
      const holders = (await network.holders(name)).filter((member) => member !== publisher).map(({ did }) => did).sort();
      expect(holders).toEqual(network.responsible(name).filter((member) => member !== publisher).map(({ did }) => did).sort());
    }
    expect((await newcomers[0]?.store.counts(network.clock.now()))?.[0]?.count).toBeGreaterThan(0);
  });

  it('keeps what it is no longer responsible for while others lack it', async () => {
    const network = new TestMembers(12);
    const storer = network.responsible('one').at(-1) as TestMember;
    await (network.responsible('one')[0] as TestMember).values.put(KIND, text('one'), text('a:1'));
    let names = 0;
    while (network.responsible('one').includes(storer)) network.add(`did:example:n${names++}`);
    const [newcomer] = network.responsible('one').filter(({ did }) => did.includes(':n')) as [TestMember];
    newcomer.handlers.clear();
    await storer.values.repair();
    expect(await network.holders('one')).toContain(storer);
  });

  it('never gives an older value to who has seen a newer one', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.put(KIND, text('one'), text('a:1'));
    const request = { role: 'publisher', attachments: [], values: [{ kind: 'note', key: text('one'), value: text('a:2') }] };
    await b.handlers.get('/carecord/values/store/1')?.(request, { did: 'did:example:x' } as never);
    await repairAll(network);
    await repairAll(network);
    for (const member of network.members) expect((await member.store.read([{ namespace: 'note', key: text('one') }], network.clock.now()))[0]?.sequence).toBe(2);
  });

  it('does not count a place that is another owner\'s as one that it could repair', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [TestMember, TestMember];
    const request = { role: 'publisher', attachments: [], values: [{ kind: 'note', key: text('one'), value: text('b:1') }] };
    await b.handlers.get('/carecord/values/store/1')?.(request, { did: 'did:example:x' } as never);
    await a.values.put(KIND, text('one'), text('a:1'));
    expect(await a.values.repair()).toEqual({ checked: 1, handedOver: 0, underReplicated: 0 });
  });

  it('counts what cannot be brought to where it belongs', async () => {
    const network = new TestMembers(6);
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.publish(NAMES.map((name) => note(name, 'a:1')));
    b.handlers.clear();
    const { underReplicated } = await a.values.repair();
    expect(underReplicated).toBe(NAMES.filter((name) => network.responsible(name).includes(b)).length);
  });

  it('notices a member that took values and does not have them', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.publish(NAMES.map((name) => note(name, 'a:1')));
    await a.values.repair();
    expect(a.observations).toEqual([]);
    const names = NAMES.filter((name) => network.responsible(name).includes(b));
    await b.store.drop(names.map((name) => ({ namespace: 'note', key: text(name), sequence: 1 })));
    await a.values.repair();
    expect(a.observations).toEqual([{ did: b.did, kind: 'broken-promise' }]);
    expect(Math.min(...(await copies(network)))).toBe(5);
  });

  it('holds nothing against a member that has what it could not find in time', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.publish(NAMES.map((name) => note(name, 'a:1')));
    await a.values.repair();
    b.handlers.set(HAVE_PROTOCOL.name, ((request: { values: Uint8Array }) => Promise.resolve({ missing: new Uint8Array(request.values.length / 24 / 8).fill(255) })) as never);
    expect(await a.values.repair()).toEqual({ checked: 200, handedOver: 0, underReplicated: 0 });
    expect(a.observations).toEqual([]);
  });

  it('leaves a member that takes its values ever so slowly for the next time', async () => {
    const network = new TestMembers(6, { replication: 3 });
    const [a, b] = network.members as [TestMember, TestMember];
    const names = Array.from({ length: 3_000 }, (_, at) => `slow-${at}`);
    b.state = 'gone';
    await a.values.publish(names.map((name) => note(name, 'a:1:100')));
    b.state = 'up';
    const honest = b.handlers.get('/carecord/values/store/1');
    b.handlers.set('/carecord/values/store/1', (request, from) => {
      network.clock.advance(2 * 60_000);
      return honest?.(request, from) ?? Promise.reject(new Error('Nobody answers.'));
    });
    const wanted = names.filter((name) => network.responsible(name).includes(b)).length;
    expect(wanted).toBeGreaterThan(1_024);
    expect(await a.values.repair()).toEqual({ checked: 3_000, handedOver: 1_024, underReplicated: wanted - 1_024 });
  });

  it('looks through so much for one member, and then for others alone', async () => {
    const network = new TestMembers(1);
    const [a] = network.members as [TestMember];
    const all = { from: new Uint8Array(32), until: new Uint8Array(32).fill(255), values: new Uint8Array(24 * 8) };
    a.store.page = () => Promise.resolve(Array.from({ length: 2_048 }, () => ({ namespace: 'note', key: text('one'), placement: new Uint8Array(32), owner: 'a', sequence: 1, expiresAt: new Date(0), own: false })));
    const ask = (did: string): Promise<unknown> => a.handlers.get(HAVE_PROTOCOL.name)?.(all, { did } as never) ?? Promise.reject(new Error('Nobody answers.'));
    let answered = 0;
    const untilRefused = async (): Promise<void> => {
      for (;;) {
        await ask('did:example:x');
        answered += 1;
      }
    };
    await expect(untilRefused()).rejects.toMatchObject({ code: 'TOO_MANY_VALUES' });
    // Each question has two pages looked through.
    expect(answered).toBe(Math.floor(1_000_000 / 4_096));
    await expect(ask('did:example:y')).resolves.toEqual({ missing: expect.any(Uint8Array) });
  });

  it('drops an answer about other values than it asked for', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.put(KIND, text('one'), text('a:1'));
    b.handlers.set(HAVE_PROTOCOL.name, (() => Promise.resolve({ missing: new Uint8Array(9) })));
    expect((await a.values.repair()).underReplicated).toBe(1);
    expect(a.observations).toEqual([{ did: b.did, kind: 'malformed' }]);
  });
});

describe('the running value network', () => {
  it('repairs every ten minutes, soon after its neighbours have changed, and forgets what has expired', async () => {
    const network = new TestMembers(6, { replication: 3 });
    const [a] = network.members as [TestMember];
    await a.values.publish(NAMES.map((name) => note(name, 'a:1')));
    const stop = new AbortController();
    const running = a.values.run(stop.signal);
    const repairedAt = async (): Promise<Date | undefined> => (await a.values.statistics()).replication.repairedAt;
    await waitUntil(() => network.clock.sleeping === 2);
    network.clock.advance(10 * 60_000);
    await waitUntil(async () => (await repairedAt()) !== undefined && network.clock.sleeping === 2);
    expect(await repairedAt()).toEqual(network.clock.now());
    const newcomer = network.add('did:example:newcomer');
    await waitUntil(() => network.clock.sleeping === 2);
    network.clock.advance(30_000);
    await waitUntil(async () => (await newcomer.store.counts(network.clock.now())).length > 0);
    network.clock.advance(HOUR);
    await waitUntil(async () => (await a.store.deleteExpired(network.clock.now(), 0)) === 0 && (await a.store.counts(network.clock.now())).length === 0);
    stop.abort();
    await running;
    await expect(a.values.publish([note('late', 'a:1:2')])).rejects.toThrow();
  });
});
