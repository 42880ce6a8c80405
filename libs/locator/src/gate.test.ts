import { describe, expect, it } from '@jest/globals';
import { Gate } from './gate.ts';

describe('a gate', () => {
  it('lets no more through at once than it may, in order, and lets all through, failed ones too', async () => {
    const gate = new Gate(2);
    const started: number[] = [];
    let inside = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 7 }, (_, number) =>
        gate.run(async () => {
          started.push(number);
          most = Math.max(most, (inside += 1));
          await Promise.resolve();
          inside -= 1;
          if (number % 3 === 0) throw new Error('failed');
          return number;
        }),
      ),
    );
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'rejected']);
    await expect(gate.run(() => Promise.resolve('free'))).resolves.toBe('free');
  });
});
