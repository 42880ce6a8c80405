import { later } from '@carecord/core';
import { fetchBlocksInParts } from '@carecord/network';
import type { RequesterDependencies } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import { ANSWER_LIFETIME_MILLISECONDS, FETCH_LIFETIME_MILLISECONDS, MAX_RELEASE_BYTES } from './limits.ts';

/**
 * Fetches the ciphertexts of a grant and stores them answer by answer, so that a holder decides neither how much memory nor how
 * much disk or time a release takes. What was stored is deleted soon unless the release is completed.
 * @throws ExchangeError `NOT_AVAILABLE` when the holder does not give all, `TOO_MANY_RECORDS` when it gives more than a release
 * may bring, `HOLDER_UNREACHABLE` when it takes too long; and what `fetchBlocksInParts` throws
 */
export async function fetchRelease(
  { blocks, clock, network, transactions }: Pick<RequesterDependencies, 'blocks' | 'clock' | 'network' | 'transactions'>,
  holder: string,
  contentIds: readonly string[],
): Promise<void> {
  const startedAt = clock.now();
  const deadline = later(startedAt, FETCH_LIFETIME_MILLISECONDS);
  const keepUntil = later(startedAt, ANSWER_LIFETIME_MILLISECONDS);
  let bytes = 0;
  for await (const part of fetchBlocksInParts(network, holder, contentIds)) {
    if (part.blocks.size < part.settled) throw new ExchangeError('NOT_AVAILABLE', 'The holder does not give out all that it granted.');
    const received = [...part.blocks].map(([contentId, ciphertext]) => ({ contentId, ciphertext }));
    bytes += received.reduce((sum, { ciphertext }) => sum + ciphertext.length, 0);
    if (bytes > MAX_RELEASE_BYTES) throw new ExchangeError('TOO_MANY_RECORDS', 'The holder releases more than can be taken at once: ask for some types.');
    if (clock.now() >= deadline) throw new ExchangeError('HOLDER_UNREACHABLE', 'The holder takes too long to give out what it granted: try again later.');
    await transactions.run((transaction) => blocks.save(transaction, received, keepUntil));
  }
}
