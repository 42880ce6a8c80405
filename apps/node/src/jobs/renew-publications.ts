import type { Clock, Logger } from '@carecord/core';
import { later } from '@carecord/core';
import type { DueSubject, Locator, ReferencePublisher, StoredReference } from '@carecord/locator';
import type { Records } from '@carecord/records';
import type { PatientPublisher } from './publish-patient.ts';

/** Pointers and references last 48 hours: renewed when less than half is left, a day of trouble loses none. */
export const RENEW_BEFORE_MILLISECONDS = 24 * 60 * 60_000;
/** How often the hospital looks for what is to be renewed. */
export const RENEWAL_INTERVAL_MILLISECONDS = 10 * 60_000;
/** Patients published together: a few thousand pointers of 6 KB, which are in memory at once. */
const PATIENTS_AT_ONCE = 500;
/** References published together: less than a kilobyte each. */
const REFERENCES_AT_ONCE = 5_000;
/** What one run renews at the most, so that it ends before the next: over a day, 1.4 million patients and 14 million references. */
const MAX_BATCHES = 20;

/** What a renewal works with. */
export interface RenewalDependencies {
  readonly locator: Pick<Locator, 'due' | 'tidy'>;
  readonly references: Pick<ReferencePublisher, 'due' | 'forget' | 'publish' | 'tidy'>;
  readonly records: Pick<Records, 'manifests'>;
  readonly publisher: Pick<PatientPublisher, 'publishPointers'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a run has done: patients and references, dummies among them. */
export interface Renewal {
  readonly renewed: number;
  readonly failed: number;
}

/**
 * Publishes again, in batches, what is about to expire, with dummies among it; what is most urgent first, the rest in the next run. Pointers
 * need guardians, references do not: the one fails without the other.
 * @throws what one of them failed with, once the other is done
 */
export async function renewPublications(dependencies: RenewalDependencies): Promise<Renewal> {
  const { locator, references, logger } = dependencies;
  const [pointers] = await Promise.allSettled([locator.tidy().then(() => renewPointers(dependencies))]);
  const [renewed] = await Promise.allSettled([references.tidy().then(() => renewReferences(dependencies))]);
  const done = [pointers, renewed].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const total = { renewed: sumOf(done.map((one) => one.renewed)), failed: sumOf(done.map((one) => one.failed)) };
  if (total.renewed + total.failed > 0) logger.info('publications-renewed', { ...total });
  for (const one of [pointers, renewed]) if (one.status === 'rejected') throw one.reason;
  return total;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

async function renewPointers({ locator, publisher, clock, logger }: RenewalDependencies): Promise<Renewal> {
  const before = later(clock.now(), RENEW_BEFORE_MILLISECONDS);
  const dueNow = (limit: number): Promise<DueSubject[]> => locator.due(before, limit);
  return inBatches(logger, { what: 'pointers', atOnce: PATIENTS_AT_ONCE, dueNow }, async (due) => {
    const [patients, dummies] = [due.filter(({ dummy }) => !dummy), due.filter(({ dummy }) => dummy)];
    const outcomes = await publisher.publishPointers(patients.map(({ subjectId }) => subjectId), dummies.map(({ subjectId }) => subjectId));
    return outcomes.filter(({ error }) => error !== undefined).length;
  });
}

async function renewReferences({ references, records, clock, logger }: RenewalDependencies): Promise<Renewal> {
  const before = later(clock.now(), RENEW_BEFORE_MILLISECONDS);
  const isDummy = ({ dummyGeneration }: StoredReference): boolean => dummyGeneration !== undefined;
  const dueNow = (limit: number): Promise<StoredReference[]> => references.due(before, limit);
  return inBatches(logger, { what: 'references', atOnce: REFERENCES_AT_ONCE, dueNow }, async (due) => {
    const patientIds = due.filter((one) => !isDummy(one)).map(({ subjectId }) => subjectId);
    const manifests = await records.manifests(patientIds);
    const present = new Set(manifests.map(({ patientId }) => patientId));
    await references.forget(patientIds.filter((patientId) => !present.has(patientId)));
    const outcomes = await references.publish(manifests, due.filter(isDummy));
    return outcomes.filter(({ error }) => error !== undefined).length;
  });
}

/** Takes what is due, batch by batch, each subject once: what failed stays due, and must not keep the others waiting. */
async function inBatches<Due extends { readonly subjectId: string }>(
  logger: Logger,
  { what, atOnce, dueNow }: { readonly what: string; readonly atOnce: number; readonly dueNow: (limit: number) => Promise<readonly Due[]> },
  renew: (due: readonly Due[]) => Promise<number>,
): Promise<Renewal> {
  const seen = new Set<string>();
  let failed = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const due = (await dueNow(atOnce + failed)).filter(({ subjectId }) => !seen.has(subjectId));
    if (due.length === 0) break;
    for (const { subjectId } of due) seen.add(subjectId);
    failed += await renew(due);
    logger.info('renewal-progress', { what, renewed: seen.size - failed, failed });
  }
  return { renewed: seen.size - failed, failed };
}
