import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Logger } from '@carecord/core';
import type { NetworkStatus } from '../status/network-status.ts';
import { NETWORK_METRICS } from './network-metrics.ts';
import type { Metric, Sample } from './network-metrics.ts';

/** Says whether the rest is there: while the database is away, Prometheus still gets what the process itself knows. */
const AVAILABLE = 'carecord_network_statistics_available';

/** What a node tells Prometheus: its process, and its network in numbers. */
export class Metrics {
  private readonly ofProcess = new Registry();
  private current: Promise<string> | undefined;

  constructor(
    private readonly network: Pick<NetworkStatus, 'read'>,
    private readonly logger: Logger,
  ) {
    collectDefaultMetrics({ register: this.ofProcess });
  }

  get contentType(): string {
    return this.ofProcess.contentType;
  }

  /** Everything in the text format of Prometheus. Who asks while it is being written gets the same. */
  text(): Promise<string> {
    this.current ??= this.write().finally(() => {
      this.current = undefined;
    });
    return this.current;
  }

  private async write(): Promise<string> {
    const [ofProcess, ofNetwork] = await Promise.all([this.ofProcess.metrics(), this.networkText()]);
    return `${ofProcess}\n${ofNetwork}`;
  }

  private async networkText(): Promise<string> {
    // Made anew each time: a code or kind that is no longer counted leaves no stale value behind.
    const registry = new Registry();
    const report = await this.network.read().catch((error: unknown) => {
      this.logger.warn('metrics-incomplete', {}, error);
      return undefined;
    });
    new Gauge({ name: AVAILABLE, help: 'Whether the state of the network could be read: 1, or 0 while its metrics are missing.', registers: [registry] }).set(report === undefined ? 0 : 1);
    if (report !== undefined) for (const metric of NETWORK_METRICS) addMetric(registry, metric, metric.samples(report));
    return await registry.metrics();
  }
}

function addMetric(registry: Registry, { type, name, help }: Metric, samples: readonly Sample[]): void {
  const [first] = samples;
  if (first === undefined) return;
  const options = { name, help, labelNames: Object.keys(first.labels ?? {}), registers: [registry] };
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
  for (const { labels, value } of samples) metric.inc({ ...labels }, value);
}
