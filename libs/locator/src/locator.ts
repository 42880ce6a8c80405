import type { AuditActor, AuditEntry, AuditLog } from '@carecord/audit';
import type { Clock, Listing, Logger, TransactionRunner } from '@carecord/core';
import type { Identifier, PurposeOfUse } from '@carecord/fhir';
import type { LocalIdentity } from '@carecord/identity';
import type { NetworkHost } from '@carecord/network';
import { GuardianClient } from './guardian-client.ts';
import { identifierInput } from './identifier.ts';
import type { TypedIdentifier } from './identifier.ts';
import { HospitalKeys } from './keys.ts';
import { LocationBook } from './location.ts';
import type { Location } from './location.ts';
import { LocatorError } from './locator-error.ts';
import { PointerFinder } from './pointer-finder.ts';
import { PointerWriter } from './pointer-writer.ts';
import type { LocatedNetwork, LocatorStore } from './ports.ts';
import { Publisher } from './publisher.ts';
import { TagBook } from './tag-book.ts';

/** What a hospital's locator needs. */
export interface LocatorOptions {
  readonly network: NetworkHost;
  /** Of the network's description, verified before it comes here. */
  readonly description: LocatedNetwork;
  readonly store: LocatorStore;
  /** This hospital; its keys are asked for anew for each pointer. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  /** 32 bytes, secret, derived from the hospital's root key. */
  readonly indexKey: Uint8Array;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Patients handed out at a time by {@link Locator.pointersDueBefore}: bounds the memory of a renewal run. */
const MAX_DUE = 1_000;

/** A hospital's side of the blinded look-up: makes its own patients locatable, and locates patients elsewhere. */
export class Locator {
  private readonly keys: HospitalKeys;
  private readonly guardian: GuardianClient;
  private readonly publisher: Publisher;
  private readonly finder: PointerFinder;
  private readonly locations: LocationBook;

  constructor(private readonly options: LocatorOptions) {
    const { network, description, store, identity, audit, transactions, clock, logger } = options;
    this.keys = new HospitalKeys(options.indexKey);
    this.guardian = new GuardianClient(network, description);
    const tags = new TagBook({ store, guardian: this.guardian, keys: this.keys, description, holder: identity.did, transactions });
    const writer = new PointerWriter({ network, description, identity, keys: this.keys, clock, logger });
    this.publisher = new Publisher({ store, tags, writer, audit, transactions, clock, logger });
    this.finder = new PointerFinder({ network, description, self: identity.did, clock, logger });
    this.locations = new LocationBook(store, this.keys, transactions, clock);
  }

  /**
   * Makes a patient locatable by the identifiers that other hospitals can know, or takes that back. To be called whenever the
   * patient's identifiers or listing change, after a restart, and for {@link pointersDueBefore}; repeating it does no harm.
   * Unlisted patients are known by their tags too, so that a hospital with a consent can ask for them.
   * @throws LocatorError `SLOTS_FULL`, `PUBLISHING_FAILED` or what the guardian refuses; whatever could be written is
   */
  publishPatient(patientId: string, identifiers: readonly TypedIdentifier[], listing: Listing): Promise<void> {
    return this.publisher.publish(patientId, identifiers, listing);
  }

  /** Patients (internal ids) to be published again, the most urgent first, 1,000 at the most: their pointers expire before then. */
  pointersDueBefore(expiresBefore: Date): Promise<string[]> {
    return this.options.store.patientsDue({ expiresBefore, epoch: this.options.description.epoch, limit: MAX_DUE });
  }

  /**
   * Finds out which other hospitals list a patient. The same questions go out whether or not there is anything to find.
   * @throws LocatorError `IDENTIFIER_INVALID`, or when the guardian refuses, does not answer or cheats
   */
  async locate(identifier: Identifier, { purpose, actor }: { readonly purpose: PurposeOfUse; readonly actor: AuditActor }): Promise<Location> {
    const about = { type: 'patient-located' as const, actor, purpose };
    try {
      const [tag] = (await this.guardian.tagsOf([identifierInput(identifier)], purpose)) as [Uint8Array];
      const { pointers, incomplete } = await this.finder.find(tag);
      await this.log({ ...about, outcome: 'success', detail: { found: pointers.length, incomplete } });
      return { tag, pointers, incomplete };
    } catch (error) {
      if (error instanceof LocatorError) await this.log({ ...about, outcome: 'failure', reasonCode: error.code });
      throw error;
    }
  }

  /**
   * The own patient (internal id) that another hospital means by a pointer's handle or by a tag.
   * @param selector `tag`: the `askingTag` of the look-up's tag for this hospital, 32 bytes
   * @returns undefined when there is none, or when a tag fits several
   */
  async patientOf(selector: { readonly handle: Uint8Array } | { readonly tag: Uint8Array }): Promise<string | undefined> {
    const { store } = this.options;
    if ('handle' in selector) return store.patientByHandleToken(this.keys.handleToken(selector.handle));
    const patients = await store.patientsByTagToken(this.keys.tagToken(selector.tag));
    return patients.length === 1 ? patients[0] : undefined;
  }

  /** Keeps a location for an hour, so that the staff member's access request can name it. */
  saveLocation(location: Location, staffId: string): Promise<{ id: string; expiresAt: Date }> {
    return this.locations.save(location, staffId);
  }

  /** A kept location, for the staff member who made it. */
  loadLocation(id: string, staffId: string): Promise<Location | undefined> {
    return this.locations.load(id, staffId);
  }

  private async log(entry: AuditEntry): Promise<void> {
    await this.options.transactions.run((transaction) => this.options.audit.append(transaction, entry));
  }
}
