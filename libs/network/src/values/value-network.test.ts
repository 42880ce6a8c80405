import { describe, expect, it } from '@jest/globals';
import { HOUR, note, TestMembers, text, textOf } from './values.fixture.ts';
import { MAX_MESSAGE_BYTES } from './wire-values.ts';

const KIND = { namespace: 'note' };
const sorted = (members: readonly { readonly did: string }[]): string[] => members.map(({ did }) => did).sort();

describe('ValueNetwork', () => {
  it('keeps a value with the members closest to its place, and gives it to anybody', async () => {
    const network = new TestMembers(16);
    const [publisher, reader] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    expect(await publisher.values.put(KIND, text('one'), text('a:1'))).toEqual({ stored: 5 });
    const responsible = sorted(network.responsible('one'));
    expect(sorted(await network.holders('one')).filter((did) => did !== publisher.did || responsible.includes(did))).toEqual(responsible);
    for (const { values } of network.members) expect(textOf(await values.get(KIND, text('one')))).toBe('a:1');
    expect(await reader.values.get(KIND, text('other'))).toBeUndefined();
    expect(await reader.values.getAll(KIND, text('other'))).toEqual({ values: [], complete: true });
  });

  it('keeps what it publishes in its own store, and says so', async () => {
    const network = new TestMembers(16);
    for (const member of network.members) {
      await member.values.put(KIND, text(member.did), text('a:1'));
      expect(await member.store.read([{ namespace: 'note', key: text(member.did) }], network.clock.now())).toMatchObject([{ own: true }]);
      expect(textOf(await member.values.here(KIND, text(member.did)))).toBe('a:1');
    }
  });

  it('publishes and reads by itself while it knows nobody', async () => {
    const network = new TestMembers(1);
    const [alone] = network.members as [(typeof network.members)[0]];
    expect(await alone.values.publish([note('one', 'a:1')])).toEqual([{ stored: 1, occupied: 0, refused: 0, unreached: 0 }]);
    expect(textOf(await alone.values.get(KIND, text('one')))).toBe('a:1');
    expect(await alone.values.getAll(KIND, text('two'))).toEqual({ values: [], complete: true });
  });

  it('replaces a value by a newer one everywhere, and never by an older one or one of somebody else', async () => {
    const network = new TestMembers(8);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    await a.values.put(KIND, text('one'), text('a:5'));
    await expect(b.values.put(KIND, text('one'), text('a:4'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await expect(b.values.put(KIND, text('one'), text('b:6'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    await a.values.put(KIND, text('one'), text('a:6'));
    for (const { values } of network.members) expect(textOf(await values.get(KIND, text('one')))).toBe('a:6');
  });

  it('says of each value how it was taken', async () => {
    const network = new TestMembers(8);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    await a.values.publish([note('taken', 'a:1'), note('mine', 'b:7')]);
    const placements = await b.values.publish([note('new', 'b:1'), note('taken', 'b:9'), note('mine', 'b:6')]);
    expect(placements[0]).toEqual({ stored: 5, occupied: 0, refused: 0, unreached: 0 });
    expect(placements[1]).toMatchObject({ refused: 0, unreached: 0 });
    expect(placements[1]?.occupied).toBeGreaterThanOrEqual(4);
    expect(placements[2]?.refused).toBeGreaterThanOrEqual(4);
  });

  it.each([
    ['of an unknown kind', { kind: { namespace: 'other' }, key: text('x'), value: text('a:1') }],
    ['that has expired', note('x', 'a:1:0')],
    ['that is valid for too long', note('x', 'a:1:200')],
    ['that is too large', note('x', `a:1:1:${'x'.repeat(10_000)}`)],
    ['that its kind refuses', note('x', 'bad:1')],
    ['with a key that is too long', note('x'.repeat(129), 'a:1')],
    ['with an attachment that its kind does not have', note('x', 'a:1', text('attached'))],
  ])('sends nothing when there is a value %s', async (_what, entry) => {
    const network = new TestMembers(6);
    const [a] = network.members as [(typeof network.members)[0]];
    await expect(a.values.publish([note('good', 'a:1'), entry])).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    expect(network.messages).toEqual([]);
    expect(await network.holders('good')).toEqual([]);
  });

  it('gives out nothing that has expired, and forgets it', async () => {
    const network = new TestMembers(6);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    await a.values.put(KIND, text('short'), text('a:1:1'));
    network.clock.advance(HOUR);
    expect(await b.values.get(KIND, text('short'))).toBeUndefined();
    expect(await b.values.getAll(KIND, text('short'))).toEqual({ values: [], complete: true });
  });

  it('publishes many values in few messages, whose number grows with the members', async () => {
    const network = new TestMembers(16);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    const entries = Array.from({ length: 1_000 }, (_, at) => note(`many-${at}`, `a:${at}`));
    const progress: number[] = [];
    const placements = await a.values.publish(entries, { onProgress: ({ settled }) => progress.push(settled) });
    expect(placements.every(({ stored }) => stored === 5)).toBe(true);
    expect(network.messages.length).toBeLessThanOrEqual(15);
    expect(progress.at(-1)).toBe(1_000);
    expect(progress).toEqual([...progress].sort((one, other) => one - other));
    network.messages.length = 0;
    const read = await b.values.readAll(entries);
    expect(read.map(({ values }) => textOf(values[0]?.value))).toEqual(entries.map(({ value }) => textOf(value)));
    expect(read.every(({ complete }) => complete)).toBe(true);
    expect(network.messages.length).toBeLessThanOrEqual(60);
  });

  it('splits what is too much for one message', async () => {
    const network = new TestMembers(3);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    const entries = Array.from({ length: 400 }, (_, at) => note(`big-${at}`, `a:${at}:1:${'x'.repeat(9_000)}`));
    expect((await a.values.publish(entries)).every(({ stored }) => stored === 3)).toBe(true);
    expect(network.messages.every(({ bytes }) => bytes <= MAX_MESSAGE_BYTES)).toBe(true);
    const read = await b.values.readAll(entries);
    expect(read.filter(({ values }) => values.length === 1)).toHaveLength(400);
  });

  it('finds who is responsible by few lookups where not everybody is known', async () => {
    const network = new TestMembers(64);
    const [a] = network.members as [(typeof network.members)[0]];
    const entries = Array.from({ length: 500 }, (_, at) => note(`wide-${at}`, `a:${at}`));
    expect((await a.values.publish(entries)).every(({ stored }) => stored === 5)).toBe(true);
    expect(network.lookups).toBeLessThanOrEqual(24);
    for (const at of [0, 99, 250, 499]) {
      const holders = sorted((await network.holders(`wide-${at}`)).filter((member) => member !== a));
      expect(holders).toEqual(sorted(network.responsible(`wide-${at}`).filter((member) => member !== a)));
    }
  });

  it('goes on with the next closest members when some are silent or gone', async () => {
    const network = new TestMembers(16);
    const [a] = network.members as [(typeof network.members)[0]];
    const [first, second] = network.responsible('one').filter((member) => member !== a);
    network.kill(first as never);
    (second as { state: string }).state = 'gone';
    expect(await a.values.publish([note('one', 'a:1')])).toEqual([{ stored: 5, occupied: 0, refused: 0, unreached: 0 }]);
  });

  it('says how many storers it did not reach where there are no others', async () => {
    const network = new TestMembers(5);
    const [a, b] = network.members as [(typeof network.members)[0], (typeof network.members)[0]];
    b.handlers.clear();
    expect(await a.values.publish([note('one', 'a:1')])).toEqual([{ stored: 4, occupied: 0, refused: 0, unreached: 1 }]);
  });

  it('stops publishing when it is told to', async () => {
    const network = new TestMembers(8);
    const [a] = network.members as [(typeof network.members)[0]];
    const stop = new AbortController();
    for (const { handlers } of network.members) handlers.set('/carecord/values/store/1', () => new Promise(() => stop.abort(new Error('Enough.'))));
    await expect(a.values.publish([note('one', 'a:1')], { signal: stop.signal })).rejects.toThrow('Enough.');
    expect(network.messages.length).toBeLessThanOrEqual(5);
  });
});
