/** A member as routing sees it: an organisation, whichever of its peers answers for it. */
export interface Contact {
  readonly did: string;
  /** SHA-256 of the DID, 32 bytes: its place in the key space. A DID is given by authorities, so nobody chooses where it stands. */
  readonly nodeId: Uint8Array;
}

/** What a lookup found. */
export interface LookupResult {
  /** Members that answered, the closest to the target first; ourselves among them where we are that close. */
  readonly contacts: readonly Contact[];
  /** Whether it ended because there was nobody closer to ask, and not at its time limit. */
  readonly complete: boolean;
  /** The longest chain of members that led to one of the contacts. */
  readonly hops: number;
  readonly queries: number;
}

/** Finds the members that are closest to a point of the key space (XOR metric, Kademlia). */
export interface Routing {
  /** The closest members in our own table, ourselves included; asks nobody. */
  nearest(target: Uint8Array, count: number): Contact[];
  /**
   * Asks members for ever closer ones over disjoint paths.
   * @param options.count how many are wanted; @default 20
   */
  lookup(target: Uint8Array, options?: { readonly count?: number; readonly signal?: AbortSignal }): Promise<LookupResult>;
  /** Calls back when a member has entered or left the table. @returns ends it */
  onChange(listener: () => void): () => void;
}
