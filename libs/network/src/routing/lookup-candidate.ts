import type { Contact } from './ports.ts';
import type { NamedContact } from './routing-protocol.ts';
import type { RoutedPeer } from './routing-table.ts';

/** Where others say that a member is: more are hardly ever all different, and each costs a dial. */
const MAX_HINTS = 3;

/** Where somebody says that a member is. */
export interface Hint extends RoutedPeer {
  readonly namedBy: string;
}

/** How far a lookup has come with a member. */
export type CandidateState =
  /** It was named and not asked yet. */
  | 'heard'
  | 'asked'
  /** It has not answered for so long that nobody waits for it any more. */
  | 'slow'
  | 'answered'
  | 'failed';

/** A member that a lookup may ask. */
export class Candidate implements Contact {
  state: CandidateState = 'heard';
  /** The path that has asked it; no other one does. */
  path: ReadonlySet<Candidate> | undefined;
  readonly hints: Hint[] = [];
  readonly referrers = new Set<string>();

  /** @param depth how many members it takes to get there: 1 for those in our own table */
  constructor(
    readonly did: string,
    readonly nodeId: Uint8Array,
    public depth: number,
  ) {}

  /** Another member says where this one is. */
  namedBy(referrer: Candidate, { peerId, addresses }: NamedContact): void {
    this.referrers.add(referrer.did);
    if (this.state === 'heard') this.depth = Math.min(this.depth, referrer.depth + 1);
    if (this.hints.length < MAX_HINTS && !this.hints.some((hint) => hint.peerId === peerId)) this.hints.push({ peerId, addresses, namedBy: referrer.did });
  }
}
