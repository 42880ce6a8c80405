import { later } from '@carecord/core';
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
  readonly bytes: number;
  readonly until: Date;
}

/** Remembers results for a while, bounded in number and bytes; those used longest ago go first. */
export class ResultCache {
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxEntries = MAX_ENTRIES,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  find(did: string): DidResolutionResult | undefined {
    const entry = this.entries.get(did);
    if (entry === undefined) return undefined;
    this.entries.delete(did);
    this.entries.set(did, entry);
    if (entry.until.getTime() > this.clock.now().getTime()) return entry.result;
    this.remove(did);
    return undefined;
  }

  keep(did: string, result: DidResolutionResult): void {
    this.remove(did);
    const bytes = Buffer.byteLength(JSON.stringify(result), 'utf8') + did.length;
    if (bytes > this.maxBytes) return;
    const lifetime = result.didResolutionMetadata.error === undefined ? FOUND_MILLISECONDS : FAILED_MILLISECONDS;
    this.entries.set(did, { result, bytes, until: later(this.clock.now(), lifetime) });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.maxEntries && this.bytes <= this.maxBytes) return;
      this.remove(oldest);
    }
  }

  private remove(did: string): void {
    this.bytes -= this.entries.get(did)?.bytes ?? 0;
    this.entries.delete(did);
  }
}
