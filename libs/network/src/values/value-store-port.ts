import type { DhtPlace } from '../ports.ts';

/** Where a value stands in the store. */
export interface ValuePlace {
  readonly namespace: string;
  readonly key: Uint8Array;
}

/** A value that passed its kind's checks, to be kept. */
export interface NewValue extends ValuePlace {
  /** Its place in the key space, 32 bytes: values of one placement stand together. */
  readonly placement: Uint8Array;
  readonly owner: string;
  readonly sequence: number;
  readonly expiresAt: Date;
  readonly value: Uint8Array;
  /** SHA-256 of the attachment that belongs to it. */
  readonly attachmentHash: Uint8Array | undefined;
  /** What it counts against the cap of who handed it in: itself, and its share of the attachment. */
  readonly chargedBytes: number;
}

/** Bytes that values share. */
export interface Attachment {
  /** SHA-256 of the bytes. */
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Who handed values in: publishers and those who hand over what others published are counted apart. */
export interface ValueSource {
  readonly did: string;
  /** `own`: we are the publisher, and keep it whether or not we are responsible for it. */
  readonly role: 'own' | 'publisher' | 'storer';
}

/** What one source may have here at once. */
export interface SourceCap {
  readonly values: number;
  readonly bytes: number;
}

/** One call's values. */
export interface ValueBatch {
  readonly source: ValueSource;
  /** No two of one place. */
  readonly values: readonly NewValue[];
  /** Those that the values name; kept for as long as one of them may be. */
  readonly attachments: readonly Attachment[];
  readonly cap: SourceCap;
  readonly now: Date;
}

/**
 * What became of a value.
 * - `stored`: it is kept now
 * - `unchanged`: it was kept already, byte for byte
 * - `older`: a higher sequence of its owner was seen, and an older value of it could still be valid
 * - `occupied`: the place is another owner's until everything that this one had there has expired
 * - `full`: its source has as much here as it may
 */
export type PutOutcome = 'stored' | 'unchanged' | 'older' | 'occupied' | 'full';

/** What is said of a value without its bytes. */
export interface ValueHeader extends ValuePlace {
  readonly placement: Uint8Array;
  readonly owner: string;
  readonly sequence: number;
  readonly expiresAt: Date;
  /** Whether we published it ourselves. */
  readonly own: boolean;
}

/** A value at rest. */
export interface StoredValue extends ValueHeader {
  readonly value: Uint8Array;
  readonly attachmentHash: Uint8Array | undefined;
}

/** All values of a kind with one placement. */
export interface ValueGroup {
  readonly namespace: string;
  readonly placement: Uint8Array;
}

/** Where a page of values ended: by placement, then kind, then key. */
export type ValueCursor = Pick<ValueHeader, 'placement' | 'namespace' | 'key'>;

/** Values of one kind. */
export interface ValueCount {
  /** The namespace of a `DhtValueKind`. */
  readonly kind: string;
  readonly count: number;
  /** Of the values, their attachments apart. */
  readonly bytes: number;
}

/**
 * A node's part of the DHT. Per place it keeps one value, the highest sequence of its owner, and until when an older value of
 * that owner could be valid: so long nothing older comes back and nobody else gets the place, also after a short-lived newer
 * value has expired, and after a restart.
 */
export interface DhtValueStore {
  /** Keeps what may be kept, each value by itself, in one step per value even where calls run at once. Outcomes in the order given. */
  put(batch: ValueBatch): Promise<PutOutcome[]>;
  /** The values at these places that have not expired, in no order. */
  read(places: readonly ValuePlace[], now: Date): Promise<StoredValue[]>;
  /** Of each group at most `limit` values that have not expired, those with the lowest keys. */
  readGroups(groups: readonly ValueGroup[], limit: number, now: Date): Promise<StoredValue[]>;
  /** The attachments with these hashes that are here, in no order. */
  attachments(hashes: readonly Uint8Array[]): Promise<Attachment[]>;
  /** Values that have not expired, by placement, kind and key; those after `after`, and up to `until` (a placement) if it is given. */
  page(range: { readonly after?: ValueCursor; readonly from?: Uint8Array; readonly until?: Uint8Array; readonly limit: number; readonly now: Date }): Promise<ValueHeader[]>;
  /** Takes away values; what is remembered of their owners and sequences stays. One of which `sequence` is not the present one stays, and so does one of our own. */
  drop(places: readonly (ValuePlace & { readonly sequence: number })[]): Promise<number>;
  /** What is kept and has not expired, by kind. */
  counts(now: Date): Promise<ValueCount[]>;
  /**
   * Deletes values that have expired, at most `limit` of them, then what was remembered and counts no more, and attachments that nothing needs.
   * @returns how many values were deleted
   */
  deleteExpired(now: Date, limit: number): Promise<number>;
}

/** A value's place, as `NetworkHost` names it. */
export function valuePlaceOf({ kind, key }: DhtPlace): ValuePlace {
  return { namespace: kind.namespace, key };
}
