import { Optional } from '@nestjs/common';
import { Args, Field, ID, Mutation, ObjectType, Resolver } from '@nestjs/graphql';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { NodeError } from '../../failures/node-error.ts';
import { ProviderAccounts } from '../../openid/provider-accounts.ts';
import { MAX_SUBJECT_LENGTH } from '../../openid/provider-claims.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { idSchema, textSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';

@ObjectType({ description: 'The person can sign in through the sign-in service of the hospital.' })
export class ProviderLinked {
  @Field(() => ID)
  staffId!: string;
}

const LinkStaffToProviderResult = resultUnion('LinkStaffToProviderResult', ProviderLinked);

@Resolver()
export class ProviderLinkResolver {
  /** @param accounts absent on a node without an OpenID provider */
  constructor(@Optional() private readonly accounts?: ProviderAccounts) {}

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => LinkStaffToProviderResult, {
    description: 'Lets the person with this subject (sub) at the OpenID provider sign in to an account, and ends its sessions. Needs a step-up.',
  })
  async linkStaffToProvider(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string,
    @Args('subject', { type: () => String }, new InputPipe(textSchema.min(1, { error: 'is empty' }).max(MAX_SUBJECT_LENGTH, { error: 'is too long' }))) subject: string,
  ): Promise<ProviderLinked> {
    if (this.accounts === undefined) throw new NodeError('NOT_FOUND', 'This node has no OpenID provider.');
    await this.accounts.link(staffId, subject, staff);
    return { staffId };
  }
}
