import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { Closers } from '../lifecycle/closers.ts';
import { networkStatistics } from '../status/network-reports.fixture.ts';
import { NetworkStatus } from '../status/network-status.ts';
import { startMetrics } from './node-metrics.ts';

describe('the metrics of a node', () => {
  const network = new NetworkStatus(() => ({ peers: () => [], statistics: () => Promise.resolve(networkStatistics()) }));

  it('are nowhere unless the operator says where', async () => {
    const opened: string[] = [];
    await startMetrics({ metrics: undefined }, { logger: silentLogger, closers: Object.assign(new Closers(silentLogger), { add: (name: string) => opened.push(name) }) }, network);
    expect(opened).toEqual([]);
  });

  it('are served there until the node stops', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const closers = new Closers(silentLogger);
    await startMetrics({ metrics: { host: '127.0.0.1', port } }, { logger: silentLogger, closers }, network);
    expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('carecord_network_connected_members 3\n');
    expect(await closers.close()).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });
});
