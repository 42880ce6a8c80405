import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { fromBase64Url, toBase64Url } from '@carecord/core';
import type { StoredPasskey } from '@carecord/storage';
import { CurrentStaff, CurrentToken } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { registrationResponseSchema } from '../../staff/passkey-response.ts';
import type { RegistrationResponse } from '../../staff/passkey-response.ts';
import { Passkeys } from '../../staff/passkeys.ts';
import { SecondFactors } from '../../staff/second-factors.ts';
import { StepUp } from '../../staff/step-up.ts';
import type { StepUpProof } from '../../staff/step-up.ts';
import { InputPipe } from '../common/input.ts';
import { resultUnion } from '../common/result-union.ts';
import { OwnAccountChanged, OwnPasskey, OwnSecondFactors, PasskeyRegistration, RecoveryCodes, TotpEnrolment } from './own-account-types.ts';
import { codeSchema, credentialSchema, labelSchema, newPasswordSchema, passkeyIdSchema, stepUpProofSchema } from './session-inputs.ts';
import { StepUpOptions, StepUpProofInput, SteppedUp } from './session-types.ts';
import { WebAuthnJson } from './web-authn-json.ts';

const StepUpOptionsResult = resultUnion('StepUpOptionsResult', StepUpOptions);
const StepUpResult = resultUnion('StepUpResult', SteppedUp);
const OwnSecondFactorsResult = resultUnion('OwnSecondFactorsResult', OwnSecondFactors);
const TotpEnrolmentResult = resultUnion('TotpEnrolmentResult', TotpEnrolment);
const RecoveryCodesResult = resultUnion('RecoveryCodesResult', RecoveryCodes);
const PasskeyRegistrationResult = resultUnion('PasskeyRegistrationResult', PasskeyRegistration);
const OwnPasskeyResult = resultUnion('OwnPasskeyResult', OwnPasskey);
const OwnAccountResult = resultUnion('OwnAccountResult', OwnAccountChanged);

/** What a person does with their own account. What begins a change needs a fresh proof; what only completes it does not. */
@Resolver()
export class OwnAccountResolver {
  constructor(
    private readonly stepUps: StepUp,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
  ) {}

  @Requires('session.own')
  @Mutation(() => StepUpOptionsResult, { description: 'Tells by what the person can prove once more who they are.' })
  async beginStepUp(@CurrentStaff() staff: StaffPrincipal): Promise<StepUpOptions> {
    const { methods, passkeyOptions } = await this.stepUps.begin(staff);
    return { methods: [...methods], passkeyOptions };
  }

  @Requires('session.own')
  @Mutation(() => StepUpResult, { description: 'Proves once more who the person is: operations that answer STEP_UP_REQUIRED are open to this session for five minutes.' })
  async stepUp(
    @CurrentToken() token: string,
    @CurrentStaff() staff: StaffPrincipal,
    @Args('proof', { type: () => StepUpProofInput }, new InputPipe(stepUpProofSchema)) proof: StepUpProof,
  ): Promise<SteppedUp> {
    return { until: await this.stepUps.prove(token, staff, proof) };
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => OwnAccountResult, { description: "Changes the person's own password, and ends their other sessions." })
  async changePassword(
    @CurrentToken() token: string,
    @CurrentStaff() staff: StaffPrincipal,
    @Args('present', { type: () => String }, new InputPipe(credentialSchema)) present: string,
    @Args('next', { type: () => String }, new InputPipe(newPasswordSchema)) next: string,
  ): Promise<OwnAccountChanged> {
    await this.stepUps.changePassword(token, staff, { present, next });
    return { done: true };
  }

  @Requires('session.own')
  @Query(() => OwnSecondFactorsResult, { description: 'The second factors of the person.' })
  async secondFactors(@CurrentStaff() staff: StaffPrincipal): Promise<OwnSecondFactors> {
    const { totpSince, passkeys, recoveryCodesLeft } = await this.factors.ofOwner(staff);
    return { totpSince: totpSince ?? null, passkeys: passkeys.map(shown), recoveryCodesLeft };
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => TotpEnrolmentResult, { description: 'Begins to set one-time codes up.' })
  async beginTotp(@CurrentStaff() staff: StaffPrincipal): Promise<TotpEnrolment> {
    return await this.factors.beginTotp(staff);
  }

  @Requires('session.own')
  @Mutation(() => RecoveryCodesResult, { description: 'Takes the one-time codes of beginTotp into use.' })
  async confirmTotp(@CurrentStaff() staff: StaffPrincipal, @Args('code', { type: () => String }, new InputPipe(codeSchema)) code: string): Promise<RecoveryCodes> {
    return { codes: await this.factors.confirmTotp(staff, code) };
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => OwnAccountResult, { description: 'Takes the one-time codes away.' })
  async removeTotp(@CurrentStaff() staff: StaffPrincipal): Promise<OwnAccountChanged> {
    await this.factors.removeTotp(staff);
    return { done: true };
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => RecoveryCodesResult, { description: 'Makes new recovery codes in the place of the old ones.' })
  async newRecoveryCodes(@CurrentStaff() staff: StaffPrincipal): Promise<RecoveryCodes> {
    return { codes: await this.factors.newRecoveryCodes(staff) };
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => PasskeyRegistrationResult, { description: 'Begins to register a passkey.' })
  async beginPasskeyRegistration(@CurrentStaff() staff: StaffPrincipal): Promise<PasskeyRegistration> {
    return { options: await this.passkeys.beginRegistration(staff) };
  }

  @Requires('session.own')
  @Mutation(() => OwnPasskeyResult, { description: 'Takes a passkey on, with the answer of navigator.credentials.create().' })
  async finishPasskeyRegistration(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('response', { type: () => WebAuthnJson }, new InputPipe(registrationResponseSchema)) response: RegistrationResponse,
    @Args('label', { type: () => String, description: 'What the person calls it, for example "Phone".' }, new InputPipe(labelSchema)) label: string,
  ): Promise<OwnPasskey> {
    return shown(await this.passkeys.finishRegistration(staff, response, label));
  }

  @Requires('session.own', { stepUp: true })
  @Mutation(() => OwnAccountResult, { description: 'Deletes a passkey of the person.' })
  async removePasskey(@CurrentStaff() staff: StaffPrincipal, @Args('passkeyId', { type: () => ID }, new InputPipe(passkeyIdSchema)) passkeyId: string): Promise<OwnAccountChanged> {
    await this.passkeys.remove(staff, fromBase64Url(passkeyId));
    return { done: true };
  }
}

function shown({ credentialId, label, createdAt, lastUsedAt }: StoredPasskey): OwnPasskey {
  return { id: toBase64Url(credentialId), label, createdAt, lastUsedAt: lastUsedAt ?? null };
}
