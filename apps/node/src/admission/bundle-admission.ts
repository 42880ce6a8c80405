import type { AccessHolder } from '@carecord/exchange';
import type { Admission, Listing, Records } from '@carecord/records';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Admits bundles. A bundle can bring a Consent that says less than before: then what was granted ends. */
export class BundleAdmission {
  constructor(
    private readonly records: Pick<Records, 'admit'>,
    /** Announces each change of a consent (see `announcingConsentChanges`). */
    private readonly consentRecords: Pick<Records, 'admit'>,
    private readonly holder: Pick<AccessHolder, 'revokeForPatient'>,
  ) {}

  /** @throws FhirError or RecordsError, and nothing of the bundle is stored */
  async admit(bundle: unknown, listing: Listing, staff: StaffPrincipal): Promise<Admission> {
    const actor = actorOf(staff);
    const records = bringsConsent(bundle) ? this.consentRecords : this.records;
    const admission = await records.admit(bundle, { actor, listing });
    for (const patientId of new Set(admission.versions.flatMap((version) => (version.resourceType === 'Consent' && version.patientId ? [version.patientId] : [])))) {
      await this.holder.revokeForPatient(patientId, actor);
    }
    return admission;
  }
}

/** Looks at a bundle that has not been validated yet. */
function bringsConsent(bundle: unknown): boolean {
  const entries = (bundle as { readonly entry?: unknown } | null | undefined)?.entry;
  return Array.isArray(entries) && entries.some((entry: { readonly resource?: { readonly resourceType?: unknown } } | null) => entry?.resource?.resourceType === 'Consent');
}
