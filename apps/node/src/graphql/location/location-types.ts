import { Field, GraphQLISODateTime, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ADMINISTRATIVE_SEXES } from '@carecord/fhir';
import type { Demographics } from '@carecord/fhir';
import { INCOMPLETE_REASONS } from '@carecord/locator';
import type { IncompleteReason } from '@carecord/locator';
import { enumOf } from '../common/enums.ts';
import { Hospital } from '../node/hospital.ts';

export const AdministrativeSexEnum = enumOf(ADMINISTRATIVE_SEXES);
registerEnumType(AdministrativeSexEnum, { name: 'AdministrativeSex', description: 'HL7 AdministrativeGender. Patients of unknown sex are found by identifiers alone.' });

export const IncompleteReasonEnum = enumOf(INCOMPLETE_REASONS);
registerEnumType(IncompleteReasonEnum, {
  name: 'IncompleteReason',
  description: 'Guardians, or members that store pointers, did not answer; the keys of a hospital that lists the patient are not to be found; too many hospitals list it.',
});

@InputType({ description: 'Who a patient is without a number. Spelling, accents and case of the names do not matter, nor which of them is the family name.' })
export class DemographicsInput implements Demographics {
  @Field(() => String)
  family!: string;

  @Field(() => String, { description: 'The first given name.' })
  given!: string;

  @Field(() => String, { description: 'YYYY-MM-DD' })
  birthDate!: string;

  @Field(() => AdministrativeSexEnum)
  sex!: Demographics['sex'];
}

@ObjectType({ description: 'Where a patient has records, as far as this hospital may know.' })
export class PatientLocation {
  @Field(() => ID, { description: 'Names the result in an access request of the same staff member.' })
  locationId!: string;

  @Field(() => [Hospital], { description: 'Hospitals that list the patient. Another one can be asked by its DID.' })
  holders!: Hospital[];

  @Field(() => Boolean, { description: 'Whether something could not be asked: there may be more.' })
  incomplete!: boolean;

  @Field(() => [IncompleteReasonEnum], { description: 'Why it may be incomplete.' })
  incompleteReasons!: IncompleteReason[];

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;
}
