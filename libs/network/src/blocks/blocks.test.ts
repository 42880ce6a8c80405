import { contentIdOf } from '@carecord/crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTestNetwork } from '../../../testkit/src/network-fixture.ts';
import type { TestNetwork, TestNode } from '../../../testkit/src/network-fixture.ts';
import { fetchBlocks, MAX_BLOCK_BYTES, registerBlocks } from './blocks.ts';

function blockOf(size: number, fill: number): { id: string; ciphertext: Uint8Array } {
  const ciphertext = new Uint8Array(size).fill(fill);
  return { id: contentIdOf(ciphertext), ciphertext };
}

describe('blocks between members', () => {
  let network: TestNetwork;
  let holder: TestNode;
  let asker: TestNode;
  const kept = new Map<string, Uint8Array>();
  let asked: { contentIds: string[]; from: string }[] = [];

  beforeAll(async () => {
    network = await makeTestNetwork({ hospitals: 2 });
    [holder, asker] = network.hospitals as [TestNode, TestNode];
    registerBlocks(holder.host, {
      read: (contentIds, from) => {
        asked.push({ contentIds, from: from.did });
        return Promise.resolve(contentIds.map((id) => kept.get(id)));
      },
    });
  });
  beforeEach(() => {
    kept.clear();
    asked = [];
  });
  afterAll(() => network.stop());

  function keep(...blocks: { id: string; ciphertext: Uint8Array }[]): string[] {
    for (const { id, ciphertext } of blocks) kept.set(id, ciphertext);
    return blocks.map(({ id }) => id);
  }

  it('come in one batch and are those asked for, by a member that the provider knows', async () => {
    const ids = keep(...Array.from({ length: 20 }, (_, at) => blockOf(100 + at, at)));
    const found = await fetchBlocks(asker.host, holder.resolved.did, ids);
    expect(found).toEqual(kept);
    expect(asked).toEqual([{ contentIds: ids, from: asker.resolved.did }]);
  });

  it('that the holder does not give are left out, and the others come', async () => {
    const [given = ''] = keep(blockOf(10, 1));
    const absent = blockOf(10, 2).id;
    const found = await fetchBlocks(asker.host, holder.resolved.did, [absent, given]);
    expect([...found.keys()]).toEqual([given]);
  });

  it('that do not fit into one answer are asked for again, with progress', async () => {
    const ids = keep(...Array.from({ length: 9 }, (_, at) => blockOf(700_000, at)));
    const progress: [number, number][] = [];
    const found = await fetchBlocks(asker.host, holder.resolved.did, ids, (done, total) => progress.push([done, total]));
    for (const id of ids) expect(Buffer.compare(found.get(id) ?? Buffer.of(), kept.get(id) ?? Buffer.of(0))).toBe(0);
    expect(progress).toEqual([[2, 9], [4, 9], [6, 9], [8, 9], [9, 9]]);
  });

  it('by the hundred take a few requests', async () => {
    const ids = keep(...Array.from({ length: 300 }, (_, at) => blockOf(64, at % 251)).map((block, at) => ({ ...block, ...withIndex(block.ciphertext, at) })));
    expect((await fetchBlocks(asker.host, holder.resolved.did, ids)).size).toBe(300);
    expect(asked.map(({ contentIds }) => contentIds.length)).toEqual([32, 32, 32, 32, 32, 32, 32, 32, 32, 12]);
  });

  it('as large as a block may be are carried; larger ones are as if they were not there', async () => {
    const [largest = '', tooLarge = ''] = keep(blockOf(MAX_BLOCK_BYTES, 1), blockOf(MAX_BLOCK_BYTES + 1, 2));
    const found = await fetchBlocks(asker.host, holder.resolved.did, [tooLarge, largest]);
    expect([...found.keys()]).toEqual([largest]);
  });

  it('asked for twice come once, and nothing is asked for nothing', async () => {
    const [id = ''] = keep(blockOf(10, 1));
    expect((await fetchBlocks(asker.host, holder.resolved.did, [id, id])).size).toBe(1);
    expect((await fetchBlocks(asker.host, holder.resolved.did, [])).size).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('with other bytes than their content id says are refused', async () => {
    const { id } = blockOf(10, 1);
    kept.set(id, new Uint8Array(10).fill(2));
    await expect(fetchBlocks(asker.host, holder.resolved.did, [id])).rejects.toMatchObject({ code: 'BLOCK_INVALID' });
  });

  it('are not asked for by something that is no content id', async () => {
    await expect(fetchBlocks(asker.host, holder.resolved.did, ['../../etc/passwd'])).rejects.toMatchObject({ code: 'WIRE_SCHEMA' });
    expect(asked).toEqual([]);
  });

  it('of a provider that fails are refused without a reason', async () => {
    const [id = ''] = keep(blockOf(10, 1));
    kept.get = () => {
      throw new Error('which patient');
    };
    await expect(fetchBlocks(asker.host, holder.resolved.did, [id])).rejects.toMatchObject({ code: 'REMOTE_REFUSED', remoteCode: 'INTERNAL' });
    kept.get = Map.prototype.get.bind(kept);
  });
});

describe('a holder that does not play by the rules', () => {
  it('is not waited for without end, and cannot slip in what was not asked for', async () => {
    const answers: unknown[] = [];
    const fake = { request: () => Promise.resolve(answers.shift()) } as unknown as TestNode['host'];
    const { id, ciphertext } = blockOf(10, 1);
    const other = blockOf(10, 2);
    answers.push({ blocks: [] });
    await expect(fetchBlocks(fake, 'did:x', [id])).rejects.toMatchObject({ code: 'RESPONSE_INVALID' });
    answers.push({ blocks: [{ contentId: other.id, ciphertext: other.ciphertext }] });
    await expect(fetchBlocks(fake, 'did:x', [id])).rejects.toMatchObject({ code: 'BLOCK_INVALID' });
    answers.push({ blocks: [{ contentId: id, ciphertext }, { contentId: id, ciphertext }] });
    await expect(fetchBlocks(fake, 'did:x', [id])).rejects.toMatchObject({ code: 'BLOCK_INVALID' });
  });
});

/** A block that differs from all others of a series. */
function withIndex(ciphertext: Uint8Array, at: number): { id: string; ciphertext: Uint8Array } {
  const changed = Uint8Array.of(...ciphertext, at & 0xff, at >> 8);
  return { id: contentIdOf(changed), ciphertext: changed };
}
