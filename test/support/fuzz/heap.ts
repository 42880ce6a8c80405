import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap and of buffers that are really in use. */
export async function heapInUse(): Promise<number> {
  for (let round = 0; round < 2; round += 1) {
    // What waits for a turn of the event loop still holds on to its frame.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Watches how much more is in memory from one look to the next: looking is dear, so one look ends one stretch and begins another. */
export class HeapWatch {
  private constructor(private inUse: number) {}

  static async begin(): Promise<HeapWatch> {
    return new HeapWatch(await heapInUse());
  }

  /** Bytes more than at the last look. */
  async growth(): Promise<number> {
    const before = this.inUse;
    this.inUse = await heapInUse();
    return this.inUse - before;
  }
}
