import type { Configuration } from '../config/configuration.ts';
import type { NetworkStatus } from '../status/network-status.ts';
import type { Foundation } from './foundation.ts';

/**
 * Serves the metrics where the operator wants them, until the node stops; without a place there are none.
 * @throws NodeError `PORT_BUSY`
 */
export async function startMetrics({ metrics: place }: Pick<Configuration, 'metrics'>, { logger, closers }: Pick<Foundation, 'closers' | 'logger'>, network: NetworkStatus): Promise<void> {
  if (place === undefined) return;
  // Loaded when it is asked for: a node without metrics does not pay for them.
  const [{ Metrics }, { serveMetrics }] = await Promise.all([import('../metrics/metrics.ts'), import('../metrics/metrics-server.ts')]);
  closers.add('metrics', await serveMetrics(new Metrics(network, logger), { ...place, logger }));
}
