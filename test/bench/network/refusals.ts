import type { NetworkBenchOptions } from './options.ts';
export function measureRefusals(_options: NetworkBenchOptions): void {}
