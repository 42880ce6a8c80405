import { connect } from 'node:net';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { networkStatistics } from '../status/network-reports.fixture.ts';
import { NetworkStatus } from '../status/network-status.ts';
import type { NetworkStatusReport } from '../status/network-status.ts';
import { parseExposition } from './exposition.fixture.ts';
import type { ScrapedMetric } from './exposition.fixture.ts';
import { Metrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import { NETWORK_METRICS } from './network-metrics.ts';

const report: NetworkStatusReport = { ...networkStatistics(), publications: { waiting: 22, failed: 23 } };

describe('the metrics of the network', () => {
  const scrape = async (read: () => Promise<NetworkStatusReport>, logger: Logger = silentLogger): Promise<ReadonlyMap<string, ScrapedMetric>> => parseExposition(await new Metrics({ read }, logger).text());
  const valuesOf = async (given: NetworkStatusReport): Promise<Record<string, number>> => {
    const metrics = await scrape(() => Promise.resolve(given));
    return Object.fromEntries(
      [...metrics].filter(([name]) => name.startsWith('carecord_')).flatMap(([, { samples }]) => samples.map(({ name, labels, value }) => [[name, ...Object.values(labels)].join(' '), value])),
    );
  };

  it('are the numbers of the report', async () => {
    expect(await valuesOf(report)).toEqual({
      carecord_network_statistics_available: 1,
      'carecord_network_health healthy': 0,
      'carecord_network_health degraded': 1,
      'carecord_network_health alone': 0,
      'carecord_network_health off': 0,
      carecord_network_connected_members: 3,
      'carecord_network_connections false': 3,
      'carecord_network_connections true': 1,
      carecord_network_routing_table_members: 5,
      carecord_network_routing_table_buckets: 2,
      'carecord_network_messages_total /carecord/values/store/1 sent': 12,
      'carecord_network_messages_total /carecord/values/store/1 received': 13,
      'carecord_network_messages_failed_total /carecord/values/store/1 sent': 6,
      'carecord_network_messages_failed_total /carecord/values/store/1 received': 7,
      'carecord_network_message_bytes_total /carecord/values/store/1 sent': 5_000_000_000,
      'carecord_network_message_bytes_total /carecord/values/store/1 received': 700,
      'carecord_network_dropped_total VALUE_REFUSED': 8,
      'carecord_network_dropped_total RATE_LIMITED': 9,
      carecord_network_handshakes_total: 20,
      'carecord_network_handshakes_refused_total NOT_A_MEMBER': 21,
      'carecord_network_stored_values reference': 10,
      'carecord_network_stored_value_bytes reference': 1_100,
      carecord_network_replication_factor: 11,
      carecord_network_under_replicated_values: 14,
      carecord_network_values_handed_over_total: 15,
      carecord_network_last_repair_timestamp_seconds: Date.parse('2026-11-30T09:00:00Z') / 1000,
      carecord_network_lookups_total: 16,
      carecord_network_lookups_failed_total: 17,
      carecord_network_lookup_hops_mean: 1.8,
      carecord_network_lookup_duration_seconds_mean: 0.019,
      carecord_publications_waiting: 22,
      carecord_publications_failed: 23,
    });
  });

  it('leave out what there is not: no zero stands for "never"', async () => {
    const values = await valuesOf({ ...networkStatistics({ dropped: [], replication: { ...report.replication, repairedAt: undefined } }), publications: undefined });
    expect(Object.keys(values).filter((name) => /dropped|repair|publications/.test(name))).toEqual([]);
  });

  it('are told what they are by a sentence, in the units and with the endings of Prometheus', () => {
    for (const { name, type, help } of NETWORK_METRICS) {
      expect(name).toMatch(/^carecord_[a-z]+(?:_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(name).not.toMatch(/milli|kilo|minutes/);
      expect(help).toMatch(/^[A-Z].*\.$/);
    }
    expect(new Set(NETWORK_METRICS.map(({ name }) => name)).size).toBe(NETWORK_METRICS.length);
  });

  it('have codes and names of ours as labels alone', async () => {
    const metrics = await scrape(() => Promise.resolve(report));
    const labels = new Set([...metrics].filter(([name]) => name.startsWith('carecord_')).flatMap(([, { samples }]) => samples.flatMap((sample) => Object.keys(sample.labels))));
    expect([...labels].sort()).toEqual(['direction', 'kind', 'protocol', 'reason', 'relayed', 'state']);
  });

  it('are written once for all who ask at the same time', async () => {
    let reads = 0;
    const metrics = new Metrics({ read: () => Promise.resolve(report).finally(() => (reads += 1)) }, silentLogger);
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(new Set(texts).size).toBe(1);
    expect(reads).toBe(1);
    await metrics.text();
    expect(reads).toBe(2);
  });

  it('are missing while they cannot be read, and those of the process are not', async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (event) => warnings.push(event) };
    for (const read of [() => Promise.reject(new Error('The database is away.')), () => new NetworkStatus(() => undefined).read()]) {
      const metrics = await scrape(read, logger);
      expect([...metrics.keys()].filter((name) => name.startsWith('carecord_'))).toEqual(['carecord_network_statistics_available']);
      expect(metrics.get('carecord_network_statistics_available')?.samples).toEqual([{ name: 'carecord_network_statistics_available', labels: {}, value: 0 }]);
      expect(metrics.get('process_resident_memory_bytes')?.samples[0]?.value).toBeGreaterThan(1_000_000);
    }
    expect(warnings).toEqual(['metrics-incomplete', 'metrics-incomplete']);
  });
});

describe('the parser of this test', () => {
  it.each([
    ['no end of the line', '# HELP a A.\n# TYPE a gauge\na 1'],
    ['no help', '# TYPE a gauge\na 1\n'],
    ['no type', '# HELP a A.\na 1\n'],
    ['an unknown type', '# HELP a A.\n# TYPE a meter\na 1\n'],
    ['a sample of another metric', '# HELP a A.\n# TYPE a gauge\nb 1\n'],
    ['a value twice', '# HELP a A.\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ['a metric twice', '# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\na 1\n'],
    ['a value that is no number', '# HELP a A.\n# TYPE a gauge\na one\n'],
    ['a label without quotes', '# HELP a A.\n# TYPE a gauge\na{x=1} 1\n'],
    ['a label that does not end', '# HELP a A.\n# TYPE a gauge\na{x="1} 1\n'],
    ['a label twice', '# HELP a A.\n# TYPE a gauge\na{x="1",x="2"} 1\n'],
  ])('refuses %s', (_case, text) => {
    expect(() => parseExposition(text)).toThrow();
  });

  it('reads escapes and every kind of number', () => {
    const { samples } = parseExposition('# HELP a A.\n# TYPE a gauge\na{x="q\\"b\\\\n\\nl"} 1e3\na{x="2"} -Inf\na 0.5\n').get('a') ?? { samples: [] };
    expect(samples.map(({ labels, value }) => [labels['x'], value])).toEqual([['q"b\\n\nl', 1000], ['2', -Infinity], [undefined, 0.5]]);
  });
});

describe('the listener of the metrics', () => {
  const close: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of close.splice(0)) await end();
  });
  const freePort = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  };
  const start = async (read: () => Promise<NetworkStatusReport> = () => Promise.resolve(report)): Promise<string> => {
    const port = await freePort();
    close.push(await serveMetrics(new Metrics({ read }, silentLogger), { host: '127.0.0.1', port, logger: silentLogger }));
    return `http://127.0.0.1:${port}`;
  };

  it('answers GET /metrics in the format of Prometheus', async () => {
    const response = await fetch(`${await start()}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(parseExposition(await response.text()).has('carecord_network_health')).toBe(true);
  });

  it('answers nothing else', async () => {
    const url = await start();
    for (const path of ['/', '/metrics/', '/metrics?all=1', '/graphql', '/health/live']) expect((await fetch(url + path)).status).toBe(404);
    const post = await fetch(`${url}/metrics`, { method: 'POST', body: '{}' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('is closed with the node, whoever is connected', async () => {
    const url = new URL(await start());
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    const gone = once(socket, 'close');
    await close.pop()?.();
    await gone;
    await expect(fetch(`${url.href}metrics`)).rejects.toThrow();
  });

  it('does not start at a busy port or at an address that this machine does not have', async () => {
    const { port } = new URL(await start());
    const metrics = new Metrics({ read: () => Promise.resolve(report) }, silentLogger);
    const at = (host: string): Promise<unknown> => serveMetrics(metrics, { host, port: Number(port), logger: silentLogger });
    await expect(at('127.0.0.1')).rejects.toMatchObject({ code: 'PORT_BUSY', message: expect.stringMatching(/taken by another program: correct CARECORD_METRICS_PORT/) });
    await expect(at('203.0.113.7')).rejects.toMatchObject({ code: 'PORT_BUSY', message: expect.stringMatching(/cannot be listened at \(EADDRNOTAVAIL\)/) });
  });
});
