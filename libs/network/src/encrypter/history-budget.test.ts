import { describe, expect, it } from '@jest/globals';
import { IdentityError } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';
import { multiaddr } from '@multiformats/multiaddr';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { HistoryBudget } from './history-budget.ts';

const MEBIBYTE = 1024 * 1024;
const [HERE, THERE] = [multiaddr('/ip4/192.0.2.1/tcp/1'), multiaddr('/ip4/192.0.2.2/tcp/1')];
const refusal = { code: 'HANDSHAKE_TOO_COSTLY' };

function makeBudget() {
  const clock = new ManualClock();
  const remembered = new Map<string, string>();
  const verified: string[] = [];
  const resolved = (log: string): ResolvedDid => ({ log }) as ResolvedDid;
  const histories = {
    known: (did: string) => Promise.resolve(remembered.has(did) ? resolved(remembered.get(did) ?? '') : undefined),
    verify: (did: string, history: string) => Promise.resolve((verified.push(did), resolved(history))),
    accept: (did: string, history: string) => Promise.resolve((remembered.set(did, history), resolved(history))),
  };
  return { budget: new HistoryBudget(histories, clock), clock, histories, remembered, verified };
}

/** Histories of a mebibyte, each another one. */
const histories = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at % 10).repeat(MEBIBYTE - 8) + String(at).padStart(8, '0'));

describe('HistoryBudget', () => {
  it('has eight mebibytes verified for one address, whatever DIDs are claimed, and more with time', async () => {
    const { budget, clock, verified } = makeBudget();
    const [ninth = '', ...eight] = histories(9);
    for (const [at, history] of eight.entries()) await budget.of(HERE).verify(`did:example:${at}`, history);
    await expect(budget.of(HERE).verify('did:example:9', ninth)).rejects.toMatchObject(refusal);
    expect(verified).toHaveLength(8);
    // Neither who lives elsewhere nor whose DID was claimed is kept out.
    await expect(budget.of(THERE).verify('did:example:1', ninth)).resolves.toBeDefined();
    await expect(budget.of(HERE).verify('did:example:9', 'short')).rejects.toMatchObject(refusal);
    clock.advance(4_000);
    await expect(budget.of(HERE).verify('did:example:9', ninth)).resolves.toBeDefined();
  });

  it('charges nothing for the history that is known', async () => {
    const { budget, remembered } = makeBudget();
    const [known = '', ...others] = histories(9);
    remembered.set('did:example:a', known);
    const restart = async (): Promise<void> => {
      const own = budget.of(HERE);
      await own.verify('did:example:a', known);
      await own.accept('did:example:a', known);
    };
    for (let replica = 0; replica < 100; replica += 1) await restart();
    for (const other of others) await budget.of(HERE).verify('did:example:a', other);
    await expect(budget.of(HERE).verify('did:example:a', `${known} `)).rejects.toMatchObject(refusal);
    await restart();
  });

  it('takes four mebibytes from one member that has signed, from wherever, and does not charge others for it', async () => {
    const { budget } = makeBudget();
    const [fifth = '', ...four] = histories(5);
    for (const [at, history] of four.entries()) await budget.of(at % 2 === 0 ? HERE : THERE).accept('did:example:a', history);
    await expect(budget.of(THERE).accept('did:example:a', fifth)).rejects.toMatchObject(refusal);
    await expect(budget.of(THERE).accept('did:example:b', fifth)).resolves.toBeDefined();
  });

  it('takes a network of IPv6 for one address, and unknown addresses for another', async () => {
    const { budget } = makeBudget();
    const eight = histories(8);
    for (const [at, history] of eight.entries()) await budget.of(multiaddr(`/ip6/2001:db8::${at + 1}/tcp/1`)).verify('did:example:a', history);
    await expect(budget.of(multiaddr('/ip6/2001:db8:0:0:ffff::1/tcp/9')).verify('did:example:a', 'x')).rejects.toMatchObject(refusal);
    await expect(budget.of(multiaddr('/ip6/2001:db8:0:1::1/tcp/1')).verify('did:example:a', 'x')).resolves.toBeDefined();
    for (const history of eight) await budget.of(undefined).verify('did:example:a', history);
    await expect(budget.of(undefined).verify('did:example:a', 'x')).rejects.toMatchObject(refusal);
  });

  it('takes a DID that has ended for unknown, and lets nobody in while the store does not answer', async () => {
    const { budget, histories: source } = makeBudget();
    source.known = () => Promise.reject(new IdentityError('DID_DEACTIVATED', 'Ended.'));
    await expect(budget.of(HERE).verify('did:example:a', 'x')).resolves.toBeDefined();
    source.known = () => Promise.reject(new Error('The database is away.'));
    await expect(budget.of(HERE).verify('did:example:a', 'x')).rejects.toThrow('The database is away.');
  });
});
