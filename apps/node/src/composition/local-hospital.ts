import type { Listing } from '@carecord/core';

/** What the parts of a node know about the hospital that they belong to. */
export class LocalHospital {
  constructor(
    readonly did: string,
    readonly name: string,
    /** What becomes of a new patient unless the admission says otherwise. */
    readonly defaultListing: Listing,
  ) {}
}
