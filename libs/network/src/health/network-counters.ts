import type { MessageCount, NetworkStatistics } from '../ports.ts';
import type { Counters, HandshakeRecorder, LookupRecorder } from './ports.ts';

/** Names that are counted apart: those of our protocols and codes are fewer, and nobody else's word may fill the memory. */
const MAX_NAMES = 256;
/** So many of the last lookups say how the network is now, whatever was an hour ago. */
const RECENT_LOOKUPS = 50;
/** What is above that is counted under this name. */
const OTHER = 'OTHER';

interface Tally {
  count: number;
  failed: number;
  bytes: number;
}

/** Counts what happens, from the start of the process. */
export class NetworkCounters implements Counters, LookupRecorder, HandshakeRecorder {
  private readonly messages = { sent: new Map<string, Tally>(), received: new Map<string, Tally>() };
  private readonly drops = new Map<string, number>();
  private readonly refusedHandshakes = new Map<string, number>();
  private succeededHandshakes = 0;
  private readonly lookupTotals = { count: 0, failed: 0, hops: 0, milliseconds: 0 };
  private readonly lastFailed: boolean[] = [];

  message(protocol: string, direction: 'sent' | 'received', { bytes, failed }: { readonly bytes: number; readonly failed: boolean }): void {
    const tallies = this.messages[direction];
    const name = nameFor(tallies, protocol);
    const tally = tallies.get(name) ?? { count: 0, failed: 0, bytes: 0 };
    tally.count += 1;
    tally.failed += Number(failed);
    tally.bytes += bytes;
    tallies.set(name, tally);
  }

  dropped(reason: string): void {
    increment(this.drops, reason);
  }

  lookup({ failed, hops, milliseconds }: { readonly failed: boolean; readonly hops: number; readonly milliseconds: number }): void {
    this.lookupTotals.count += 1;
    this.lookupTotals.failed += Number(failed);
    this.lookupTotals.hops += hops;
    this.lookupTotals.milliseconds += milliseconds;
    this.lastFailed.push(failed);
    if (this.lastFailed.length > RECENT_LOOKUPS) this.lastFailed.shift();
  }

  /** The last fifty lookups. */
  recentLookups(): { readonly count: number; readonly failed: number } {
    return { count: this.lastFailed.length, failed: this.lastFailed.filter(Boolean).length };
  }

  handshake(outcome: { readonly ok: true } | { readonly ok: false; readonly code: string }): void {
    if (outcome.ok) this.succeededHandshakes += 1;
    else increment(this.refusedHandshakes, outcome.code);
  }

  /** What was counted, as statistics show it. */
  totals(): Pick<NetworkStatistics, 'messages' | 'dropped' | 'lookups' | 'handshakes'> {
    const { count, failed, hops, milliseconds } = this.lookupTotals;
    return {
      messages: [...messagesOf('received', this.messages.received), ...messagesOf('sent', this.messages.sent)],
      dropped: byReason(this.drops),
      lookups: { count, failed, meanHops: count === 0 ? 0 : hops / count, meanMilliseconds: count === 0 ? 0 : milliseconds / count },
      handshakes: { succeeded: this.succeededHandshakes, refused: byReason(this.refusedHandshakes) },
    };
  }
}

function nameFor(counted: ReadonlyMap<string, unknown>, name: string): string {
  return counted.has(name) || counted.size < MAX_NAMES ? name : OTHER;
}

function increment(counts: Map<string, number>, reason: string): void {
  const name = nameFor(counts, reason);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function byReason(counts: ReadonlyMap<string, number>): { reason: string; count: number }[] {
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((one, other) => one.reason.localeCompare(other.reason));
}

function messagesOf(direction: MessageCount['direction'], tallies: ReadonlyMap<string, Tally>): MessageCount[] {
  return [...tallies].map(([protocol, tally]) => ({ protocol, direction, ...tally })).sort((one, other) => one.protocol.localeCompare(other.protocol));
}
