import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { fixedIdentity } from '@carecord/identity';
import { admitForTest, makeTestAuthority, makeTestIdentity, waitUntil } from '../../../testkit/src/network-fixture.ts';
import { AdvertPublisher } from './advert-publisher.ts';

const ADDRESS = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooW';

/** A publisher over a host that only counts, and what it warned of. */
async function makePublisher(put: () => Promise<{ stored: number }> = () => Promise.resolve({ stored: 1 })) {
  const clock = new ManualClock();
  const keys = await makeTestIdentity('a', clock);
  const member = await admitForTest(keys, await makeTestAuthority('authority', clock));
  const local = { ...fixedIdentity(member), current: () => ({ ...member, resolved: keys.resolved, signer: keys.signer }) };
  const seen = { puts: 0, warnings: [] as string[], addresses: [ADDRESS], storers: ['b'], known: 1 };
  const host = {
    peerId: '12D3KooW',
    addresses: () => seen.addresses,
    routingTableSize: () => seen.known,
    put: () => {
      seen.puts += 1;
      return put();
    },
  };
  const logger = { ...silentLogger, warn: (event: string) => void seen.warnings.push(event) };
  return { seen, clock, keys, publisher: new AdvertPublisher({ host, local, capabilities: ['relay'], storers: () => seen.storers, clock, logger }) };
}

/** Runs a publisher until its first publication is over. */
async function started(made: Awaited<ReturnType<typeof makePublisher>>) {
  const stop = new AbortController();
  const run = made.publisher.run(stop.signal);
  await made.publisher.publish();
  return { stop, run };
}

describe('AdvertPublisher', () => {
  it('publishes from its start on, and again for a member that should have the advert', async () => {
    const made = await makePublisher();
    const { stop, run } = await started(made);
    const before = made.seen.puts;
    made.publisher.neighboursChanged();
    expect(made.seen.puts).toBe(before);
    made.seen.storers = ['b', 'c'];
    made.publisher.neighboursChanged();
    await made.publisher.publish();
    expect(made.seen.puts).toBeGreaterThan(before);
    stop.abort();
    await run;
  });

  it('gives it to newcomers in a large network at the next look', async () => {
    const made = await makePublisher();
    made.seen.known = 100;
    const { stop, run } = await started(made);
    const before = made.seen.puts;
    made.seen.storers = ['b', 'c'];
    made.publisher.neighboursChanged();
    expect(made.seen.puts).toBe(before);
    await made.publisher.renewIfChanged();
    expect(made.seen.puts).toBe(before + 1);
    stop.abort();
    await run;
  });

  it('publishes every hour', async () => {
    const made = await makePublisher();
    const { stop, run } = await started(made);
    const before = made.seen.puts;
    await waitUntil(() => made.clock.sleeping === 1);
    made.clock.advance(60 * 60 * 1000 - 1);
    expect(made.seen.puts).toBe(before);
    made.clock.advance(1);
    await waitUntil(() => made.seen.puts === before + 1);
    stop.abort();
    await run;
  });

  it('publishes nothing before it runs, nor for a peer that joins once it is stopped', async () => {
    const made = await makePublisher();
    await made.publisher.publish();
    expect(made.seen.puts).toBe(0);
    const { stop, run } = await started(made);
    const before = made.seen.puts;
    expect(before).toBeGreaterThan(0);
    stop.abort();
    await run;
    made.seen.storers = ['c'];
    made.publisher.neighboursChanged();
    await made.publisher.publish();
    expect(made.seen).toMatchObject({ puts: before, warnings: [] });
  });

  it('publishes anew when the keys have rotated or the addresses have changed, and only then', async () => {
    const made = await makePublisher();
    await made.publisher.renewIfChanged();
    const { stop, run } = await started(made);
    const renewed = async (): Promise<boolean> => {
      const before = made.seen.puts;
      await made.publisher.renewIfChanged();
      return made.seen.puts > before;
    };
    expect(await renewed()).toBe(false);
    await made.keys.rotate();
    expect([await renewed(), await renewed()]).toEqual([true, false]);
    made.seen.addresses = [`${ADDRESS}2`];
    expect([await renewed(), await renewed()]).toEqual([true, false]);
    stop.abort();
    await run;
  });

  it('publishes nothing without addresses, and is not troubled by that', async () => {
    const made = await makePublisher();
    made.seen.addresses = [];
    const { stop, run } = await started(made);
    expect(made.seen).toMatchObject({ puts: 0, warnings: [] });
    stop.abort();
    await run;
  });

  it('warns when the network does not take the advert, but not when that is because it stops', async () => {
    const stopping: { now: () => void } = { now: () => undefined };
    const made = await makePublisher(() => {
      stopping.now();
      return Promise.reject(new Error('Not stored.'));
    });
    const { stop, run } = await started(made);
    const before = made.seen.warnings.length;
    expect(before).toBeGreaterThan(0);
    stopping.now = () => stop.abort();
    await made.publisher.publish();
    await run;
    expect(made.seen.warnings).toHaveLength(before);
  });
});
