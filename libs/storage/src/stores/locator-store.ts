import type { Transaction } from '@carecord/core';
import { RECIPES } from '@carecord/locator';
import type {
  DueSubject,
  LocatorStore,
  PatientTag,
  PointerClaim,
  PointerKey,
  PointerState,
  StoredLocation,
  StoredPointer,
  StoredTag,
  TaggedPatient,
  TagKey,
  TagRecipe,
} from '@carecord/locator';
import type { Database } from '../database/connection.ts';
import { isUuid, onlyUuids, owned } from '../database/rows.ts';
import type { PostgresTransactions } from '../database/transactions.ts';

/** Tags, pointers and look-up results in PostgreSQL. */
export class PostgresLocatorStore implements LocatorStore {
  constructor(
    private readonly database: Database,
    private readonly transactions: PostgresTransactions,
  ) {}

  async tagsOf(patientIds: readonly string[]): Promise<StoredTag[]> {
    const rows = await this.database.patientTag.findMany({ where: { patientId: { in: onlyUuids(patientIds) } }, include: { pointers: true } });
    return rows.map(storedTag);
  }

  async saveTags(transaction: Transaction, tags: readonly PatientTag[]): Promise<void> {
    if (tags.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      INSERT INTO patient_tag (patient_id, input_token, epoch, recipe, tag_token, handle_token, sealed_tag)
      SELECT * FROM unnest(
        ${tags.map(({ patientId }) => patientId)}::uuid[], ${tags.map(({ inputToken }) => inputToken)}::bytea[],
        ${tags.map(({ epoch }) => epoch)}::int[], ${tags.map(({ recipe }) => recipe)}::text[],
        ${tags.map(({ tagToken }) => tagToken)}::bytea[], ${tags.map(({ handleToken }) => handleToken)}::bytea[],
        ${tags.map(({ sealedTag }) => sealedTag)}::bytea[])
      ON CONFLICT (patient_id, input_token, epoch) DO NOTHING`;
  }

  async removeTags(transaction: Transaction, keys: readonly TagKey[]): Promise<void> {
    const known = keys.filter(({ patientId }) => isUuid(patientId));
    if (known.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      DELETE FROM patient_tag WHERE (patient_id, input_token, epoch) IN (SELECT * FROM unnest(
        ${known.map(({ patientId }) => patientId)}::uuid[], ${known.map(({ inputToken }) => inputToken)}::bytea[],
        ${known.map(({ epoch }) => epoch)}::int[]))`;
  }

  async removeEndedEpochs(transaction: Transaction, liveEpochs: readonly number[], limit: number): Promise<number> {
    return await this.transactions.statementsOf(transaction).$executeRaw`
      DELETE FROM patient_tag WHERE (patient_id, input_token, epoch) IN (
        SELECT patient_id, input_token, epoch FROM patient_tag ended
        WHERE epoch <> ALL(${[...liveEpochs]}::int[]) AND (recipe = 'dummy' OR EXISTS (
          SELECT FROM patient_tag live WHERE live.patient_id = ended.patient_id AND live.epoch = ANY(${[...liveEpochs]}::int[])))
        LIMIT ${limit})`;
  }

  async claimPointers(transaction: Transaction, claims: readonly PointerClaim[]): Promise<(number | undefined)[]> {
    const known = claims.filter(({ patientId }) => isUuid(patientId));
    if (known.length === 0) return claims.map(() => undefined);
    // In one order everywhere, so that two that claim the same pointers wait for each other and do not lock each other out.
    const rows = await this.transactions.statementsOf(transaction).$queryRaw<(PointerKey & { sequence: bigint })[]>`
      INSERT INTO pointer (patient_id, input_token, epoch, recipient_token, sealed_recipient, sequence, slot, touched)
      SELECT claim.patient_id, claim.input_token, claim.epoch, recipient_token, sealed_recipient, greatest(at_least, 1), slot, 1 << slot FROM unnest(
        ${known.map(({ patientId }) => patientId)}::uuid[], ${known.map(({ inputToken }) => inputToken)}::bytea[],
        ${known.map(({ epoch }) => epoch)}::int[], ${known.map(({ recipientToken }) => recipientToken)}::bytea[],
        ${known.map(({ sealedRecipient }) => sealedRecipient)}::bytea[], ${known.map(({ atLeast }) => atLeast)}::bigint[],
        ${known.map(({ slot }) => slot)}::int[])
        AS claim (patient_id, input_token, epoch, recipient_token, sealed_recipient, at_least, slot)
      JOIN patient_tag tag ON tag.patient_id = claim.patient_id AND tag.input_token = claim.input_token AND tag.epoch = claim.epoch
      ORDER BY claim.patient_id, claim.input_token, claim.epoch, recipient_token
      ON CONFLICT (patient_id, input_token, epoch, recipient_token) DO UPDATE SET
        sequence = greatest(pointer.sequence + 1, excluded.sequence), slot = excluded.slot, touched = pointer.touched | excluded.touched,
        state = nullif(pointer.state, 'withdrawn')
      RETURNING patient_id AS "patientId", input_token AS "inputToken", epoch, recipient_token AS "recipientToken", sequence`;
    const sequences = new Map(rows.map(({ sequence, ...key }) => [nameOf(key), Number(sequence)]));
    return claims.map((claim) => sequences.get(nameOf(claim)));
  }

  async savePointers(transaction: Transaction, pointers: readonly (PointerKey & PointerState)[]): Promise<void> {
    const known = pointers.filter(({ patientId }) => isUuid(patientId));
    if (known.length === 0) return;
    await this.transactions.statementsOf(transaction).$executeRaw`
      UPDATE pointer SET sequence = saved.sequence, slot = saved.slot, touched = saved.touched, state = saved.state, expires_at = saved.expires_at
      FROM unnest(
        ${known.map(({ patientId }) => patientId)}::uuid[], ${known.map(({ inputToken }) => inputToken)}::bytea[],
        ${known.map(({ epoch }) => epoch)}::int[], ${known.map(({ recipientToken }) => recipientToken)}::bytea[],
        ${known.map(({ sequence }) => sequence)}::bigint[], ${known.map(({ slot }) => slot)}::int[],
        ${known.map(({ touched }) => touched)}::int[], ${known.map(({ state }) => state ?? null)}::text[],
        ${known.map(({ expiresAt }) => expiresAt ?? null)}::timestamptz[])
        AS saved (patient_id, input_token, epoch, recipient_token, sequence, slot, touched, state, expires_at)
      WHERE pointer.patient_id = saved.patient_id AND pointer.input_token = saved.input_token AND pointer.epoch = saved.epoch
        AND pointer.recipient_token = saved.recipient_token AND pointer.sequence <= saved.sequence`;
  }

  async patientsByTagToken(tagToken: Uint8Array): Promise<TaggedPatient[]> {
    return await this.database.$queryRaw<TaggedPatient[]>`
      SELECT DISTINCT ON (patient_id) patient_id AS "patientId", recipe, tag_token AS "tagToken" FROM patient_tag
      WHERE tag_token = ${tagToken} ORDER BY patient_id, array_position(${[...RECIPES]}::text[], recipe)`;
  }

  async patientByHandleToken(handleToken: Uint8Array): Promise<TaggedPatient | undefined> {
    const tag = await this.database.patientTag.findUnique({
      where: { handleToken: owned(handleToken) },
      select: { patientId: true, recipe: true, tagToken: true },
    });
    return tag === null ? undefined : { ...tag, recipe: tag.recipe as TagRecipe };
  }

  async due({ expiresBefore, liveEpochs, limit }: { expiresBefore: Date; liveEpochs: readonly number[]; limit: number }): Promise<DueSubject[]> {
    const live = [...liveEpochs];
    return await this.database.$queryRaw<DueSubject[]>`
      WITH urgency AS (
        SELECT patient_id, coalesce(expires_at, '-infinity') AS at FROM pointer
        WHERE epoch = ANY(${live}::int[]) AND (state IS NULL OR (state = 'listed' AND expires_at < ${expiresBefore}))
        UNION ALL
        SELECT patient_id, '-infinity' FROM patient_tag tag WHERE recipe = 'dummy' AND epoch = ANY(${live}::int[]) AND NOT EXISTS (
          SELECT FROM pointer WHERE pointer.patient_id = tag.patient_id AND pointer.input_token = tag.input_token AND pointer.epoch = tag.epoch)
        UNION ALL
        SELECT patient_id, 'infinity' FROM patient_tag WHERE recipe <> 'dummy' GROUP BY patient_id
        HAVING count(DISTINCT epoch) FILTER (WHERE epoch = ANY(${live}::int[])) < ${live.length}
      )
      SELECT patient_id AS "subjectId",
        EXISTS (SELECT FROM patient_tag WHERE patient_tag.patient_id = urgency.patient_id AND recipe = 'dummy') AS dummy
      FROM urgency GROUP BY patient_id ORDER BY min(at), patient_id LIMIT ${limit}`;
  }

  async countPointers(epoch: number, now: Date): Promise<{ patients: number; dummies: number }> {
    const [counted] = await this.database.$queryRaw<{ patients: number; dummies: number }[]>`
      SELECT
        (SELECT count(*) FROM pointer WHERE epoch = ${epoch} AND state IS DISTINCT FROM 'withdrawn' AND (expires_at IS NULL OR expires_at > ${now})
          AND NOT EXISTS (SELECT FROM patient_tag tag WHERE tag.patient_id = pointer.patient_id AND tag.input_token = pointer.input_token
            AND tag.epoch = pointer.epoch AND recipe = 'dummy'))::int AS patients,
        (SELECT count(*) FROM patient_tag WHERE epoch = ${epoch} AND recipe = 'dummy')::int AS dummies`;
    return counted ?? { patients: 0, dummies: 0 };
  }

  async randomDummies(epoch: number, limit: number): Promise<StoredTag[]> {
    const chosen = await this.database.$queryRaw<{ patientId: string }[]>`
      SELECT patient_id AS "patientId" FROM patient_tag WHERE epoch = ${epoch} AND recipe = 'dummy' ORDER BY random() LIMIT ${limit}`;
    return this.tagsOf(chosen.map(({ patientId }) => patientId));
  }

  async saveLocation(transaction: Transaction, location: StoredLocation): Promise<void> {
    const { id, staffId, expiresAt } = location;
    const sealed = owned(location.sealed);
    await this.transactions.statementsOf(transaction).location.upsert({
      where: { id },
      create: { id, staffId, sealed, expiresAt },
      update: { staffId, sealed, expiresAt },
    });
  }

  async findLocation(id: string, staffId: string, now: Date): Promise<StoredLocation | undefined> {
    const location = await this.database.location.findFirst({ where: { id, staffId, expiresAt: { gt: now } } });
    return location ?? undefined;
  }

  async removeExpiredLocations(transaction: Transaction, now: Date): Promise<number> {
    const { count } = await this.transactions.statementsOf(transaction).location.deleteMany({ where: { expiresAt: { lte: now } } });
    return count;
  }
}

/** A row of `patient_tag` with its pointers. */
type TagRow = Omit<PatientTag, 'recipe'> & {
  readonly recipe: string;
  readonly pointers: readonly (PointerKey & Pick<StoredPointer, 'sealedRecipient' | 'slot' | 'touched'> & { sequence: bigint; state: string | null; expiresAt: Date | null })[];
};

function storedTag({ pointers, recipe, ...tag }: TagRow): StoredTag {
  return {
    ...tag,
    recipe: recipe as TagRecipe,
    pointers: pointers.map(({ recipientToken, sealedRecipient, sequence, slot, touched, state, expiresAt }) => ({
      recipientToken,
      sealedRecipient,
      sequence: Number(sequence),
      slot,
      touched,
      state: (state as PointerState['state'] | null) ?? undefined,
      expiresAt: expiresAt ?? undefined,
    })),
  };
}

function nameOf({ patientId, inputToken, epoch, recipientToken }: PointerKey): string {
  return [patientId.toLowerCase(), epoch, Buffer.from(inputToken).toString('hex'), Buffer.from(recipientToken).toString('hex')].join(' ');
}
