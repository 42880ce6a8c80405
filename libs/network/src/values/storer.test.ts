import { describe, expect, it } from '@jest/globals';
import type { Member } from '../ports.ts';
import { decodeOutcomes, STORE_PROTOCOL } from './store-protocol.ts';
import type { StoreOutcome, StoreRequest } from './store-protocol.ts';
import { HOUR, noteKind, TestMembers, text } from './values.fixture.ts';
import type { TestMember } from './values.fixture.ts';

const withAttachments = { kinds: (clock: Parameters<typeof noteKind>[0]) => [noteKind(clock, { maxAttachmentBytes: 100 })] };

/** What a member answers to values that another one sends it, past all checks of the sender. */
async function give(to: TestMember, values: readonly { key: string; value: string; attachment?: number; kind?: string }[], options: Partial<StoreRequest> = {}): Promise<StoreOutcome[] | undefined> {
  const request: StoreRequest = {
    role: 'publisher',
    attachments: [],
    values: values.map(({ key, value, attachment, kind = 'note' }) => ({ kind, key: text(key), value: text(value), ...(attachment !== undefined && { attachment }) })),
    ...options,
  };
  const { outcomes } = (await to.handlers.get(STORE_PROTOCOL.name)?.(request, { did: 'did:example:giver' } as Member)) as { outcomes: Uint8Array };
  return decodeOutcomes(outcomes, values.length);
}

describe('Storer', () => {
  it('judges each value by itself', async () => {
    const network = new TestMembers(3);
    const member = network.at(0);
    await give(member, [{ key: 'old', value: 'a:5' }]);
    const outcomes = await give(member, [
      { key: 'new', value: 'a:1' },
      { key: 'old', value: 'a:4' },
      { key: 'old2', value: 'bad:1' },
      { key: 'gone', value: 'a:1:0' },
      { key: 'long', value: 'a:1:200' },
      { key: 'large', value: `a:1:1:${'x'.repeat(10_000)}` },
      { key: 'x', value: 'a:1', kind: 'other' },
    ]);
    expect(outcomes).toEqual(['stored', 'older', 'invalid', 'unknown', 'invalid', 'invalid', 'invalid']);
    expect(member.dropped).toEqual(['VALUE_REFUSED', 'VALUE_REFUSED', 'VALUE_REFUSED', 'VALUE_REFUSED']);
    expect(member.observations).toEqual([{ did: 'did:example:giver', kind: 'invalid-value' }]);
    expect(await member.store.counts(network.clock.now())).toMatchObject([{ kind: 'note', count: 2 }]);
  });

  it('says the same of a value that it has already, and takes a place once a message', async () => {
    const network = new TestMembers(3);
    const member = network.at(0);
    expect(await give(member, [{ key: 'one', value: 'a:1' }, { key: 'one', value: 'a:2' }])).toEqual(['stored', 'invalid']);
    expect(await give(member, [{ key: 'one', value: 'a:1' }])).toEqual(['unchanged']);
  });

  it('keeps an attachment once for all its values, and refuses values whose attachment is not there', async () => {
    const network = new TestMembers(3, withAttachments);
    const member = network.at(0);
    const attachments = [text('shared')];
    const outcomes = await give(member, [{ key: 'one', value: 'a:1', attachment: 0 }, { key: 'two', value: 'a:1', attachment: 0 }, { key: 'three', value: 'a:1', attachment: 1 }], { attachments });
    expect(outcomes).toEqual(['stored', 'stored', 'invalid']);
    const [one, two] = await member.store.read([{ namespace: 'note', key: text('one') }, { namespace: 'note', key: text('two') }], network.clock.now());
    expect(one?.attachmentHash).toEqual(two?.attachmentHash);
    expect(await member.store.attachments([one?.attachmentHash ?? text('')])).toMatchObject([{ bytes: text('shared') }]);
  });

  it('refuses values for which too many others are closer, and takes those that are its own', async () => {
    const network = new TestMembers(80);
    const near = network.responsible('one', 20);
    const [far] = network.members.filter((member) => !network.responsible('one', 60).includes(member)) as [TestMember];
    for (const member of near.slice(0, 5)) expect(await give(member, [{ key: 'one', value: 'a:1' }])).toEqual(['stored']);
    expect(await give(far, [{ key: 'one', value: 'a:1' }])).toEqual(['distant']);
    expect(far.dropped).toEqual(['VALUE_REFUSED']);
    expect(far.observations).toEqual([]);
  });

  it('takes no older value after a short-lived newer one has expired', async () => {
    const network = new TestMembers(3);
    const member = network.at(0);
    await give(member, [{ key: 'one', value: 'a:1:48' }]);
    await give(member, [{ key: 'one', value: 'a:2:1' }]);
    network.clock.advance(HOUR);
    await member.store.deleteExpired(network.clock.now(), 100);
    expect(await give(member, [{ key: 'one', value: 'a:1:48' }])).toEqual(['older']);
    expect(await give(member, [{ key: 'one', value: 'b:9:48' }])).toEqual(['occupied']);
  });
});

describe('outcomes on the wire', () => {
  it('are read only when there is one for each value, and known', () => {
    expect(decodeOutcomes(Uint8Array.of(0, 3), 2)).toEqual(['stored', 'occupied']);
    expect(decodeOutcomes(Uint8Array.of(0, 3), 1)).toBeUndefined();
    expect(decodeOutcomes(Uint8Array.of(0), 2)).toBeUndefined();
    expect(decodeOutcomes(Uint8Array.of(0, 200), 2)).toBeUndefined();
  });
});
