import type { Listing } from '@carecord/core';
import type { AccessHolder } from '@carecord/exchange';
import type { Admission, Records } from '@carecord/records';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Admits bundles. A bundle can bring a Consent that says less than before: then what was granted ends at once. */
export class BundleAdmission {
  constructor(
    private readonly records: Pick<Records, 'admit'>,
    private readonly holder: Pick<AccessHolder, 'revokeForPatient'>,
  ) {}

  /** @throws FhirError or RecordsError, and nothing of the bundle is stored */
  async admit(bundle: unknown, listing: Listing, staff: StaffPrincipal): Promise<Admission> {
    const actor = actorOf(staff);
    const admission = await this.records.admit(bundle, { actor, listing });
    for (const patientId of admission.consentsNarrowed) await this.holder.revokeForPatient(patientId, actor);
    return admission;
  }
}
