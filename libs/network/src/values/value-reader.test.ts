import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '../../../testkit/src/network-fixture.ts';
import { READ_PROTOCOL } from './read-protocol.ts';
import type { ReadRequest, ReadResponse } from './read-protocol.ts';
import { note, noteKind, TestMembers, text, textOf } from './values.fixture.ts';
import type { TestMember } from './values.fixture.ts';

const KIND = { namespace: 'note' };

/** Lets a member answer reads otherwise than it should. */
function lie(member: TestMember, answer: (request: ReadRequest, honest: ReadResponse) => ReadResponse): void {
  const honest = member.handlers.get(READ_PROTOCOL.name) as (request: ReadRequest, from: unknown) => Promise<ReadResponse>;
  member.handlers.set(READ_PROTOCOL.name, (async (request: ReadRequest, from: unknown) => answer(request, await honest(request, from))) as never);
}

/** A network in which a value is stored, and a member that has no copy. */
async function withValue(count = 16, options?: ConstructorParameters<typeof TestMembers>[1]): Promise<{ network: TestMembers; storers: TestMember[]; reader: TestMember }> {
  const network = new TestMembers(count, options);
  const storers = network.responsible('one');
  await (storers[0] as TestMember).values.put(KIND, text('one'), text('a:2'));
  const reader = network.members.find((member) => !storers.includes(member)) as TestMember;
  return { network, storers, reader };
}

describe('reading values', () => {
  it('asks no more members than it takes to be sure', async () => {
    const { network, reader } = await withValue();
    network.messages.length = 0;
    expect(textOf(await reader.values.get(KIND, text('one')))).toBe('a:2');
    expect(network.messages.length).toBeLessThanOrEqual(3);
  });

  it('finds a value of which four in five storers withhold it', async () => {
    const { storers, reader } = await withValue();
    for (const storer of storers.slice(0, 4)) lie(storer, () => ({ attachments: [], values: [], left: [] }));
    expect(textOf(await reader.values.get(KIND, text('one')))).toBe('a:2');
    expect((await reader.values.getAll(KIND, text('one'))).values).toHaveLength(1);
  });

  it('prefers the newer of what storers give, and corrects who lags behind', async () => {
    const { storers, reader } = await withValue();
    const [behind] = storers as [TestMember];
    lie(behind, (request) => ({ attachments: [], values: request.places.map((_, place) => ({ place, key: text('one'), value: text('a:1') })), left: [] }));
    const given: string[] = [];
    behind.handlers.set('/carecord/values/store/1', ((request: { values: { value: Uint8Array }[] }) => {
      given.push(...request.values.map(({ value }) => textOf(value) ?? ''));
      return Promise.resolve({ outcomes: Uint8Array.of(0) });
    }) as never);
    expect((await reader.values.getAll(KIND, text('one'))).values.map(({ value }) => textOf(value))).toEqual(['a:2']);
    await waitUntil(() => given.length > 0);
    expect(given).toEqual(['a:2']);
  });

  it.each<[string, (request: ReadRequest, honest: ReadResponse) => ReadResponse, string]>([
    ['values that its kind refuses', (request) => ({ attachments: [], values: request.places.map((_, place) => ({ place, key: text('one'), value: text('bad:9') })), left: [] }), 'invalid-value'],
    ['values that stand for too long', (request) => ({ attachments: [], values: request.places.map((_, place) => ({ place, key: text('one'), value: text('a:9:200') })), left: [] }), 'invalid-value'],
    ['values of other places', (_request, honest) => ({ ...honest, values: [{ place: 0, key: text('two'), value: text('a:9') }] }), 'malformed'],
    ['values of questions that were not asked', (_request, honest) => ({ ...honest, values: [{ place: 300, key: text('one'), value: text('a:9') }] }), 'malformed'],
    ['more values of a place than anybody stores', (_request, honest) => ({ ...honest, values: ['a:9', 'b:9'].map((value) => ({ place: 0, key: text('one'), value: text(`bad:${value}`) })) }), 'malformed'],
    ['values with attachments that are not there', (_request, honest) => ({ ...honest, values: [{ place: 0, key: text('one'), value: text('a:9'), attachment: 3 }] }), 'malformed'],
  ])('drops %s, and remembers who gave them', async (_what, answer, kind) => {
    const { storers, reader } = await withValue();
    for (const storer of storers.slice(0, 3)) lie(storer, answer);
    const { values } = await reader.values.getAll(KIND, text('one'));
    expect(values.map(({ value }) => textOf(value))).toEqual(['a:2']);
    expect(reader.observations.filter((observation) => observation.kind === kind).map(({ did }) => did).sort()).toEqual(storers.slice(0, 3).map(({ did }) => did).sort());
  });

  it('does not hold an expired value against who gave it', async () => {
    const { storers, reader } = await withValue();
    lie(storers[0] as TestMember, (request) => ({ attachments: [], values: request.places.map((_, place) => ({ place, key: text('one'), value: text('a:9:0') })), left: [] }));
    expect((await reader.values.getAll(KIND, text('one'))).values.map(({ value }) => textOf(value))).toEqual(['a:2']);
    expect(reader.observations).toEqual([]);
  });

  it('ends with a member that always leaves over what it was asked for', async () => {
    const { storers, reader } = await withValue();
    for (const storer of storers.slice(0, 2)) lie(storer, (request) => ({ attachments: [], values: [], left: request.places.map((_, place) => place) }));
    expect(textOf(await reader.values.get(KIND, text('one')))).toBe('a:2');
  });

  it('goes past members that do not answer', async () => {
    const { storers, reader } = await withValue(16, { readPatience: { endMilliseconds: 60_000, hedgeMilliseconds: 50 } });
    for (const storer of storers.slice(0, 3)) storer.state = 'silent';
    expect(textOf(await reader.values.get(KIND, text('one')))).toBe('a:2');
  });

  it('says when too few of those who should know have answered', async () => {
    const network = new TestMembers(6);
    const [reader, ...others] = network.members as [TestMember, ...TestMember[]];
    for (const { handlers } of others.slice(0, 4)) handlers.clear();
    expect(await reader.values.getAll(KIND, text('nothing'))).toEqual({ values: [], complete: false });
    expect(await reader.values.getAll(KIND, text('nothing'))).toMatchObject({ complete: false });
  });

  it('looks for closer members only where those that it knows were not enough', async () => {
    const { network, reader } = await withValue(64);
    const before = network.lookups;
    await reader.values.get(KIND, text('one'));
    expect(network.lookups).toBe(before);
    expect(await reader.values.getAll(KIND, text('nothing'))).toEqual({ values: [], complete: true });
    expect(network.lookups).toBe(before + 1);
  });

  it('asks again for what did not fit into one answer', async () => {
    const network = new TestMembers(3);
    const [publisher, reader] = network.members as [TestMember, TestMember];
    const entries = Array.from({ length: 300 }, (_, at) => note(`big-${at}`, `a:${at}:1:${'x'.repeat(9_000)}`));
    await publisher.values.publish(entries);
    network.messages.length = 0;
    const [, asked] = network.members as [TestMember, TestMember];
    expect(asked).toBe(reader);
    const found = await reader.values.readAll(entries);
    expect(found.every(({ values, complete }) => values.length === 1 && complete)).toBe(true);
    expect(network.messages.filter(({ protocol }) => protocol === READ_PROTOCOL.name).length).toBeGreaterThan(4);
  });

  it('reads all that stands at one placement', async () => {
    const kinds = (clock: TestMembers['clock']) => [noteKind(clock, { placedBy: (key) => key.subarray(0, 3) })];
    const network = new TestMembers(8, { kinds });
    const [a, b] = network.members as [TestMember, TestMember];
    await a.values.publish([note('one-1', 'a:1'), note('one-2', 'b:1'), note('two-1', 'c:1')]);
    const { values, complete } = await b.values.readGroup(KIND, text('one'));
    expect(complete).toBe(true);
    expect(values.map(({ value }) => textOf(value)).sort()).toEqual(['a:1', 'b:1']);
    expect(await b.values.readGroup(KIND, text('six'))).toEqual({ values: [], complete: true });
  });

  it('reads nothing when nothing is asked for, and refuses places of unknown kinds', async () => {
    const { reader } = await withValue(6);
    expect(await reader.values.readAll([])).toEqual([]);
    await expect(reader.values.get({ namespace: 'other' }, text('one'))).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
  });

  it('gives up when it is told to', async () => {
    const { network, reader } = await withValue();
    for (const member of network.members) if (member !== reader) member.state = 'silent';
    const stop = new AbortController();
    const reading = reader.values.readAll([note('one', '')], { signal: stop.signal });
    stop.abort(new Error('Enough.'));
    await expect(reading).rejects.toThrow('Enough.');
  });
});
