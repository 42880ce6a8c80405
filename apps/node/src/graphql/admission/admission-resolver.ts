import { Args, Mutation, Resolver } from '@nestjs/graphql';
import type { Listing } from '@carecord/core';
import { BundleAdmission } from '../../admission/bundle-admission.ts';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { LocalHospital } from '../../composition/local-hospital.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { ListingEnum } from '../common/enums.ts';
import { FhirJson } from '../common/fhir-json.ts';
import { resultUnion } from '../common/result-union.ts';
import { Admission } from './admission-types.ts';

const AdmissionResult = resultUnion('AdmissionResult', Admission);

@Resolver()
export class AdmissionResolver {
  constructor(
    private readonly admission: BundleAdmission,
    private readonly hospital: LocalHospital,
  ) {}

  @Requires('bundle.admit')
  @Mutation(() => AdmissionResult, { description: 'Validates, seals and stores a FHIR R4 transaction bundle: all of it or nothing. At most 10 MiB.' })
  async admitBundle(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('bundle', { type: () => FhirJson }) bundle: unknown,
    @Args('listing', { type: () => ListingEnum, nullable: true, description: 'For new patients; if not given, as the hospital has set.' }) listing?: Listing | null,
  ): Promise<Admission> {
    const { patients, versions } = await this.admission.admit(bundle, admissionListing(listing ?? this.hospital.defaultListing), staff);
    return { patients, resources: versions.length, versions };
  }
}

/** New patients have nobody named for them yet: a listing to named hospitals is set for each patient. */
function admissionListing(listing: Listing): Listing {
  return listing === 'named' ? 'unlisted' : listing;
}
