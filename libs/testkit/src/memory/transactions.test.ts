import { describe, expect, it } from '@jest/globals';
import { MemoryOutbox } from './outbox.ts';
import { MemoryState, MemoryTransactions } from './transactions.ts';

const numbers = (): MemoryState<number[]> => new MemoryState<number[]>([], (state) => [...state]);

describe('MemoryTransactions', () => {
  it('commits several states together', async () => {
    const transactions = new MemoryTransactions();
    const [left, right] = [numbers(), numbers()];
    const result = await transactions.run((transaction) => {
      left.write(transaction).push(1);
      right.write(transaction).push(2);
      expect([left.read(), right.read()]).toEqual([[], []]);
      expect([left.read(transaction), right.read(transaction)]).toEqual([[1], [2]]);
      return Promise.resolve('done');
    });
    expect(result).toBe('done');
    expect([left.read(), right.read()]).toEqual([[1], [2]]);
  });

  it('drops everything when the work rejects, and goes on with the next', async () => {
    const transactions = new MemoryTransactions();
    const state = numbers();
    const refused = transactions.run((transaction) => {
      state.write(transaction).push(1);
      return Promise.reject(new Error('refused'));
    });
    const next = transactions.run((transaction) => Promise.resolve(state.write(transaction).push(2)));
    await expect(refused).rejects.toThrow('refused');
    await next;
    expect(state.read()).toEqual([2]);
  });

  it('runs one transaction after the other', async () => {
    const transactions = new MemoryTransactions();
    const state = numbers();
    const increment = (): Promise<void> =>
      transactions.run(async (transaction) => {
        const before = state.read(transaction).length;
        await Promise.resolve();
        state.write(transaction).push(before);
      });
    await Promise.all([increment(), increment(), increment()]);
    expect(state.read()).toEqual([0, 1, 2]);
  });

  it('refuses a transaction inside a transaction, and the use of one that has ended', async () => {
    const transactions = new MemoryTransactions();
    const state = numbers();
    await expect(transactions.run(() => transactions.run(() => Promise.resolve()))).rejects.toThrow('inside a transaction');
    const ended = await transactions.run((transaction) => Promise.resolve({ transaction }));
    expect(() => state.write(ended.transaction)).toThrow('after its end');
    expect(() => state.read(ended.transaction)).toThrow('after its end');
  });
});

describe('MemoryOutbox', () => {
  it('hands over committed entries of a topic in order, also those added meanwhile', async () => {
    const transactions = new MemoryTransactions();
    const outbox = new MemoryOutbox(transactions);
    const enqueue = (topic: string, number: number): Promise<void> =>
      transactions.run((transaction) => outbox.enqueue(transaction, topic, { number }));
    await enqueue('a', 1);
    await enqueue('b', 2);
    const seen: unknown[] = [];
    const handled = await outbox.deliver('a', async (payload) => {
      seen.push(payload);
      if (seen.length === 1) await enqueue('a', 3);
    });
    expect(handled).toBe(2);
    expect(seen).toEqual([{ number: 1 }, { number: 3 }]);
    expect(outbox.entries()).toEqual([{ topic: 'b', payload: { number: 2 } }]);
  });

  it('keeps an entry whose handler fails', async () => {
    const transactions = new MemoryTransactions();
    const outbox = new MemoryOutbox(transactions);
    await transactions.run((transaction) => outbox.enqueue(transaction, 'a', { number: 1 }));
    await expect(outbox.deliver('a', () => Promise.reject(new Error('not now')))).rejects.toThrow('not now');
    expect(outbox.entries()).toHaveLength(1);
  });
});
