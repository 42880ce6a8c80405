import { BoundedCache, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import type { DidResolutionResult } from './result.ts';

/** The members of a large network, and as many strangers. */
const MAX_ENTRIES = 2_000;
/** A document of ours has 10 KiB: the members of a large network fit. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A key that was taken back is believed for at most this long; a document that is asked for again and again costs nothing. */
const FOUND_MILLISECONDS = 5 * 60_000;
/** A stranger's typing error must not keep a DID from appearing; an attacker's name must not have us fetch at each request. */
const FAILED_MILLISECONDS = 30_000;

interface Entry {
  readonly result: DidResolutionResult;
  readonly until: Date;
}

/** Remembers results for a while, bounded in number and bytes. */
export class ResultCache {
  private readonly entries: BoundedCache<Entry>;

  constructor(
    private readonly clock: Clock,
    maxEntries = MAX_ENTRIES,
    maxBytes = MAX_BYTES,
  ) {
    this.entries = new BoundedCache({ entries: maxEntries, size: maxBytes });
  }

  find(did: string): DidResolutionResult | undefined {
    const entry = this.entries.get(did);
    if (entry === undefined) return undefined;
    if (entry.until.getTime() > this.clock.now().getTime()) return entry.result;
    this.entries.delete(did);
    return undefined;
  }

  keep(did: string, result: DidResolutionResult): void {
    const lifetime = result.didResolutionMetadata.error === undefined ? FOUND_MILLISECONDS : FAILED_MILLISECONDS;
    const bytes = Buffer.byteLength(JSON.stringify(result), 'utf8') + did.length;
    this.entries.set(did, { result, until: later(this.clock.now(), lifetime) }, bytes);
  }
}
