import { BoundedCache, later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';

/** Between two dials: whoever shouts in the local network has us knock at one door a second, no more. */
const PACE_MILLISECONDS = 1_000;
/** Hints that wait; above it new ones are dropped, for they come again. */
const MAX_WAITING = 64;
/** An address where nobody could prove anything is left alone for 1, 2, 4, … up to 64 minutes. */
const FIRST_WAIT_MILLISECONDS = 60_000;
const LONGEST_WAIT_MILLISECONDS = 64 * 60_000;
/** Addresses of which the last failure is remembered. */
const MAX_REMEMBERED = 1_024;

/** Somebody says that this peer is at this address. */
export interface Hint {
  readonly peerId: string;
  /** A multiaddr without the PeerId. */
  readonly address: string;
}

/** What the dialler uses of its host. */
export interface HintDiallerOptions {
  readonly isConnected: (peerId: string) => boolean;
  /** Dials; whoever answers has to prove its membership. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Follows hints about members nearby: slowly, one after the other, and less and less where they lead nowhere. */
export class HintDialler {
  private readonly waiting = new Map<string, Hint>();
  private readonly failures = new BoundedCache<{ readonly until: Date; readonly milliseconds: number }>({ entries: MAX_REMEMBERED });
  private arrived = Promise.withResolvers<undefined>();

  constructor(private readonly options: HintDiallerOptions) {}

  /** Takes a hint, unless there are too many, or the address was tried in vain lately. */
  take(hint: Hint): void {
    const { isConnected, clock } = this.options;
    if (this.waiting.size >= MAX_WAITING || isConnected(hint.peerId)) return;
    const failure = this.failures.get(hint.address);
    if (failure !== undefined && failure.until > clock.now()) return;
    this.waiting.set(hint.address, hint);
    this.arrived.resolve(undefined);
  }

  /** Works until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      if (signal.aborted) resolve(undefined);
    });
    while (!signal.aborted) {
      const [next] = this.waiting.values();
      if (next === undefined) {
        this.arrived = Promise.withResolvers();
        await Promise.race([this.arrived.promise, stopped]);
        continue;
      }
      this.waiting.delete(next.address);
      await this.follow(next, signal);
      await this.options.clock.sleepUntil(later(this.options.clock.now(), PACE_MILLISECONDS), signal).catch(() => undefined);
    }
  }

  private async follow({ peerId, address }: Hint, signal: AbortSignal): Promise<void> {
    const { isConnected, dial, clock, logger } = this.options;
    if (isConnected(peerId)) return;
    try {
      await dial(address, signal);
      this.failures.delete(address);
    } catch {
      // Nobody there, or no member: the encrypter has logged and counted why.
      const milliseconds = Math.min(2 * (this.failures.get(address)?.milliseconds ?? FIRST_WAIT_MILLISECONDS / 2), LONGEST_WAIT_MILLISECONDS);
      this.failures.set(address, { until: later(clock.now(), milliseconds), milliseconds });
      logger.debug('hint-led-nowhere', { retryInMilliseconds: milliseconds });
    }
  }
}
