import type {
  Attachment,
  DhtValueStore,
  PutOutcome,
  SourceCap,
  StoredValue,
  ValueBatch,
  ValueCount,
  ValueGroup,
  ValueHeader,
  ValuePlace,
} from '@carecord/network';
import type { Database } from '../database/connection.ts';
import { column, optional } from '../database/rows.ts';

/** What one source has here is counted anew after this time; meanwhile what is stored is added, also where another replica deletes some. */
const RECOUNT_MILLISECONDS = 5 * 60 * 1000;
/** Tries of a value that another call stored at the same instant: the second one sees it. */
const MAX_TRIES = 3;

interface HeaderRow extends Omit<ValueHeader, 'sequence'> {
  readonly sequence: bigint;
}
interface ValueRow extends HeaderRow {
  readonly value: Uint8Array;
  readonly attachmentHash: Uint8Array | null;
}
interface JudgedRow {
  readonly outcome: PutOutcome | 'overtaken';
  readonly addedValues: number;
  readonly addedBytes: number;
}
interface Usage extends SourceCap {
  readonly countedAt: Date;
}

/** DHT values in PostgreSQL. */
export class PostgresDhtValueStore implements DhtValueStore {
  private readonly usage = new Map<string, Usage>();

  constructor(private readonly database: Database) {}

  async put(batch: ValueBatch): Promise<PutOutcome[]> {
    const outcomes: (JudgedRow['outcome'])[] = batch.values.map(() => 'overtaken');
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const open = outcomes.flatMap((outcome, at) => (outcome === 'overtaken' ? [at] : []));
      if (open.length === 0) break;
      const rows = await this.putOnce({ ...batch, values: open.map((at) => batch.values[at] as ValueBatch['values'][number]) });
      for (const [position, { outcome }] of rows.entries()) outcomes[open[position] as number] = outcome;
    }
    return outcomes.map((outcome) => (outcome === 'overtaken' ? 'older' : outcome));
  }

  async read(places: readonly ValuePlace[], now: Date): Promise<StoredValue[]> {
    if (places.length === 0) return [];
    const rows = await this.database.$queryRaw<ValueRow[]>`
      SELECT namespace, key, placement, owner, sequence, expires_at AS "expiresAt", own, value, attachment_hash AS "attachmentHash"
      FROM dht_value JOIN unnest(${places.map(({ namespace }) => namespace)}::text[], ${places.map(({ key }) => key)}::bytea[]) AS place(namespace, key)
      USING (namespace, key) WHERE value IS NOT NULL AND expires_at > ${now}::timestamptz`;
    return rows.map(storedOf);
  }

  async readGroups(groups: readonly ValueGroup[], limit: number, now: Date): Promise<StoredValue[]> {
    if (groups.length === 0) return [];
    const rows = await this.database.$queryRaw<ValueRow[]>`
      SELECT found.* FROM unnest(${groups.map(({ namespace }) => namespace)}::text[], ${groups.map(({ placement }) => placement)}::bytea[]) AS wanted(namespace, placement)
      CROSS JOIN LATERAL (
        SELECT namespace, key, placement, owner, sequence, expires_at AS "expiresAt", own, value, attachment_hash AS "attachmentHash" FROM dht_value
        WHERE placement = wanted.placement AND namespace = wanted.namespace AND value IS NOT NULL AND expires_at > ${now}::timestamptz
        ORDER BY key LIMIT ${limit}) AS found`;
    return rows.map(storedOf);
  }

  async attachments(hashes: readonly Uint8Array[]): Promise<Attachment[]> {
    if (hashes.length === 0) return [];
    return await this.database.$queryRaw<Attachment[]>`SELECT hash, bytes FROM dht_attachment WHERE hash = ANY(${hashes}::bytea[])`;
  }

  async page({ after, from, until, limit, now }: Parameters<DhtValueStore['page']>[0]): Promise<ValueHeader[]> {
    const start = after ?? { placement: from ?? new Uint8Array(), namespace: '', key: new Uint8Array() };
    const rows = await this.database.$queryRaw<HeaderRow[]>`
      SELECT namespace, key, placement, owner, sequence, expires_at AS "expiresAt", own FROM dht_value
      WHERE (placement, namespace, key) > (${start.placement}, ${start.namespace} COLLATE "C", ${start.key})
        AND (${until ?? null}::bytea IS NULL OR placement <= ${until ?? null}::bytea) AND value IS NOT NULL AND expires_at > ${now}::timestamptz
      ORDER BY placement, namespace, key LIMIT ${limit}`;
    return rows.map(headerOf);
  }

  async drop(places: readonly (ValuePlace & { readonly sequence: number })[]): Promise<number> {
    if (places.length === 0) return 0;
    // Locked in the order in which values are put: in another one, two calls could wait for each other.
    return await this.database.$executeRaw`
      WITH held AS (
        SELECT namespace, key FROM dht_value JOIN unnest(
          ${places.map(({ namespace }) => namespace)}::text[], ${places.map(({ key }) => key)}::bytea[],
          ${places.map(({ sequence }) => BigInt(sequence))}::bigint[]) AS place(namespace, key, sequence) USING (namespace, key, sequence)
        WHERE NOT own AND value IS NOT NULL ORDER BY namespace, key FOR UPDATE OF dht_value)
      UPDATE dht_value SET value = NULL, attachment_hash = NULL FROM held WHERE dht_value.namespace = held.namespace AND dht_value.key = held.key`;
  }

  async counts(now: Date): Promise<ValueCount[]> {
    const rows = await this.database.$queryRaw<{ kind: string; count: number; bytes: bigint }[]>`
      SELECT namespace AS kind, count(*)::int AS count, sum(length(value))::bigint AS bytes FROM dht_value
      WHERE value IS NOT NULL AND expires_at > ${now}::timestamptz GROUP BY namespace ORDER BY namespace`;
    return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
  }

  async deleteExpired(now: Date, limit: number): Promise<number> {
    const emptied = await this.database.$executeRaw`
      UPDATE dht_value SET value = NULL, attachment_hash = NULL WHERE (namespace, key) IN (
        SELECT namespace, key FROM dht_value WHERE expires_at <= ${now}::timestamptz AND value IS NOT NULL ORDER BY namespace, key LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
    await this.database.$executeRaw`
      DELETE FROM dht_value WHERE (namespace, key) IN (
        SELECT namespace, key FROM dht_value WHERE guarded_until <= ${now}::timestamptz AND value IS NULL ORDER BY namespace, key LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
    await this.database.$executeRaw`
      DELETE FROM dht_attachment WHERE hash IN (
        SELECT hash FROM dht_attachment WHERE expires_at <= ${now}::timestamptz ORDER BY hash LIMIT ${limit} FOR UPDATE SKIP LOCKED)`;
    return emptied;
  }

  /** One statement: judges against what stands there, keeps within the cap what may follow it, and the attachments of what was kept. */
  private async putOnce({ values, attachments, source, cap, now }: ValueBatch): Promise<JudgedRow[]> {
    const charged = `${source.role} ${source.did}`;
    const own = source.role === 'own';
    const used = await this.usageOf(charged, now);
    const [freeValues, freeBytes] = own ? [null, null] : [BigInt(cap.values - used.values), BigInt(cap.bytes - used.bytes)];
    const rows = await this.database.$queryRaw<JudgedRow[]>`
      WITH input AS (
        SELECT * FROM unnest(
          ${values.map(({ namespace }) => namespace)}::text[], ${values.map(({ key }) => key)}::bytea[], ${values.map(({ placement }) => placement)}::bytea[],
          ${values.map(({ owner }) => owner)}::text[], ${values.map(({ sequence }) => BigInt(sequence))}::bigint[], ${values.map(({ expiresAt }) => expiresAt)}::timestamptz[],
          ${values.map(({ value }) => value)}::bytea[], ${column(values, ({ attachmentHash }) => attachmentHash)}::bytea[], ${values.map(({ chargedBytes }) => chargedBytes)}::int[]
        ) WITH ORDINALITY AS input(namespace, key, placement, owner, sequence, expires_at, value, attachment_hash, charged_bytes, position)
      ), judged AS (
        SELECT input.*,
          CASE
            WHEN here.key IS NULL OR here.guarded_until <= ${now}::timestamptz THEN 'new'
            WHEN here.owner <> input.owner THEN 'occupied'
            WHEN here.sequence > input.sequence THEN 'older'
            WHEN here.sequence = input.sequence AND here.value = input.value AND here.attachment_hash IS NOT DISTINCT FROM input.attachment_hash
              AND (here.own OR NOT ${own}) THEN 'unchanged'
            ELSE 'new'
          END AS judgement,
          CASE WHEN here.source = ${charged} AND here.value IS NOT NULL THEN 0 ELSE 1 END AS added_values,
          input.charged_bytes - CASE WHEN here.source = ${charged} AND here.value IS NOT NULL THEN here.charged_bytes ELSE 0 END AS added_bytes
        FROM input LEFT JOIN dht_value AS here ON here.namespace = input.namespace AND here.key = input.key
      ), measured AS (
        SELECT judged.*,
          coalesce(sum(added_values) FILTER (WHERE judgement = 'new') OVER (ORDER BY position) <= ${freeValues}::bigint
            AND sum(added_bytes) FILTER (WHERE judgement = 'new') OVER (ORDER BY position) <= ${freeBytes}::bigint, true) AS fits
        FROM judged
      ), written AS (
        INSERT INTO dht_value (namespace, key, placement, owner, sequence, expires_at, guarded_until, value, attachment_hash, own, source, charged_bytes)
        SELECT namespace, key, placement, owner, sequence, expires_at, expires_at, value, attachment_hash, ${own}, ${charged}, charged_bytes
        FROM measured WHERE judgement = 'new' AND fits ORDER BY namespace, key
        ON CONFLICT (namespace, key) DO UPDATE SET
          placement = excluded.placement, owner = excluded.owner, sequence = excluded.sequence, expires_at = excluded.expires_at,
          guarded_until = CASE WHEN dht_value.guarded_until <= ${now}::timestamptz THEN excluded.expires_at ELSE greatest(dht_value.guarded_until, excluded.expires_at) END,
          value = excluded.value, attachment_hash = excluded.attachment_hash,
          own = excluded.own OR (dht_value.own AND dht_value.guarded_until > ${now}::timestamptz),
          source = CASE WHEN dht_value.own AND dht_value.guarded_until > ${now}::timestamptz THEN dht_value.source ELSE excluded.source END,
          charged_bytes = excluded.charged_bytes
        WHERE dht_value.guarded_until <= ${now}::timestamptz OR (dht_value.owner = excluded.owner AND dht_value.sequence <= excluded.sequence)
        RETURNING namespace, key, attachment_hash, expires_at
      ), shared AS (
        INSERT INTO dht_attachment (hash, bytes, expires_at)
        SELECT attachment.hash, attachment.bytes, needed.expires_at
        FROM unnest(${attachments.map(({ hash }) => hash)}::bytea[], ${attachments.map(({ bytes }) => bytes)}::bytea[]) AS attachment(hash, bytes)
        JOIN (SELECT attachment_hash, max(expires_at) AS expires_at FROM written GROUP BY attachment_hash) AS needed ON needed.attachment_hash = attachment.hash
        ORDER BY attachment.hash
        ON CONFLICT (hash) DO UPDATE SET expires_at = greatest(dht_attachment.expires_at, excluded.expires_at)
      )
      SELECT
        CASE WHEN judgement <> 'new' THEN judgement WHEN NOT fits THEN 'full' WHEN written.key IS NULL THEN 'overtaken' ELSE 'stored' END AS outcome,
        added_values AS "addedValues", added_bytes AS "addedBytes"
      FROM measured LEFT JOIN written ON written.namespace = measured.namespace AND written.key = measured.key ORDER BY position`;
    this.add(charged, used, rows);
    return rows;
  }

  private async usageOf(source: string, now: Date): Promise<Usage> {
    const known = this.usage.get(source);
    if (known !== undefined && now.getTime() - known.countedAt.getTime() < RECOUNT_MILLISECONDS) return known;
    const [row] = await this.database.$queryRaw<{ values: number; bytes: bigint }[]>`
      SELECT count(*)::int AS values, coalesce(sum(charged_bytes), 0)::bigint AS bytes FROM dht_value WHERE source = ${source} AND value IS NOT NULL`;
    return { values: row?.values ?? 0, bytes: Number(row?.bytes ?? 0), countedAt: now };
  }

  private add(source: string, counted: Usage, rows: readonly JudgedRow[]): void {
    const known = this.usage.get(source);
    let { values, bytes } = known?.countedAt === counted.countedAt ? known : counted;
    for (const { outcome, addedValues, addedBytes } of rows) {
      if (outcome !== 'stored') continue;
      values += addedValues;
      bytes += addedBytes;
    }
    this.usage.set(source, { values, bytes, countedAt: counted.countedAt });
  }
}

function headerOf({ namespace, key, placement, owner, sequence, expiresAt, own }: HeaderRow): ValueHeader {
  return { namespace, key, placement, owner, sequence: Number(sequence), expiresAt, own };
}

function storedOf(row: ValueRow): StoredValue {
  return { ...headerOf(row), value: row.value, attachmentHash: undefined, ...optional('attachmentHash', row.attachmentHash) };
}
