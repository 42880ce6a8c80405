import { bytes } from '@carecord/core';
import { contentIdSchema, verifyContentId } from '@carecord/crypto';
import { z } from 'zod';
import { NetworkError } from '../network-error.ts';
import type { BlockProvider, Member, MessageProtocol, NetworkHost } from '../ports.ts';

/** The largest block: a resource of a 10 MiB bundle, sealed. */
export const MAX_BLOCK_BYTES = 11 * 1024 * 1024;
/** Content ids in one request: a patient of 100 resources in one round trip. */
const MAX_BLOCKS_PER_REQUEST = 128;
/** An answer stops growing here: what is left out is asked for again. Only a single block may be larger. */
const TARGET_RESPONSE_BYTES = 2 * 1024 * 1024;
/** Blocks that the provider reads at once: bounds what is in memory without having been sent. */
const BLOCKS_PER_READ = 32;
/** Room in an answer for ids and CBOR beside the blocks. */
const OVERHEAD_BYTES = 64 * 1024;

/** `null`: the block does not exist, or is not for this asker; the two look alike. Left out: ask again. */
const blockSchema = z.strictObject({ contentId: contentIdSchema, ciphertext: bytes({ atMost: MAX_BLOCK_BYTES }).nullable() });

const blocksProtocol = {
  name: '/carecord/blocks/1',
  request: z.strictObject({ contentIds: z.array(contentIdSchema).min(1).max(MAX_BLOCKS_PER_REQUEST) }),
  response: z.strictObject({ blocks: z.array(blockSchema).max(MAX_BLOCKS_PER_REQUEST) }),
  maxRequestBytes: 16 * 1024,
  maxResponseBytes: MAX_BLOCK_BYTES + TARGET_RESPONSE_BYTES + OVERHEAD_BYTES,
  timeoutMilliseconds: 30_000,
  // A released patient of 10,000 resources takes 80 requests.
  rate: { burst: 400, perSecond: 50 },
} satisfies MessageProtocol<z.ZodType, z.ZodType>;

type Block = z.infer<typeof blockSchema>;

/** Serves blocks to members; the provider decides which. */
export function registerBlocks(host: NetworkHost, provider: BlockProvider): void {
  host.handle(blocksProtocol, async ({ contentIds }, from) => ({ blocks: await readUpTo(provider, contentIds, from) }));
}

/** Reads blocks in the order asked until the answer is full; the first is always in it. */
async function readUpTo(provider: BlockProvider, contentIds: readonly string[], from: Member): Promise<Block[]> {
  const blocks: Block[] = [];
  let total = 0;
  for (let at = 0; at < contentIds.length; at += BLOCKS_PER_READ) {
    const ids = contentIds.slice(at, at + BLOCKS_PER_READ);
    const read = await provider.read(ids, from);
    for (const [index, id] of ids.entries()) {
      const ciphertext = read[index] ?? null;
      const size = ciphertext?.length ?? 0;
      if (blocks.length > 0 && total + size > TARGET_RESPONSE_BYTES) return blocks;
      total += size;
      blocks.push({ contentId: id, ciphertext: size > MAX_BLOCK_BYTES ? null : ciphertext });
    }
  }
  return blocks;
}

/**
 * Fetches blocks from a holder, in as few requests as fit, each checked against its content id.
 * @param onProgress told how many of all are settled, after every answer
 * @returns the blocks by content id; one that the holder does not give is not in it
 * @throws NetworkError `BLOCK_INVALID` for bytes that are not those of their content id, or that were not asked for;
 * `RESPONSE_INVALID` when the holder makes no progress; and what `NetworkHost.request` throws
 */
export async function fetchBlocks(
  host: NetworkHost,
  holderDid: string,
  contentIds: readonly string[],
  onProgress?: (done: number, total: number) => void,
): Promise<Map<string, Uint8Array>> {
  const total = new Set(contentIds).size;
  const found = new Map<string, Uint8Array>();
  let done = 0;
  for await (const { settled, blocks } of fetchBlocksInParts(host, holderDid, contentIds)) {
    for (const [id, ciphertext] of blocks) found.set(id, ciphertext);
    done += settled;
    onProgress?.(done, total);
  }
  return found;
}

/** What one answer brought: `settled` counts the blocks that were given or refused. */
export interface BlocksPart {
  readonly settled: number;
  readonly blocks: ReadonlyMap<string, Uint8Array>;
}

/**
 * As {@link fetchBlocks}, answer by answer: no more than one is in memory at a time, and who reads it may stop.
 * @throws NetworkError as {@link fetchBlocks}
 */
export async function* fetchBlocksInParts(host: NetworkHost, holderDid: string, contentIds: readonly string[]): AsyncGenerator<BlocksPart, void, void> {
  const missing = new Set(contentIds);
  while (missing.size > 0) {
    const asked = [...missing].slice(0, MAX_BLOCKS_PER_REQUEST);
    const { blocks } = await host.request(blocksProtocol, holderDid, { contentIds: asked });
    if (blocks.length === 0) throw new NetworkError('RESPONSE_INVALID', 'The holder neither gives nor refuses the blocks.');
    const found = new Map<string, Uint8Array>();
    for (const block of blocks) {
      if (!missing.delete(block.contentId)) throw new NetworkError('BLOCK_INVALID', 'The holder gave a block that was not asked for.');
      if (block.ciphertext !== null) found.set(block.contentId, checked(block.contentId, block.ciphertext));
    }
    yield { settled: blocks.length, blocks: found };
  }
}

function checked(id: string, ciphertext: Uint8Array): Uint8Array {
  try {
    verifyContentId(id, ciphertext);
  } catch (cause) {
    throw new NetworkError('BLOCK_INVALID', 'The holder gave bytes that are not those of their content id.', { cause });
  }
  return ciphertext;
}
