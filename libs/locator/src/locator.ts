import type { AuditActor, AuditEntry, AuditLog } from '@carecord/audit';
import { later, UNLISTED } from '@carecord/core';
import type { Clock, Logger, PatientListing, TransactionRunner } from '@carecord/core';
import type { PurposeOfUse } from '@carecord/fhir';
import type { LocalIdentity } from '@carecord/identity';
import type { NetworkHost, PublishOptions } from '@carecord/network';
import { Audiences } from './audiences.ts';
import { Dummies } from './dummies.ts';
import { HospitalKeys } from './keys.ts';
import { LOCATION_LIFETIME_MILLISECONDS, LocationBook, MAX_POINTERS } from './location.ts';
import type { IncompleteReason, Location } from './location.ts';
import { LocatorError } from './locator-error.ts';
import { PointerFinder } from './pointer-finder.ts';
import { PointerWriter } from './pointer-writer.ts';
import type { DueSubject, LocatorStore } from './ports.ts';
import { Publisher } from './publisher.ts';
import type { PatientOutcome } from './publisher.ts';
import { patientInputs, queryInputs, strengthOf } from './recipes.ts';
import type { LocateQuery, Person } from './recipes.ts';
import { SlotClaims } from './slot-claims.ts';
import { TagBook } from './tag-book.ts';
import type { Epoch, EpochTags, TagRequest, TagSource } from './tag-source.ts';

/** What a hospital's locator needs. */
export interface LocatorOptions {
  readonly network: NetworkHost;
  /** Makes tags with the guardians' help. */
  readonly tags: TagSource;
  readonly store: LocatorStore;
  /** This hospital; its keys are asked for anew for each publication. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  /** Seeds of this hospital's recipient keys that are not destroyed, the present one first: they open what is listed to it by name. */
  readonly recipientSeeds: () => readonly Uint8Array[];
  /** 32 bytes, secret, derived from the hospital's root key. */
  readonly indexKey: Uint8Array;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A patient and how it is to be found. */
export interface PublishedPatient extends Person {
  readonly patientId: string;
  readonly listing: PatientListing;
}

/** Whom another hospital means. */
export type PatientMatch =
  | { readonly found: 'one'; readonly patientId: string; readonly by: 'identifier' | 'demographics' }
  /** A name and birth date that several patients share: which of them is meant is not for us to guess. */
  | { readonly found: 'several' }
  | { readonly found: 'none' };

/** A hospital's side of the blinded look-up: makes its own patients locatable, and locates patients elsewhere. */
export class Locator {
  private readonly keys: HospitalKeys;
  private readonly publisher: Publisher;
  private readonly finder: PointerFinder;
  private readonly locations: LocationBook;

  constructor(private readonly options: LocatorOptions) {
    const { network, tags: source, store, identity, recipientSeeds, audit, transactions, clock, logger } = options;
    const keys = new HospitalKeys(options.indexKey);
    const tags = new TagBook({ store, source, keys, holder: identity.did, transactions });
    const writer = new PointerWriter({ network, identity, keys, clock });
    const claims = new SlotClaims({ store, writer, keys, transactions, clock, logger });
    const dummies = new Dummies({ store, tags, keys, transactions });
    this.keys = keys;
    this.publisher = new Publisher({ store, source, tags, audiences: new Audiences(keys, network), dummies, claims, audit, transactions, clock, logger });
    this.finder = new PointerFinder({ network, networkId: identity.networkId, self: identity.did, recipientSeeds, clock, logger });
    this.locations = new LocationBook(store, keys, transactions, clock);
  }

  /**
   * Makes a patient locatable by what other hospitals can know of it, or takes that back. To be called whenever the patient's
   * identifiers, name or listing change; repeating it does no harm. Unlisted patients are known by their tags too, so that a
   * hospital with a consent can ask for them.
   * @throws LocatorError `SLOTS_FULL`, `PUBLISHING_FAILED`, `RECIPIENT_UNKNOWN` or what the guardians refuse; whatever could be written is
   */
  async publishPatient(patientId: string, person: Person, listing: PatientListing = UNLISTED): Promise<void> {
    const [outcome] = await this.publisher.publish([{ patientId, inputs: patientInputs(person), listing }]);
    if (outcome?.error !== undefined) throw outcome.error;
  }

  /**
   * {@link publishPatient} for many, together with dummies: messages grow with the members that store, not with the patients.
   * @param dummyIds of {@link due}, to be renewed with them
   * @returns how each ended; what failed is due again
   */
  publishPatients(patients: readonly PublishedPatient[], dummyIds: readonly string[], options?: PublishOptions): Promise<PatientOutcome[]> {
    const publications = patients.map(({ patientId, listing, ...person }) => ({ patientId, inputs: patientInputs(person), listing }));
    return this.publisher.publish(publications, dummyIds, options);
  }

  /** Patients and dummies to be published again, the most urgent first, `limit` at the most: their pointers expire before then, or an epoch began. */
  async due(expiresBefore: Date, limit: number): Promise<DueSubject[]> {
    const liveEpochs = (await this.options.tags.epochs()).map(({ number }) => number);
    return this.options.store.due({ expiresBefore, liveEpochs, limit });
  }

  /** Brings the number of dummies to what hides the number of patients, and forgets ended epochs. To be called now and then. */
  tidy(): Promise<void> {
    return this.publisher.tidy();
  }

  /**
   * Finds out which other hospitals list a patient. The same questions go out whether or not there is anything to find.
   * @throws LocatorError `IDENTIFIER_INVALID`, `DEMOGRAPHICS_INVALID`, or when the guardians refuse, do not answer or cheat
   */
  async locate(query: LocateQuery, { purpose, actor }: { readonly purpose: PurposeOfUse; readonly actor: AuditActor }): Promise<Location> {
    const about = { type: 'patient-located' as const, actor, purpose };
    try {
      const location = await this.find(query, purpose, actor);
      const detail = { found: location.pointers.length, incomplete: location.incomplete, by: 'family' in query ? 'demographics' : 'identifier' };
      await this.log({ ...about, outcome: 'success', detail });
      return location;
    } catch (error) {
      const reasonCode = error instanceof LocatorError ? error.code : 'INTERNAL_ERROR';
      await this.log({ ...about, outcome: 'failure', reasonCode });
      throw error;
    }
  }

  /**
   * The own patient that another hospital means by a pointer's handle or by a tag.
   * @param selector `tag`: the `askingTag` of the look-up's tag for this hospital, 32 bytes
   */
  async patientOf(selector: { readonly handle: Uint8Array } | { readonly tag: Uint8Array }): Promise<PatientMatch> {
    const { store } = this.options;
    const named = 'handle' in selector ? await store.patientByHandleToken(this.keys.handleToken(selector.handle)) : undefined;
    const alike = await store.patientsByTagToken('tag' in selector ? this.keys.tagToken(selector.tag) : (named?.tagToken ?? new Uint8Array()));
    const [first] = alike;
    if (first === undefined || first.recipe === 'dummy') return { found: 'none' };
    const by = strengthOf(first.recipe);
    // A handle says which of two patients with one number is meant; of two with one name it may have been the other one.
    if (named !== undefined && by === 'identifier') return { found: 'one', patientId: named.patientId, by };
    return alike.length === 1 ? { found: 'one', patientId: first.patientId, by } : { found: 'several' };
  }

  /** Keeps a location for an hour, so that the staff member's access request can name it. */
  saveLocation(location: Location, staffId: string): Promise<{ id: string; expiresAt: Date }> {
    return this.locations.save(location, staffId);
  }

  /** A kept location, for the staff member who made it. */
  loadLocation(id: string, staffId: string): Promise<Location | undefined> {
    return this.locations.load(id, staffId);
  }

  private async find(query: LocateQuery, purpose: PurposeOfUse, actor: AuditActor): Promise<Location> {
    const { tags, clock, identity } = this.options;
    const inputs = queryInputs(query).map(({ input }) => input);
    const epochs = await tags.epochs();
    const clinician = this.keys.clinicianPseudonym(identity.networkId, epochs[0]?.number ?? 0, actor.id);
    const evaluated = await this.evaluate(inputs, { purpose, clinician }, epochs.map(({ number }) => number));
    const { pointers, reasons: read } = await this.finder.find(evaluated);
    const reasons: IncompleteReason[] = [...read];
    if (evaluated.length < epochs.length) reasons.push('GUARDIANS_UNREACHED');
    if (pointers.length > MAX_POINTERS) reasons.push('TOO_MANY');
    const tag = askedBy(evaluated, epochs, clock.now());
    return { tag, pointers: pointers.slice(0, MAX_POINTERS), incomplete: reasons.length > 0, reasons };
  }

  /** The tags in all epochs; where the guardians of one do not answer, in the others. */
  private async evaluate(inputs: readonly Uint8Array[], request: TagRequest, epochs: readonly number[]): Promise<readonly EpochTags[]> {
    const { tags, logger } = this.options;
    try {
      return await tags.tagsOf(inputs, request, epochs);
    } catch (error) {
      if (epochs.length < 2 || !(error instanceof LocatorError) || error.code !== 'GUARDIAN_UNAVAILABLE') throw error;
      logger.warn('guardians-unreached', { epochs: epochs.length }, error);
      const each = await Promise.allSettled(epochs.map((epoch) => tags.tagsOf(inputs, request, [epoch])));
      const answered = each.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
      if (answered.length === 0) throw error;
      return answered;
    }
  }

  private async log(entry: AuditEntry): Promise<void> {
    await this.options.transactions.run((transaction) => this.options.audit.append(transaction, entry));
  }
}

/** The tag to ask holders by: while a new epoch begins, not all of them have it yet, so the oldest that counts as long as the result is kept. */
function askedBy(evaluated: readonly EpochTags[], epochs: readonly Epoch[], now: Date): Uint8Array {
  const keptUntil = later(now, LOCATION_LIFETIME_MILLISECONDS);
  const lasting = epochs.filter(({ endsAt }) => endsAt === undefined || endsAt >= keptUntil).map(({ number }) => number);
  const [first] = [...evaluated].reverse().filter(({ epoch }) => lasting.includes(epoch));
  const [tag] = (first ?? evaluated[0])?.tags ?? [];
  if (tag === undefined) throw new LocatorError('GUARDIAN_UNAVAILABLE', 'There is no epoch in which patients can be looked for.');
  return tag;
}
