import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { ManualClock, MemoryAuditStore, MemoryTransactions } from '@carecord/testkit';
import { Closers } from '../lifecycle/closers.ts';
import { recordLifetime } from './lifetime.ts';

describe('recordLifetime', () => {
  let audit: AuditLog;
  let closers: Closers;
  let transactions: MemoryTransactions;
  beforeEach(() => {
    audit = new AuditLog(new MemoryAuditStore(), new ManualClock());
    closers = new Closers(silentLogger);
    transactions = new MemoryTransactions();
  });
  const log = async (): Promise<string[]> => (await audit.list({ limit: 10 })).map(({ type }) => type).reverse();

  it('writes the start, and the stop once everything that came later is closed', async () => {
    let beforeStop: string[] | undefined;
    const lifetime = recordLifetime({ audit, closers }, transactions);
    closers.add('network', async () => {
      beforeStop = await log();
    });
    await lifetime.started();
    expect(await log()).toEqual(['node-started']);
    expect(await closers.close()).toBe(true);
    expect(beforeStop).toEqual(['node-started']);
    expect(await log()).toEqual(['node-started', 'node-stopped']);
  });

  it('writes no stop of a node that never was ready', async () => {
    recordLifetime({ audit, closers }, transactions);
    await closers.close();
    expect(await log()).toEqual([]);
  });

  it('is no clean stop when it cannot be written', async () => {
    const failing = { append: (_transaction: unknown, { type }: { readonly type: string }) => (type === 'node-stopped' ? Promise.reject(new Error('down')) : Promise.resolve(undefined as never)) };
    await recordLifetime({ audit: failing, closers }, transactions).started();
    expect(await closers.close()).toBe(false);
  });
});
