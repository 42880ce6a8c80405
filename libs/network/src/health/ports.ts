/** What was seen of a member's conduct. */
export type Observation =
  /** It answered, after so many milliseconds. */
  | { readonly kind: 'answered'; readonly milliseconds: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unreachable' }
  /** Its frames or its answer do not have their shape, or it gave what nobody asked for. */
  | { readonly kind: 'malformed' }
  /** It gave a value that its kind refuses. */
  | { readonly kind: 'invalid-value' }
  /** It named a member that proved to be another one, or took a value and does not have it. */
  | { readonly kind: 'broken-promise' }
  /** It asked for more than its rate allows. */
  | { readonly kind: 'flood' };

/** Keeps what was observed of members. A good name is never a reason to trust what a member says. */
export interface Observer {
  observe(did: string, observation: Observation): void;
  /** From 0 to 1; 1 for a member of whom nothing is known. */
  reputation(did: string): number;
  /** Whether it behaved so badly of late that it is not asked unless there is nobody else. */
  isShunned(did: string): boolean;
}

/** Counts what happens, for statistics; the names are closed sets, never somebody's data. */
export interface Counters {
  message(protocol: string, direction: 'sent' | 'received', outcome: { readonly bytes: number; readonly failed: boolean }): void;
  dropped(reason: string): void;
}

/** Takes down how lookups went. */
export interface LookupRecorder {
  lookup(outcome: { readonly failed: boolean; readonly hops: number; readonly milliseconds: number }): void;
}

/** Takes down how handshakes ended. */
export interface HandshakeRecorder {
  handshake(outcome: { readonly ok: true } | { readonly ok: false; readonly code: string }): void;
}
