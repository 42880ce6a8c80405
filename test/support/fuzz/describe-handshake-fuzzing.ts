import { beforeAll, describe, expect, it } from '@jest/globals';
import { described, fuzz, MAX_GROWTH_BYTES, type Target } from './fuzz.ts';
import { handshakeTargets } from './handshake-targets.ts';

const TIMEOUT = 1_200_000;
const SEED = 'issue 4';

/**
 * Fuzzes the membership handshake.
 * @param frames over all of its messages
 */
export function describeHandshakeFuzzing(frames: number): void {
  describe(`the handshake, against ${frames} mutated frames`, () => {
    let targets: readonly Target[];
    beforeAll(async () => {
      targets = await handshakeTargets();
    });

    it(
      'lets nobody in, refuses each with a code, and keeps nothing',
      async () => {
        for (const target of targets) {
          const result = await fuzz(target, SEED, Math.ceil(frames / targets.length));
          process.stderr.write(`  ${target.name}: ${described(result)}\n`);
          expect([...result.outcomes.keys()].filter((code) => !/^(HANDSHAKE_[A-Z_]+|ENCRYPTION_REFUSED|WIRE_TOO_LARGE)$/.test(code))).toEqual([]);
          expect(result.growthBytes).toBeLessThan(MAX_GROWTH_BYTES);
        }
      },
      TIMEOUT,
    );
  });
}
