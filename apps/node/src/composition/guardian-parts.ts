import { later } from '@carecord/core';
import { Guardians } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import type { OwnStatements } from '../authority/own-statements.ts';
import { AdmissionCounter } from '../identity/admission-counter.ts';
import { readGuardiansFile } from '../identity/guardians-file.ts';
import { repeat } from '../lifecycle/repeating.ts';
import type { Foundation } from './foundation.ts';
import type { NetworkParts } from './network-parts.ts';

/** Guardians that make a key wait for each other for so long at each step, and ask each other less often than they may; when there is nothing to do it is a look into the database. */
const GUARDIAN_MILLISECONDS = 3_000;
/** How soon a change of guardians is followed once enough authorities have signed it, and how soon while there is no key at all. */
const FOLLOW_MILLISECONDS = 60_000;
const FIRST_FOLLOW_MILLISECONDS = 1_000;
const DAY_MILLISECONDS = 24 * 60 * 60_000;

/** This node's part in the guardians of the look-up. */
export function createGuardians(
  { storage, audit, clock, logger }: Foundation,
  { identity, plans, late }: NetworkParts,
  network: NetworkHost,
  { isHospital, sealingKey }: { readonly isHospital: boolean; readonly sealingKey: Uint8Array },
): Guardians {
  const { transactions, guardians: store, patientKeys, settings } = storage;
  const counter = new AdmissionCounter({ patientKeys, audit, settings, transactions });
  late.guardians = new Guardians({ network, identity, isHospital, plan: () => plans.current(), store, sealingKey, admissions: () => counter.count(), audit, transactions, clock, logger });
  return late.guardians;
}

/** Adds what guardians do by themselves; one replica does it. */
export function addGuardianJobs({ storage }: Pick<Foundation, 'storage'>, guardians: Guardians): void {
  storage.jobs.add({ name: 'guardian-keys', everyMilliseconds: GUARDIAN_MILLISECONDS, run: () => guardians.run() });
  storage.jobs.add({ name: 'guardian-counts', everyMilliseconds: DAY_MILLISECONDS, run: () => guardians.tidy() });
}

/**
 * Follows whom the authorities appoint, in every replica, until the node stops.
 * @param own of an authority: the file in which its operator appoints guardians, and what the authority signs
 */
export function followGuardians(
  { clock, logger, closers }: Pick<Foundation, 'clock' | 'closers' | 'logger'>,
  { plans }: Pick<NetworkParts, 'plans'>,
  guardians: Guardians,
  own?: { readonly file: string | undefined; readonly statements: Pick<OwnStatements, 'description' | 'refresh'> },
): void {
  let due = clock.now();
  const run = async (): Promise<void> => {
    const isAppointed = own?.file !== undefined && plans.appoint(await readGuardiansFile(own.file));
    if (isAppointed) await own.statements.refresh();
    if (!isAppointed && clock.now() < due) return;
    const changed = await plans.follow(own?.statements.description());
    due = later(clock.now(), (await guardians.newestKey()) === undefined ? FIRST_FOLLOW_MILLISECONDS : FOLLOW_MILLISECONDS);
    if (changed) await guardians.run();
  };
  closers.add('follow-guardians', repeat([{ name: 'follow-guardians', everyMilliseconds: FIRST_FOLLOW_MILLISECONDS, run }], { clock, logger }));
}
