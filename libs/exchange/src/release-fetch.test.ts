import { beforeEach, describe, expect, it } from '@jest/globals';
import { contentIdOf } from '@carecord/crypto';
import type { NetworkHost } from '@carecord/network';
import { ManualClock } from '../../testkit/src/manual-clock.ts';
import { MemoryReceivedBlockStore } from '../../testkit/src/memory/exchange-stores.ts';
import { MemoryTransactions } from '../../testkit/src/memory/transactions.ts';
import { ANSWER_LIFETIME_MILLISECONDS, FETCH_LIFETIME_MILLISECONDS, MAX_RELEASE_BYTES } from './limits.ts';
import { fetchRelease } from './release-fetch.ts';

describe('fetching a release', () => {
  let clock: ManualClock;
  let blocks: MemoryReceivedBlockStore;
  const transactions = new MemoryTransactions();
  beforeEach(() => {
    clock = new ManualClock();
    blocks = new MemoryReceivedBlockStore();
  });

  /** A holder that answers with one block at a time, each after a while. */
  const fetchFrom = (ciphertexts: readonly Uint8Array[], millisecondsEach = 0): { contentIds: string[]; fetched: Promise<void> } => {
    const held = new Map(ciphertexts.map((ciphertext) => [contentIdOf(ciphertext), ciphertext]));
    const answer = (_protocol: unknown, _to: string, { contentIds: [contentId = ''] }: { contentIds: string[] }): Promise<unknown> => {
      clock.advance(millisecondsEach);
      return Promise.resolve({ blocks: [{ contentId, ciphertext: held.get(contentId) ?? null }] });
    };
    const network = { request: answer } as unknown as NetworkHost;
    const contentIds = [...held.keys()];
    return { contentIds, fetched: fetchRelease({ blocks, clock, network, transactions }, 'did:web:holder.example', contentIds) };
  };
  const stored = async (contentIds: string[]): Promise<number> => (await blocks.read(contentIds)).filter((ciphertext) => ciphertext !== undefined).length;
  const small = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => Uint8Array.of(at));

  it('stores every answer as it comes, for as long as a release may take to be completed', async () => {
    const { contentIds, fetched } = fetchFrom(small(5));
    await fetched;
    expect(await stored(contentIds)).toBe(5);
    const deleteExpired = (): Promise<number> => transactions.run((transaction) => blocks.deleteExpired(transaction, clock.now()));
    expect(await deleteExpired()).toBe(0);
    clock.advance(ANSWER_LIFETIME_MILLISECONDS);
    expect(await deleteExpired()).toBe(5);
  });

  it('ends when the holder takes too long over all answers, though each is in time', async () => {
    const { contentIds, fetched } = fetchFrom(small(5), FETCH_LIFETIME_MILLISECONDS / 3);
    await expect(fetched).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
    expect(await stored(contentIds)).toBe(2);
  });

  it('ends when the holder gives more bytes than a release may bring', async () => {
    const size = 10 * 1024 * 1024;
    const fitting = Math.floor(MAX_RELEASE_BYTES / size);
    const { contentIds, fetched } = fetchFrom(Array.from({ length: fitting + 2 }, (_, at) => new Uint8Array(size).fill(at)));
    await expect(fetched).rejects.toMatchObject({ code: 'TOO_MANY_RECORDS' });
    expect(await stored(contentIds)).toBe(fitting);
  });

  it('of nothing asks nobody', async () => {
    await expect(fetchFrom([]).fetched).resolves.toBeUndefined();
  });
});
