import { beforeAll, describe, expect, it } from '@jest/globals';
import { described, fuzz, MAX_GROWTH_BYTES, mebibytes, type Target } from './fuzz.ts';
import { handshakeTargets } from './handshake-targets.ts';
import { HeapWatch } from './heap.ts';

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
        const heap = await HeapWatch.begin();
        for (const target of targets) {
          const outcomes = await fuzz(target, SEED, Math.ceil(frames / targets.length));
          process.stderr.write(`  ${target.name}: ${described(outcomes)}\n`);
          expect([...outcomes.keys()].filter((code) => !/^(HANDSHAKE_[A-Z_]+|ENCRYPTION_REFUSED|WIRE_TOO_LARGE)$/.test(code))).toEqual([]);
        }
        const growth = await heap.growth();
        process.stderr.write(`  the handshake: ${mebibytes(growth)} more in memory\n`);
        expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
      },
      TIMEOUT,
    );
  });
}
