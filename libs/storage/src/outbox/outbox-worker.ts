import { errorCodeOf, later } from '@carecord/core';
import type { Clock, Logger, OutboxHandler } from '@carecord/core';
import { withLease } from '../database/lease.ts';
import { WakeUp } from '../database/wake-up.ts';
import { readPayload } from './outbox-entries.ts';
import type { ClaimedEntry, DeadLetter, OutboxEntries } from './outbox-entries.ts';

/** How often a worker looks for entries of other replicas, and for those that are due again. */
export const POLL_MILLISECONDS = 1_000;
/** How long an entry stays with a worker that gives no sign of life: after a crash its work goes on after this. */
export const LEASE_MILLISECONDS = 15_000;
/** Handlers at once: enough to hide the network's waiting, few enough to leave connections to the requests. */
export const CONCURRENCY = 4;
/** The pause after the first failure; it doubles with each further one. */
export const FIRST_PAUSE_MILLISECONDS = 1_000;
/** No pause is longer: after an outage work goes on within this. */
export const LONGEST_PAUSE_MILLISECONDS = 10 * 60_000;
/** About a day and a half of failures, at the longest pause. */
export const MAX_ATTEMPTS = 200;

export interface OutboxWorkerDependencies {
  readonly entries: OutboxEntries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 to 1, for the length of pauses. @default Math.random */
  readonly chance?: () => number;
}

/**
 * Hands the outbox's entries to the handlers of their topics, at least once each, several at a time; any number of
 * replicas can run one. Entries of a topic without a handler wait.
 */
export class OutboxWorker {
  private readonly handlers = new Map<string, OutboxHandler>();
  private readonly running = new Set<Promise<void>>();
  private readonly wakeUp: WakeUp;
  private loop: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly dependencies: OutboxWorkerDependencies) {
    this.wakeUp = new WakeUp(dependencies.clock);
  }

  /** Sets the handler of a topic. */
  on(topic: string, handler: OutboxHandler): void {
    this.handlers.set(topic, handler);
    this.kick();
  }

  /** Begins to take entries. */
  start(): void {
    this.loop ??= this.takeEntries();
  }

  /** Looks for entries now instead of at the next poll. */
  kick(): void {
    this.wakeUp.call();
  }

  /** Takes no more entries and waits until the running handlers have ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.kick();
    await this.loop;
    await Promise.all(this.running);
  }

  /** How many entries of a topic wait or are worked on, and how many were given up. */
  backlog(topic: string): Promise<{ readonly waiting: number; readonly dead: number }> {
    return this.dependencies.entries.backlog(topic);
  }

  /** Entries that failed too often, the newest first. */
  deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.dependencies.entries.deadLetters(limit);
  }

  /** Tries an entry again that was given up; false when there is none. */
  async revive(id: string): Promise<boolean> {
    const revived = await this.dependencies.entries.revive(id, this.dependencies.clock.now());
    this.kick();
    return revived;
  }

  private async takeEntries(): Promise<void> {
    while (!this.stopping) {
      const now = this.dependencies.clock.now();
      const free = CONCURRENCY - this.running.size;
      const taken = free === 0 ? [] : await this.claim(now, free);
      for (const entry of taken) this.handleInBackground(entry);
      // After a full hand there may be more; when all hands are full, the first to finish wakes us.
      if (taken.length < free || free === 0) await this.wakeUp.sleepUntil(later(now, POLL_MILLISECONDS));
    }
  }

  private async claim(now: Date, limit: number): Promise<ClaimedEntry[]> {
    const { entries, logger } = this.dependencies;
    if (this.handlers.size === 0) return [];
    try {
      return await entries.claim([...this.handlers.keys()], now, LEASE_MILLISECONDS, limit);
    } catch (error) {
      logger.warn('outbox-unreachable', { code: errorCodeOf(error) }, error);
      return [];
    }
  }

  private handleInBackground(entry: ClaimedEntry): void {
    const handling = this.handle(entry).finally(() => {
      this.running.delete(handling);
      this.kick();
    });
    this.running.add(handling);
  }

  private async handle(entry: ClaimedEntry): Promise<void> {
    const { entries, clock, logger } = this.dependencies;
    try {
      const renew = (until: Date): Promise<void> => entries.extend(entry, until);
      await withLease({ clock, logger, milliseconds: LEASE_MILLISECONDS, renew }, () => this.callHandler(entry));
    } catch (error) {
      // The database is gone, too: the lease ends by itself and the entry is taken again.
      logger.warn('outbox-entry-not-settled', { topic: entry.topic, code: errorCodeOf(error) }, error);
    }
  }

  private async callHandler(entry: ClaimedEntry): Promise<void> {
    const { entries, clock, logger, chance = Math.random } = this.dependencies;
    try {
      await this.handlers.get(entry.topic)?.(readPayload(entry.payload));
    } catch (error) {
      const code = errorCodeOf(error);
      const fields = { topic: entry.topic, entry: entry.id, attempts: entry.attempts, code };
      if (entry.attempts >= MAX_ATTEMPTS) {
        logger.error('outbox-entry-given-up', fields, error);
        await entries.giveUp(entry, code, clock.now());
      } else {
        logger.warn('outbox-entry-failed', fields, error);
        await entries.retryAt(entry, code, later(clock.now(), pauseAfter(entry.attempts, chance())));
      }
      return;
    }
    await entries.finish(entry);
  }
}

/**
 * 1 s, 2 s, 4 s … up to the longest pause, and by chance up to half as much again: entries that hindered each other must not
 * meet at the same moment every time.
 * @param chance 0 to 1
 */
export function pauseAfter(attempts: number, chance: number): number {
  return Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_MILLISECONDS) * (1 + chance / 2);
}
