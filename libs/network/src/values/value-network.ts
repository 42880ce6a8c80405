import type { Clock, Logger } from '@carecord/core';
import type { z } from 'zod';
import { every } from '../every.ts';
import type { Counters, Observer } from '../health/ports.ts';
import { valueRefused } from '../network-error.ts';
import type {
  DhtEntry,
  DhtPlace,
  DhtValueName,
  DhtValues,
  FoundValue,
  MessageHandler,
  MessageProtocol,
  NetworkHost,
  NetworkStatistics,
  Placement,
  PublishOptions,
  RepairReport,
} from '../ports.ts';
import type { Routing } from '../routing/ports.ts';
import { check } from './answer-check.ts';
import type { GivenValue } from './answer-check.ts';
import { HAVE_PROTOCOL } from './have-protocol.ts';
import { placementOf } from './placement.ts';
import { answerRead, readHere } from './read-answers.ts';
import { READ_PROTOCOL } from './read-protocol.ts';
import type { ReadQuestion } from './read-protocol.ts';
import { RepairSchedule } from './repair-schedule.ts';
import { encodeOutcomes, STORE_PROTOCOL } from './store-protocol.ts';
import { Storer } from './storer.ts';
import { ValuePublisher } from './value-publisher.ts';
import { ValueReader } from './value-reader.ts';
import type { PlaceReading, ReadPatience } from './value-reader.ts';
import { ValueRepair } from './value-repair.ts';
import type { ValueRules } from './value-rules.ts';
import { ValueSender } from './value-sender.ts';
import { valuePlaceOf } from './value-store-port.ts';
import type { DhtValueStore, ValueCount } from './value-store-port.ts';

/** Answers with a value that are waited for where a place has one owner: one may lag behind. */
const QUORUM = 2;
/** And where several owners may compete for a place, or share a placement: of a race some storers saw one side, some the other. */
const COMPETING_QUORUM = 4;
/** Several storers of one place can differ, and each gives one value for it. */
export const MAX_VALUE_OWNERS = COMPETING_QUORUM + 1;
/** How often expired values are deleted, and how many at a stretch. */
const SWEEP_MILLISECONDS = 10 * 60 * 1000;
const SWEEP_BATCH = 5_000;
/** Members that lag behind and are given the newer value after one read. */
const MAX_READ_REPAIRS = 32;

/** What {@link ValueNetwork} works with. */
export interface ValueNetworkOptions {
  readonly routing: Routing;
  /** Asks a member, whom it finds without the DHT's values: a search for an advert would search for adverts. */
  readonly ask: NetworkHost['request'];
  readonly rules: ValueRules;
  readonly store: DhtValueStore;
  readonly ownDid: string;
  /** How many members keep each value. */
  readonly replication: number;
  readonly observer: Observer;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1. @default `Math.random`, for the jitter of repairs */
  readonly random?: () => number;
  /** @default what a clinician has who waits for a lookup */
  readonly readPatience?: ReadPatience;
}

/** What registers handlers: the message server. */
export interface HandlerRegister {
  handle<Request extends z.ZodType, Response extends z.ZodType>(protocol: MessageProtocol<Request, Response>, handler: MessageHandler<Request, Response>): void;
}

/** Our part of the DHT, and the way to the others' parts. */
export class ValueNetwork {
  private readonly storer: Storer;
  private readonly publisher: ValuePublisher;
  private readonly reader: ValueReader;
  private readonly repairs: ValueRepair;
  private readonly sender: ValueSender;
  private readonly background = new Set<Promise<void>>();
  private stopped = new AbortController().signal;

  constructor(private readonly options: ValueNetworkOptions) {
    this.sender = new ValueSender(options);
    this.storer = new Storer(options);
    const withSender = { ...options, sender: this.sender };
    this.publisher = new ValuePublisher(withSender);
    this.reader = new ValueReader(options);
    this.repairs = new ValueRepair(withSender);
  }

  /** Answers `/carecord/values/…` from now on. */
  register(server: HandlerRegister): void {
    const { store, clock } = this.options;
    server.handle(STORE_PROTOCOL, async (request, from) => ({ outcomes: encodeOutcomes(await this.storer.store(request, from)) }));
    server.handle(READ_PROTOCOL, (request) => answerRead(request, { store, clock }));
    server.handle(HAVE_PROTOCOL, (request, from) => this.repairs.answer(request, from));
  }

  /** Repairs and deletes what has expired, at intervals, until the signal is aborted; what it ends stops everything else too. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    this.stopped = signal;
    await Promise.all([new RepairSchedule(this.options).run(signal, () => this.repairQuietly()), every(SWEEP_MILLISECONDS, clock, signal, () => this.sweep(signal))]);
    await Promise.allSettled(this.background);
  }

  /** See `NetworkHost.put`. */
  async put(kind: DhtValueName, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }> {
    const [placement] = await this.publish([{ kind, key, value }]);
    const { stored = 0, occupied = 0, refused = 0 } = placement ?? {};
    if (stored === 0 && occupied + refused > 0) throw valueRefused('A DHT value is older than one that is stored, or its place is another owner\'s.');
    // Our own copy, where we are not one of those who are responsible.
    return { stored: Math.max(1, stored) };
  }

  /** See `NetworkHost.publish`. */
  publish(entries: readonly DhtEntry[], options: PublishOptions = {}): Promise<Placement[]> {
    return this.publisher.publish(entries, options, this.stopped);
  }

  /** See `NetworkHost.get`. */
  async get(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined> {
    const [reading] = await this.read([{ kind, key }].map(questionOf), QUORUM);
    return newestOf(reading?.values ?? [])?.value;
  }

  /** See `NetworkHost.getAll`. */
  async getAll(kind: DhtValueName, key: Uint8Array): Promise<DhtValues> {
    const [values] = await this.readAll([{ kind, key }]);
    return values ?? { values: [], complete: false };
  }

  /** See `NetworkHost.readAll`. */
  async readAll(places: readonly DhtPlace[], options: { readonly signal?: AbortSignal } = {}): Promise<DhtValues[]> {
    const readings = await this.read(places.map(questionOf), COMPETING_QUORUM, options.signal);
    return readings.map(valuesOf);
  }

  /**
   * All values of a kind that stand at one placement, as far as they fit into an answer.
   * @param placedBy the part of their keys that decides where they stand
   */
  async readGroup(kind: DhtValueName, placedBy: Uint8Array): Promise<DhtValues> {
    const question = { kind: kind.namespace, placement: placementOf(kind.namespace, placedBy) };
    const [reading] = await this.read([question], COMPETING_QUORUM);
    return reading === undefined ? { values: [], complete: false } : valuesOf(reading);
  }

  /** The valid value in our own store; asks nobody. */
  async here(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined> {
    const [found = []] = await readHere([questionOf({ kind, key })], this.options);
    const [first] = found;
    if (first === undefined) return undefined;
    const given = await check({ namespace: first.namespace, key, value: first.value, ...(first.attachment && { attachment: first.attachment }) }, this.options.rules);
    return typeof given === 'string' ? undefined : given.value;
  }

  /** See `NetworkHost.repair`. */
  repair(): Promise<RepairReport> {
    return this.repairs.run(this.stopped);
  }

  /** The parts of the host's statistics that are about values. */
  async statistics(): Promise<Pick<NetworkStatistics, 'replication' | 'storage'>> {
    const { replication: factor, store, clock } = this.options;
    return {
      storage: { values: await store.counts(clock.now()) },
      replication: { factor, ...this.repairs.state },
    };
  }

  /** What is in our own store, by kind. */
  counts(): Promise<ValueCount[]> {
    return this.options.store.counts(this.options.clock.now());
  }

  private async read(questions: readonly ReadQuestion[], quorum: number, signal?: AbortSignal): Promise<PlaceReading[]> {
    if (questions.length === 0) return [];
    const { rules } = this.options;
    const placed = questions.map((question) => ({
      question,
      placement: 'key' in question ? rules.placement({ namespace: question.kind, key: question.key }) : question.placement,
    }));
    const readings = await this.reader.read(placed, quorum, signal === undefined ? this.stopped : AbortSignal.any([signal, this.stopped]));
    this.correct(readings.flatMap(({ behind }) => behind).slice(0, MAX_READ_REPAIRS));
    return readings;
  }

  /** Gives members that lag behind what is newer, beside what else is done. */
  private correct(behind: readonly { readonly did: string; readonly value: GivenValue }[]): void {
    const { ownDid, logger } = this.options;
    for (const { did, value } of behind) {
      if (did === ownDid) continue;
      const work = this.give(did, value).catch((error: unknown) => {
        if (!this.stopped.aborted) logger.debug('value-not-corrected', { did, failed: error instanceof Error });
      });
      this.background.add(work);
      void work.finally(() => this.background.delete(work));
    }
  }

  private async give(to: string, { namespace, key, value, attachment }: GivenValue): Promise<void> {
    const values = [{ namespace, key, value, ...(attachment && { attachment }) }];
    const given = this.sender.send({ to, role: 'storer', values, signal: this.stopped });
    while ((await given.next()).done !== true);
  }

  private async repairQuietly(): Promise<void> {
    try {
      await this.repair();
    } catch (error) {
      if (!this.stopped.aborted) this.options.logger.warn('repair-failed', {}, error);
    }
  }

  private async sweep(signal: AbortSignal): Promise<void> {
    const { store, clock, logger } = this.options;
    try {
      let removed = 0;
      for (let batch = SWEEP_BATCH; batch === SWEEP_BATCH && !signal.aborted; removed += batch) batch = await store.deleteExpired(clock.now(), SWEEP_BATCH);
      if (removed > 0) logger.debug('values-expired', { removed });
    } catch (error) {
      logger.warn('sweep-failed', {}, error);
    }
  }
}

function questionOf(place: DhtPlace): ReadQuestion {
  const { namespace, key } = valuePlaceOf(place);
  return { kind: namespace, key };
}

function valuesOf({ values, complete }: PlaceReading): DhtValues {
  return { values: values.map(({ value, attachment }): FoundValue => ({ value, ...(attachment && { attachment }) })), complete };
}

function newestOf(values: readonly GivenValue[]): GivenValue | undefined {
  let newest: GivenValue | undefined;
  for (const value of values) if (newest === undefined || value.meta.sequence > newest.meta.sequence) newest = value;
  return newest;
}
