import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { PURPOSES_OF_USE } from '@carecord/fhir';
import { didSchema } from '@carecord/identity';
import { z } from 'zod';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { writeConsentId } from '../../consents/consent-id.ts';
import { PatientConsents as ConsentService } from '../../consents/patient-consents.ts';
import type { NamedConsent } from '../../consents/patient-consents.ts';
import { PatientReader } from '../../patients/patient-reader.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { idSchema, resourceTypesSchema, textSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { ConsentInput, PatientConsent, PatientConsents } from './consent-types.ts';

const ConsentResult = resultUnion('ConsentResult', PatientConsent);
const ConsentsResult = resultUnion('ConsentsResult', PatientConsents);

const consentInputSchema = z.object({
  patientId: idSchema,
  recipientDid: didSchema,
  recipientName: textSchema.trim().min(1, { error: 'is empty' }).max(200, { error: 'is too long' }),
  purposes: z.array(z.enum(PURPOSES_OF_USE)).min(1, { error: 'names no purpose' }).max(PURPOSES_OF_USE.length),
  resourceTypes: resourceTypesSchema,
  validFrom: z.date().nullish(),
  validUntil: z.date().nullish(),
  decision: z.enum(['permit', 'deny']).nullish(),
});
const consentIdSchema = z.string().max(200, { error: 'is too long' });

@Resolver()
export class ConsentResolver {
  constructor(
    private readonly consentService: ConsentService,
    private readonly reader: PatientReader,
  ) {}

  @Requires('consent.manage')
  @Mutation(() => ConsentResult, { description: 'Writes down, as a FHIR Consent, what a patient says about one other hospital.' })
  async giveConsent(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('consent', { type: () => ConsentInput }, new InputPipe(consentInputSchema)) consent: z.infer<typeof consentInputSchema>,
  ): Promise<PatientConsent> {
    const named = await this.consentService.give(
      {
        patientId: consent.patientId,
        recipient: { did: consent.recipientDid, name: consent.recipientName },
        purposes: consent.purposes,
        resourceTypes: consent.resourceTypes ?? undefined,
        validFrom: consent.validFrom ?? undefined,
        validUntil: consent.validUntil ?? undefined,
        decision: consent.decision ?? 'permit',
      },
      staff,
    );
    return shown(named);
  }

  @Requires('consent.manage')
  @Mutation(() => ConsentResult, { description: 'Takes a consent back. What was granted because of it ends at once.' })
  async withdrawConsent(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('consentId', { type: () => ID }, new InputPipe(consentIdSchema)) consentId: string,
  ): Promise<PatientConsent> {
    return shown(await this.consentService.withdraw(consentId, staff));
  }

  @Requires('consent.read')
  @Query(() => ConsentsResult, { description: 'The consents of a patient of this hospital.' })
  async consents(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('patientId', { type: () => ID }, new InputPipe(idSchema)) patientId: string,
  ): Promise<PatientConsents> {
    const consents = await this.reader.consents(patientId, staff);
    return { consents: consents.map((resource) => shown({ consentId: writeConsentId(patientId, resource.id ?? ''), patientId, resource })) };
  }
}

function shown({ consentId, patientId, resource }: NamedConsent): PatientConsent {
  return { consentId, patientId, status: String(resource['status']), resource };
}
