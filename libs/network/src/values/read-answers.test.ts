import { describe, expect, it } from '@jest/globals';
import { MemoryDhtValueStore } from '../../../testkit/src/memory/dht-value-store.ts';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { answerRead, readHere } from './read-answers.ts';
import { MAX_GROUP_VALUES } from './read-protocol.ts';
import type { NewValue } from './value-store-port.ts';
import { HOUR, text } from './values.fixture.ts';
import { MAX_CONTENT_BYTES } from './wire-values.ts';

const clock = new ManualClock();
const PLACEMENT = new Uint8Array(32).fill(7);
const ATTACHMENT = { hash: new Uint8Array(32).fill(1), bytes: text('shared') };
const group = { kind: 'note', placement: PLACEMENT };
const at = (key: string) => ({ kind: 'note', key: text(key) });

async function storeWith(values: readonly (Partial<NewValue> & { readonly name: string })[], attachments = [ATTACHMENT]) {
  const store = new MemoryDhtValueStore();
  const filled = values.map(({ name, ...value }) => ({ namespace: 'note', key: text(name), placement: PLACEMENT, owner: 'a', sequence: 1, expiresAt: new Date(clock.now().getTime() + HOUR), value: text(name), attachmentHash: undefined, chargedBytes: 1, ...value }));
  await store.put({ source: { did: 'x', role: 'own' }, values: filled, attachments, cap: { values: 1, bytes: 1 }, now: clock.now() });
  return { store, clock };
}

describe('answers to reads', () => {
  it('give what is there, each attachment once, and nothing for the rest', async () => {
    const options = await storeWith([{ name: 'a', attachmentHash: ATTACHMENT.hash }, { name: 'b', attachmentHash: ATTACHMENT.hash }, { name: 'c' }]);
    expect(await answerRead({ places: [at('a'), at('nothing'), at('b'), at('c')] }, options)).toEqual({
      attachments: [ATTACHMENT.bytes],
      values: [{ place: 0, key: text('a'), value: text('a'), attachment: 0 }, { place: 2, key: text('b'), value: text('b'), attachment: 0 }, { place: 3, key: text('c'), value: text('c') }],
      left: [],
    });
  });

  it('give a placement\'s values, as many as anybody has use for', async () => {
    const names = Array.from({ length: MAX_GROUP_VALUES + 5 }, (_, index) => `n${String(index).padStart(3, '0')}`);
    const options = await storeWith([...names.map((name) => ({ name })), { name: 'other', namespace: 'other' }]);
    const { values } = await answerRead({ places: [group] }, options);
    expect(values.map(({ key }) => Buffer.from(key).toString())).toEqual(names.slice(0, MAX_GROUP_VALUES));
  });

  it('leave over what does not fit, and always give something', async () => {
    const options = await storeWith(Array.from({ length: 40 }, (_, index) => ({ name: `n${index}`, value: new Uint8Array(60_000) })));
    let places = Array.from({ length: 40 }, (_, index) => at(`n${index}`));
    let answers = 0;
    while (places.length > 0) {
      const { values, left } = await answerRead({ places }, options);
      expect(values.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThanOrEqual(MAX_CONTENT_BYTES);
      expect(values.length + left.length).toBe(places.length);
      expect(values.length).toBeGreaterThan(0);
      places = left.map((index) => places[index] as (typeof places)[0]);
      answers += 1;
    }
    expect(answers).toBe(3);
  });

  it('read no more from the store than goes into a few messages, whatever is asked for', async () => {
    const { store } = await storeWith(Array.from({ length: 200 }, (_, index) => ({ name: `n${index}`, value: new Uint8Array(60_000) })));
    let read = 0;
    const counting = {
      clock,
      store: {
        read: async (...asked: Parameters<typeof store.read>) => {
          const values = await store.read(...asked);
          read += values.length;
          return values;
        },
        readGroups: store.readGroups.bind(store),
        attachments: store.attachments.bind(store),
      },
    };
    const many = await answerRead({ places: Array.from({ length: 200 }, (_, index) => at(`n${index}`)) }, counting);
    expect(many.left).toHaveLength(200 - many.values.length);
    expect(read).toBe(64);
    read = 0;
    const same = await answerRead({ places: Array.from({ length: 60 }, () => at('n1')) }, counting);
    expect(read).toBe(1);
    expect(same.values.every(({ key }) => Buffer.from(key).toString() === 'n1')).toBe(true);
  });

  it('cut a placement whose values are more than a message', async () => {
    const options = await storeWith(Array.from({ length: MAX_GROUP_VALUES }, (_, index) => ({ name: `n${index}`, value: new Uint8Array(64 * 1024).fill(index), attachmentHash: new Uint8Array(32).fill(index) })), Array.from({ length: MAX_GROUP_VALUES }, (_, index) => ({ hash: new Uint8Array(32).fill(index), bytes: new Uint8Array(64 * 1024) })));
    const { values, left } = await answerRead({ places: [group] }, options);
    expect(values.length).toBe(7);
    expect(left).toEqual([]);
  });

  it('give no value whose attachment is missing', async () => {
    const { store } = await storeWith([{ name: 'a', attachmentHash: ATTACHMENT.hash }]);
    const options = { clock, store: { read: store.read.bind(store), readGroups: store.readGroups.bind(store), attachments: () => Promise.resolve([]) } };
    expect(await readHere([at('a')], options)).toEqual([[]]);
  });
});
