import type { NetworkBenchOptions } from './options.ts';
export function measureBlackHoles(_options: NetworkBenchOptions): void {}
