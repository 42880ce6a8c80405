import { Args, Mutation, Resolver } from '@nestjs/graphql';
import type { PurposeOfUse } from '@carecord/fhir';
import { Locator } from '@carecord/locator';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { actorOf } from '../../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { PurposeEnum } from '../common/enums.ts';
import { InputPipe } from '../common/input.ts';
import { identifierSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { IdentifierInput } from '../common/shared-inputs.ts';
import { PatientLocation } from './location-types.ts';

const LocateResult = resultUnion('LocateResult', PatientLocation);

@Resolver()
export class LocationResolver {
  constructor(private readonly locator: Locator) {}

  @Requires('patient.locate')
  @Mutation(() => LocateResult, { description: 'Finds out which other hospitals list a patient, without showing them or anybody the identifier.' })
  async locate(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('identifier', { type: () => IdentifierInput }, new InputPipe(identifierSchema)) identifier: IdentifierInput,
    @Args('purpose', { type: () => PurposeEnum }) purpose: PurposeOfUse,
  ): Promise<PatientLocation> {
    const location = await this.locator.locate(identifier, { purpose, actor: actorOf(staff) });
    const { id, expiresAt } = await this.locator.saveLocation(location, staff.staffId);
    const holders = location.pointers.map(({ holder, holderName }) => ({ did: holder, name: holderName }));
    return { locationId: id, holders, incomplete: location.incomplete, expiresAt };
  }
}
