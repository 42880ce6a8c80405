import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Records } from '@carecord/records';
import type { Listing } from '@carecord/core';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { PatientReader } from '../../patients/patient-reader.ts';
import { actorOf } from '../../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { ListingEnum } from '../common/enums.ts';
import { InputPipe } from '../common/input.ts';
import { hospitalsSchema, idSchema, identifierSchema, pageSchema, resourceTypesSchema } from '../common/input-schemas.ts';
import type { Page } from '../common/input-schemas.ts';
import { pageOf } from '../common/paging.ts';
import { resultUnion } from '../common/result-union.ts';
import { IdentifierInput, PageInput } from '../common/shared-inputs.ts';
import { ListingChange, Patient, PatientMatches, Timeline } from './patient-types.ts';

const FindPatientsResult = resultUnion('FindPatientsResult', PatientMatches);
const PatientResult = resultUnion('PatientResult', Patient);
const TimelineResult = resultUnion('TimelineResult', Timeline);
const SetListingResult = resultUnion('SetListingResult', ListingChange);

@Resolver()
export class PatientResolver {
  constructor(
    private readonly reader: PatientReader,
    private readonly records: Records,
  ) {}

  @Requires('patient.find')
  @Query(() => FindPatientsResult, { description: 'Patients of this hospital by an identifier.' })
  async findPatients(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('identifier', { type: () => IdentifierInput }, new InputPipe(identifierSchema)) identifier: IdentifierInput,
  ): Promise<PatientMatches> {
    return { patientIds: await this.reader.find(identifier, staff) };
  }

  @Requires('patient.read')
  @Query(() => PatientResult, { description: 'A patient of this hospital.' })
  async patient(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('patientId', { type: () => ID }, new InputPipe(idSchema)) patientId: string,
  ): Promise<Patient> {
    return { id: patientId, ...(await this.reader.patient(patientId, staff)) };
  }

  @Requires('timeline.read')
  @Query(() => TimelineResult, { description: "A patient's records of this hospital, newest first." })
  async timeline(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('patientId', { type: () => ID }, new InputPipe(idSchema)) patientId: string,
    @Args('resourceTypes', { type: () => [String], nullable: true }, new InputPipe(resourceTypesSchema)) resourceTypes: string[] | null | undefined,
    @Args('page', { type: () => PageInput, nullable: true }, new InputPipe(pageSchema)) page: Page,
  ): Promise<Timeline> {
    const all = await this.reader.timeline(patientId, resourceTypes ?? undefined, staff);
    const { entries, nextCursor } = pageOf(all, page);
    return { records: entries, total: all.length, nextCursor };
  }

  @Requires('listing.change')
  @Mutation(() => SetListingResult, { description: 'Lets all other hospitals find that there are records of this patient here, or named ones, or none. Consents may name more, or take some out.' })
  async setListing(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('patientId', { type: () => ID }, new InputPipe(idSchema)) patientId: string,
    @Args('listing', { type: () => ListingEnum }) listing: Listing,
    @Args('hospitals', { type: () => [String], nullable: true, description: 'With NAMED: their DIDs.' }, new InputPipe(hospitalsSchema)) hospitals?: string[] | null,
  ): Promise<ListingChange> {
    await this.records.setListing(patientId, listing, actorOf(staff), hospitals ?? []);
    return { patientId, listing };
  }
}
