import { Args, Mutation, Resolver } from '@nestjs/graphql';
import type { Identifier, PurposeOfUse } from '@carecord/fhir';
import { Locator } from '@carecord/locator';
import type { LocateQuery } from '@carecord/locator';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { actorOf } from '../../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { PurposeEnum } from '../common/enums.ts';
import { InputPipe } from '../common/input.ts';
import { demographicsSchema, identifierSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { IdentifierInput } from '../common/shared-inputs.ts';
import { InputError } from '../../failures/input-error.ts';
import { DemographicsInput, PatientLocation } from './location-types.ts';

const LocateResult = resultUnion('LocateResult', PatientLocation);

@Resolver()
export class LocationResolver {
  constructor(private readonly locator: Locator) {}

  @Requires('patient.locate')
  @Mutation(() => LocateResult, { description: 'Finds out which other hospitals list a patient, without showing them or anybody the identifier, or name and birth date: one of the two is to be given.' })
  async locate(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('purpose', { type: () => PurposeEnum }) purpose: PurposeOfUse,
    @Args('identifier', { type: () => IdentifierInput, nullable: true }, new InputPipe(identifierSchema.nullish())) identifier?: IdentifierInput | null,
    @Args('demographics', { type: () => DemographicsInput, nullable: true }, new InputPipe(demographicsSchema.nullish())) demographics?: DemographicsInput | null,
  ): Promise<PatientLocation> {
    const location = await this.locator.locate(queryOf(identifier ?? undefined, demographics ?? undefined), { purpose, actor: actorOf(staff) });
    const { id, expiresAt } = await this.locator.saveLocation(location, staff.staffId);
    // One hospital may know two patients of one number or name: it is asked about one of them, and named once.
    const holders = new Map(location.pointers.map(({ holder, holderName }) => [holder, { did: holder, name: holderName }]));
    return { locationId: id, holders: [...holders.values()], incomplete: location.incomplete, incompleteReasons: location.reasons, expiresAt };
  }
}

function queryOf(identifier: Identifier | undefined, demographics: DemographicsInput | undefined): LocateQuery {
  const given = [identifier, demographics].filter((query) => query !== undefined);
  const [query] = given;
  if (query === undefined || given.length > 1) {
    throw new InputError([{ severity: 'error', code: 'required', expression: 'identifier', diagnostics: 'Either an identifier or demographics must be given.' }]);
  }
  return query;
}
