import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { Candidate } from './lookup-candidate.ts';
import { nodeIdOf } from './node-id.ts';
import type { Contact, LookupResult } from './ports.ts';
import { ReferrerTrust } from './referrer-trust.ts';
import type { NamedContact } from './routing-protocol.ts';
import { BUCKET_SIZE, closestOf } from './routing-table.ts';

/** Kademlia's alpha: questions that one path has open at once. Three hide one that is slow; more ask in vain what the next answer makes needless. */
export const ALPHA = 3;
/** Paths that share no member (S/Kademlia): a liar leads one of them astray, not the others. */
export const DISJOINT_PATHS = 3;
/** A path has arrived when so many of its closest have answered: then none of them knew a closer one. */
const ARRIVED = 3;
/** Questions open at once when the paths have arrived and the closest of all of them are asked. */
const FINAL_AT_ONCE = 6;
/** Members that a lookup keeps in mind: some dozen answers, each with twenty. */
const MAX_CANDIDATES = 1_000;

/** Ends a wait; made once, for an abort without a reason makes one with a stack each time. */
const ANSWERED = new Error('ANSWERED');

/** How a lookup asks, and what it knows of those that it could ask. */
export interface LookupNetwork {
  /**
   * Reaches a member, which must prove its DID, and asks it.
   * @throws NetworkError when it cannot be reached, does not answer, or answers nonsense
   */
  ask(candidate: Candidate, target: Uint8Array, signal: AbortSignal): Promise<readonly NamedContact[]>;
  /** After how many milliseconds another member is asked beside one that has not answered. */
  patience(): number;
  /** A member has not answered for so long: nobody waits for it any more. */
  gaveUp(did: string): void;
  /** Whether a member behaved badly of late: it is asked after all others. */
  isShunned(did: string): boolean;
  /** Whether a member did not answer a moment ago: it is not asked while anybody else answers. */
  isGone(did: string): boolean;
}

/** What a lookup starts from. */
export interface LookupOptions {
  readonly own: Contact;
  readonly target: Uint8Array;
  /** How many are wanted. */
  readonly count: number;
  /** The closest in our own table. */
  readonly start: readonly Contact[];
  readonly network: LookupNetwork;
  readonly clock: Clock;
  /** Ends it, with what it has found until then. */
  readonly signal: AbortSignal;
}

/** What one of the disjoint paths has heard of. */
type Path = Set<Candidate>;

/** Ours, or one that may be asked. */
type Place = Contact | Candidate;

/**
 * An iterative lookup. Three paths, none of which asks a member that another one asks, each go to the members closest to the target
 * that it hears of; then the closest that any of them heard of are asked, until all of those have answered. Whoever is named is a hint:
 * only who proved its DID and answered is in the result.
 */
export class Lookup {
  private readonly candidates = new Map<string, Candidate>();
  private readonly referrers = new ReferrerTrust();
  private queries = 0;

  constructor(private readonly options: LookupOptions) {}

  /** Runs it. Never rejects. Questions that nobody waits for any more may be open still: their answers say how long to wait the next time. */
  async run(): Promise<LookupResult> {
    const paths = this.startPaths();
    await Promise.all(paths.map((path) => this.ask(ALPHA, path, () => this.nextOnPath(path))));
    await this.ask(FINAL_AT_ONCE, new Set(), () => this.nextOfClosest());
    return this.result();
  }

  private startPaths(): Path[] {
    const paths = Array.from({ length: DISJOINT_PATHS }, (): Path => new Set());
    for (const [at, { did, nodeId }] of this.options.start.entries()) {
      const candidate = new Candidate(did, nodeId, 1);
      this.candidates.set(did, candidate);
      paths[at % DISJOINT_PATHS]?.add(candidate);
    }
    return paths;
  }

  /** Asks whom `next` gives, so many at once, until it gives nobody and nobody is waited for. */
  private async ask(atOnce: number, path: Path, next: () => Candidate | undefined): Promise<void> {
    const open = new Set<Promise<void>>();
    for (;;) {
      for (let candidate = this.nextUnlessFull(open, atOnce, next); candidate !== undefined; candidate = this.nextUnlessFull(open, atOnce, next)) {
        const waiting = this.query(candidate, path).finally(() => open.delete(waiting));
        open.add(waiting);
      }
      if (open.size === 0) return;
      await Promise.race(open);
    }
  }

  private nextUnlessFull(open: ReadonlySet<unknown>, atOnce: number, next: () => Candidate | undefined): Candidate | undefined {
    return open.size < atOnce && !this.options.signal.aborted ? next() : undefined;
  }

  /** Of the closest that this path can ask, one that it has not; nobody when it has arrived, or its next step depends on an open question. */
  private nextOnPath(path: Path): Candidate | undefined {
    const isOurs = (candidate: Candidate): boolean => isUsable(candidate) && (candidate.path === undefined || candidate.path === path);
    const preferred = closestOf(this.options.target, path, ARRIVED, (candidate) => isOurs(candidate) && !this.isLastResort(candidate));
    const possible = preferred.length > 0 ? preferred : closestOf(this.options.target, path, ARRIVED, isOurs);
    return possible.find(({ state }) => state === 'heard');
  }

  /** Of the closest that anybody has named, one that was not asked: first those of whom nothing bad is known. */
  private nextOfClosest(): Candidate | undefined {
    const { count, network, own, target } = this.options;
    const everybody = [...this.candidates.values()];
    const isHopeless = everybody.some(({ state }) => state === 'answered')
      ? (candidate: Candidate): boolean => candidate.state === 'heard' && (network.isGone(candidate.did) || this.isDiscredited(candidate))
      : (): boolean => false;
    const closest = closestOf<Place>(target, [own, ...everybody], count, (place) => !(place instanceof Candidate) || (isUsable(place) && !isHopeless(place)));
    const waiting = closest.filter((place) => place instanceof Candidate && place.state === 'heard') as Candidate[];
    return waiting.find((candidate) => !this.isLastResort(candidate)) ?? waiting[0];
  }

  private isLastResort(candidate: Candidate): boolean {
    const { network } = this.options;
    return candidate.state === 'heard' && (network.isGone(candidate.did) || network.isShunned(candidate.did) || this.isDiscredited(candidate));
  }

  /** Only members named it whose word was worth nothing in this lookup. */
  private isDiscredited({ depth, referrers }: Candidate): boolean {
    return depth > 1 && this.referrers.areDiscredited(referrers);
  }

  /** Asks one member and takes up whom it names. Ends when it has answered, or when nobody should wait for it any longer. */
  private async query(candidate: Candidate, path: Path): Promise<void> {
    const { clock, network } = this.options;
    candidate.state = 'asked';
    candidate.path = path;
    this.queries += 1;
    const patience = new AbortController();
    const answer = this.exchange(candidate, path).finally(() => patience.abort(ANSWERED));
    const tooSlow = clock.sleepUntil(later(clock.now(), network.patience()), patience.signal).then(
      () => this.giveUp(candidate),
      () => undefined,
    );
    await Promise.race([answer, tooSlow]);
  }

  /** Its answer still counts when it comes before the end. */
  private giveUp(candidate: Candidate): void {
    if (candidate.state !== 'asked') return;
    candidate.state = 'slow';
    this.options.network.gaveUp(candidate.did);
    this.referrers.failed(candidate.referrers);
  }

  private async exchange(candidate: Candidate, path: Path): Promise<void> {
    const { network, signal, target } = this.options;
    try {
      const named = await network.ask(candidate, target, signal);
      candidate.state = 'answered';
      this.referrers.proved(candidate.referrers);
      for (const contact of named.slice(0, BUCKET_SIZE)) this.hear(candidate, contact, path);
    } catch {
      // Whoever asks has counted it; here it only means that this member is not one of those that were found.
      if (candidate.state === 'asked' && !signal.aborted) this.referrers.failed(candidate.referrers);
      candidate.state = 'failed';
    }
  }

  private hear(referrer: Candidate, contact: NamedContact, path: Path): void {
    if (contact.did === this.options.own.did) return;
    const known = this.candidates.get(contact.did);
    if (known === undefined && this.candidates.size >= MAX_CANDIDATES) return;
    const candidate = known ?? new Candidate(contact.did, nodeIdOf(contact.did), referrer.depth + 1);
    candidate.namedBy(referrer, contact);
    this.candidates.set(contact.did, candidate);
    path.add(candidate);
  }

  private result(): LookupResult {
    const { count, own, signal, target } = this.options;
    const answered = [...this.candidates.values()].filter(({ state }) => state === 'answered');
    const found = closestOf<Place>(target, [own, ...answered], count);
    return {
      contacts: found.map(({ did, nodeId }) => ({ did, nodeId })),
      complete: !signal.aborted && (answered.length > 0 || this.queries === 0),
      hops: Math.max(0, ...found.map((place) => (place instanceof Candidate ? place.depth : 0))),
      queries: this.queries,
    };
  }
}

function isUsable({ state }: Candidate): boolean {
  return state === 'heard' || state === 'asked' || state === 'answered';
}
