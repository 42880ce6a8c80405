import { bytes, decodeWire, encodeWire, later, newId } from '@carecord/core';
import type { Clock, TransactionRunner } from '@carecord/core';
import { hashWithContext, open, seal } from '@carecord/crypto';
import { didSchema, memberNameSchema } from '@carecord/identity';
import { MAX_VALUE_OWNERS } from '@carecord/network';
import { z } from 'zod';
import type { HospitalKeys } from './keys.ts';
import { HANDLE_BYTES, POINTER_SLOTS } from './keys.ts';
import { TAG_BYTES } from './oprf.ts';
import type { LocatorStore } from './ports.ts';

/**
 * Every slot may show a value of each owner that the DHT can answer with, while several race for it; what is not the answer to an
 * ordinary question is cut off, with a reason.
 */
export const MAX_POINTERS = POINTER_SLOTS * MAX_VALUE_OWNERS * 4;

/**
 * Why there may be more than was found:
 * - `GUARDIANS_UNREACHED`: too few guardians answered for one of the epochs
 * - `NETWORK_UNREAD`: members that may store pointers did not answer
 * - `HOLDER_UNKNOWN`: a pointer was found, but not the keys of the hospital that it names
 * - `TOO_MANY`: more pointers than one result holds
 */
export const INCOMPLETE_REASONS = ['GUARDIANS_UNREACHED', 'NETWORK_UNREAD', 'HOLDER_UNKNOWN', 'TOO_MANY'] as const;

/** One of {@link INCOMPLETE_REASONS}. */
export type IncompleteReason = (typeof INCOMPLETE_REASONS)[number];

const locationSchema = z.strictObject({
  /** What the identifier or the name became; a holder that the asker knows of otherwise can be asked by what `askingTag` makes of it. */
  tag: bytes({ exactly: TAG_BYTES }),
  pointers: z
    .array(z.strictObject({ holder: didSchema, holderName: memberNameSchema, handle: bytes({ exactly: HANDLE_BYTES }) }))
    .max(MAX_POINTERS),
  /** Whether something could not be asked, for these reasons: there may be more. */
  incomplete: z.boolean(),
  reasons: z.array(z.enum(INCOMPLETE_REASONS)).max(INCOMPLETE_REASONS.length),
});

/** Where a patient's records are, as far as they are listed. */
export type Location = z.infer<typeof locationSchema>;

/** One holder that says it knows the patient, and its name for the patient. */
export type FoundPointer = Location['pointers'][number];

/** How long an access request can name a look-up: a consultation, not a shift. */
export const LOCATION_LIFETIME_MILLISECONDS = 60 * 60 * 1000;
/** {@link MAX_POINTERS} with the longest DIDs and names have 130 KiB. */
const MAX_LOCATION_BYTES = 160 * 1024;
const SEAL_CONTEXT = 'locator/location';

/** Keeps look-up results, sealed, for the staff member who made them. */
export class LocationBook {
  constructor(
    private readonly store: LocatorStore,
    private readonly keys: HospitalKeys,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /** Keeps a location for {@link LOCATION_LIFETIME_MILLISECONDS}, and deletes those that have expired. */
  async save(location: Location, staffId: string): Promise<{ id: string; expiresAt: Date }> {
    const id = newId();
    const now = this.clock.now();
    const expiresAt = later(now, LOCATION_LIFETIME_MILLISECONDS);
    const sealed = seal(this.keys.locationSealKey, encodeWire(locationSchema, location), SEAL_CONTEXT, belongsTo(id, staffId));
    await this.transactions.run(async (transaction) => {
      await this.store.removeExpiredLocations(transaction, now);
      await this.store.saveLocation(transaction, { id, staffId, sealed, expiresAt });
    });
    return { id, expiresAt };
  }

  /** The location, for the staff member who made it, until it expires. */
  async load(id: string, staffId: string): Promise<Location | undefined> {
    const stored = await this.store.findLocation(id, staffId, this.clock.now());
    if (stored === undefined) return undefined;
    return decodeWire(locationSchema, open(this.keys.locationSealKey, stored.sealed, SEAL_CONTEXT, belongsTo(id, staffId)), MAX_LOCATION_BYTES);
  }
}

function belongsTo(id: string, staffId: string): Uint8Array {
  return hashWithContext('locator/location-of', id, staffId);
}
