import { describe, expect, it } from '@jest/globals';
import { randomKey } from '@carecord/crypto';
import { KeyRing } from '@carecord/keys';
import { ManualClock, MemoryKeyHolder } from '@carecord/testkit';
import { describeNodeKeyStore } from '../../../testkit/src/compliance/node-key-store.ts';
import { testStorage } from './test-storage.fixture.ts';

const clock = new ManualClock();
const emptied = testStorage(clock);

describeNodeKeyStore('PostgreSQL', async () => {
  const { nodeKeys, transactions } = await emptied();
  return { store: nodeKeys, transactions };
});

describe('key rings of several replicas over PostgreSQL', () => {
  it('agree on one key of a purpose, and each follows what another one changes', async () => {
    const { nodeKeys, transactions } = await emptied();
    const holder = new MemoryKeyHolder();
    const open = (): Promise<KeyRing> => KeyRing.open({ holder, store: nodeKeys, transactions, clock });
    const [one, other, third] = await Promise.all([open(), open(), open()]);
    const keys = await Promise.all([one, other, third].map((ring) => ring.ensure('staff-sealing', randomKey)));
    expect(new Set(keys.map(({ secret }) => Buffer.from(secret).toString('hex'))).size).toBe(1);
    const made = await one.change((transaction) => one.create(transaction, 'staff-sealing', randomKey(), 'active'));
    expect([await other.reload(), other.active('staff-sealing').id, other.active('staff-sealing').secret]).toEqual([true, 'staff-sealing-2', made.secret]);
  });
});
