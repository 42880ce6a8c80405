import type { Attachment, DhtValueStore, PutOutcome, StoredValue, ValueBatch, ValueCount, ValueCursor, ValueGroup, ValueHeader, ValuePlace } from '@carecord/network';

type Row = StoredValueRow | RememberedRow;
interface Remembered extends ValueHeader {
  readonly guardedUntil: Date;
  readonly source: string;
  readonly chargedBytes: number;
}
/** A value. */
interface StoredValueRow extends Remembered {
  readonly value: Uint8Array;
  readonly attachmentHash: Uint8Array | undefined;
}
/** What stays of a value that has gone. */
interface RememberedRow extends Remembered {
  readonly value: undefined;
  readonly attachmentHash: undefined;
}

const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const placeId = ({ namespace, key }: ValuePlace): string => `${namespace} ${idOf(key)}`;
const orderOf = ({ placement, namespace, key }: ValueCursor): string => `${idOf(placement)} ${namespace} ${idOf(key)}`;

/** DHT values in memory. */
export class MemoryDhtValueStore implements DhtValueStore {
  private readonly rows = new Map<string, Row>();
  private readonly shared = new Map<string, Attachment & { expiresAt: Date }>();
  private readonly usage = new Map<string, { values: number; bytes: number }>();
  /** Kept sorted only while it is asked for: most tests never page. */
  private sorted: { readonly order: string; readonly id: string }[] | undefined;

  put(batch: ValueBatch): Promise<PutOutcome[]> {
    const attachments = new Map(batch.attachments.map((attachment) => [idOf(attachment.hash), attachment]));
    return Promise.resolve(batch.values.map((value) => this.putOne(value, batch, attachments)));
  }

  read(places: readonly ValuePlace[], now: Date): Promise<StoredValue[]> {
    return Promise.resolve(places.flatMap((place) => live(this.rows.get(placeId(place)), now)).map(storedOf));
  }

  readGroups(groups: readonly ValueGroup[], limit: number, now: Date): Promise<StoredValue[]> {
    const found = groups.flatMap(({ namespace, placement }) => {
      const start = `${idOf(placement)} ${namespace} `;
      const members: StoredValueRow[] = [];
      const ordered = this.ordered();
      for (const { order, id } of ordered.slice(this.firstAfter(undefined, start))) {
        if (!order.startsWith(start) || members.length >= limit) break;
        members.push(...live(this.rows.get(id), now));
      }
      return members;
    });
    return Promise.resolve(found.map(storedOf));
  }

  attachments(hashes: readonly Uint8Array[]): Promise<Attachment[]> {
    return Promise.resolve(hashes.flatMap((hash) => this.shared.get(idOf(hash)) ?? []).map(({ hash, bytes }) => ({ hash, bytes })));
  }

  page({ after, from, until, limit, now }: Parameters<DhtValueStore['page']>[0]): Promise<ValueHeader[]> {
    const last = until && idOf(until);
    const found: ValueHeader[] = [];
    const ordered = this.ordered();
    for (let at = this.firstAfter(after && orderOf(after), from && idOf(from)); at < ordered.length && found.length < limit; at++) {
      const { order, id } = ordered[at] as { order: string; id: string };
      if (last !== undefined && order.slice(0, last.length) > last) break;
      found.push(...live(this.rows.get(id), now).map(headerOf));
    }
    return Promise.resolve(found);
  }

  drop(places: readonly (ValuePlace & { readonly sequence: number })[]): Promise<number> {
    let dropped = 0;
    for (const place of places) {
      const row = this.rows.get(placeId(place));
      if (row?.value === undefined || row.own || row.sequence !== place.sequence) continue;
      this.forgetValue(row);
      dropped += 1;
    }
    return Promise.resolve(dropped);
  }

  counts(now: Date): Promise<ValueCount[]> {
    const counts = new Map<string, { count: number; bytes: number }>();
    for (const row of this.rows.values()) {
      for (const { namespace, value } of live(row, now)) {
        const { count, bytes } = counts.get(namespace) ?? { count: 0, bytes: 0 };
        counts.set(namespace, { count: count + 1, bytes: bytes + value.length });
      }
    }
    return Promise.resolve([...counts].map(([kind, count]) => ({ kind, ...count })).sort((one, other) => (one.kind < other.kind ? -1 : 1)));
  }

  deleteExpired(now: Date, limit: number): Promise<number> {
    let deleted = 0;
    for (const [id, row] of this.rows) {
      if (row.value !== undefined && row.expiresAt <= now && deleted < limit) {
        this.forgetValue(row);
        deleted += 1;
      }
      const { value, guardedUntil } = this.rows.get(id) ?? row;
      if (value === undefined && guardedUntil <= now) {
        this.rows.delete(id);
        this.sorted = undefined;
      }
    }
    for (const [id, { expiresAt }] of this.shared) if (expiresAt <= now) this.shared.delete(id);
    return Promise.resolve(deleted);
  }

  private putOne(value: ValueBatch['values'][number], batch: ValueBatch, attachments: ReadonlyMap<string, Attachment>): PutOutcome {
    const { now, source } = batch;
    const id = placeId(value);
    const found = this.rows.get(id);
    const row = found !== undefined && found.guardedUntil > now ? found : undefined;
    if (row !== undefined && row.owner !== value.owner) return 'occupied';
    if (row !== undefined && row.sequence > value.sequence) return 'older';
    const own = source.role === 'own' || (row?.own ?? false);
    if (row !== undefined && isUnchanged(row, value, own)) return 'unchanged';
    const charged = row?.own === true ? row.source : `${source.role} ${source.did}`;
    if (!this.fits(found?.source === charged ? found : undefined, value.chargedBytes, charged, batch)) return 'full';
    if (found?.value !== undefined) this.charge(found.source, -1, -found.chargedBytes);
    this.charge(charged, 1, value.chargedBytes);
    const guardedUntil = row !== undefined && row.guardedUntil > value.expiresAt ? row.guardedUntil : value.expiresAt;
    if (found === undefined) this.sorted = undefined;
    this.rows.set(id, { ...value, own, guardedUntil, source: charged });
    this.keepAttachment(value, attachments);
    return 'stored';
  }

  private fits(replaced: Row | undefined, bytes: number, charged: string, { cap, source }: ValueBatch): boolean {
    if (source.role === 'own') return true;
    const used = this.usage.get(charged) ?? { values: 0, bytes: 0 };
    const [freedValues, freedBytes] = replaced?.value === undefined ? [0, 0] : [1, replaced.chargedBytes];
    return used.values - freedValues + 1 <= cap.values && used.bytes - freedBytes + bytes <= cap.bytes;
  }

  private keepAttachment({ attachmentHash, expiresAt }: ValueBatch['values'][number], attachments: ReadonlyMap<string, Attachment>): void {
    if (attachmentHash === undefined) return;
    const id = idOf(attachmentHash);
    const known = this.shared.get(id) ?? attachments.get(id);
    if (known === undefined) throw new Error('A value came without its attachment.');
    const until = 'expiresAt' in known && (known.expiresAt as Date) > expiresAt ? (known.expiresAt as Date) : expiresAt;
    this.shared.set(id, { hash: known.hash, bytes: known.bytes, expiresAt: until });
  }

  private forgetValue(row: Row): void {
    this.charge(row.source, -1, -row.chargedBytes);
    this.rows.set(placeId(row), { ...row, value: undefined, attachmentHash: undefined });
  }

  private charge(source: string, values: number, bytes: number): void {
    const used = this.usage.get(source) ?? { values: 0, bytes: 0 };
    this.usage.set(source, { values: used.values + values, bytes: used.bytes + bytes });
  }

  private ordered(): readonly { readonly order: string; readonly id: string }[] {
    this.sorted ??= [...this.rows].map(([id, row]) => ({ order: orderOf(row), id })).sort((one, other) => (one.order < other.order ? -1 : 1));
    return this.sorted;
  }

  private firstAfter(after: string | undefined, from: string | undefined): number {
    const ordered = this.ordered();
    let [low, high] = [0, ordered.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = ordered[middle]?.order ?? '';
      if ((after !== undefined && order <= after) || (from !== undefined && order < from)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function live(row: Row | undefined, now: Date): StoredValueRow[] {
  return row?.value !== undefined && row.expiresAt > now ? [row] : [];
}

function headerOf({ namespace, key, placement, owner, sequence, expiresAt, own }: Row): ValueHeader {
  return { namespace, key, placement, owner, sequence, expiresAt, own };
}

function storedOf(row: StoredValueRow): StoredValue {
  return { ...headerOf(row), value: row.value, attachmentHash: row.attachmentHash };
}

function isUnchanged(row: Row, value: ValueBatch['values'][number], own: boolean): boolean {
  if (row.value === undefined || row.own !== own || row.sequence !== value.sequence) return false;
  return Buffer.compare(row.value, value.value) === 0 && Buffer.compare(row.attachmentHash ?? new Uint8Array(), value.attachmentHash ?? new Uint8Array()) === 0;
}
