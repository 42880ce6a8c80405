/** To whom a patient can be found through the locator: every member of the network, named hospitals alone, or nobody. */
export const LISTINGS = ['listed', 'named', 'unlisted'] as const;

/** One of {@link LISTINGS}. */
export type Listing = (typeof LISTINGS)[number];

/** A hospital that a patient is listed to. */
export interface NamedHospital {
  readonly did: string;
  /** When the permission ends that this rests on; `undefined`: when it is taken back. */
  readonly until?: Date;
}

/** A listing with the hospitals that it names: none unless it is `named`. */
export interface PatientListing {
  readonly listing: Listing;
  readonly hospitals: readonly NamedHospital[];
}

/**
 * Hospitals that one patient can be listed to by name: each costs as many pointers as listing to everybody, and more than these are
 * a network, not a circle of hospitals.
 */
export const MAX_NAMED_HOSPITALS = 32;

/** Nobody: also what holds whenever it is not known to whom. */
export const UNLISTED: PatientListing = Object.freeze({ listing: 'unlisted', hospitals: [] });
